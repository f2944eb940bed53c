"""Weights as they are stored: int8 a class, and a name made from all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def quantised(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """int8 weights and one scale a class; a class without any weight has scale 0."""
    scales = (np.abs(weights).max(axis=0) / 127).astype(np.float32)
    steps = np.where(scales > 0, scales, np.float32(1))
    return np.rint(weights / steps).astype(np.int8), scales


def name_of(arrays: Mapping[str, Any], places: Mapping[str, Any]) -> str:
    """The version's name: ten hexadecimal digits that change with any of the arrays, those of the place
    weights beside them included; the encoder's digest is among the former."""
    own = [np.asarray(value).tobytes() for key, value in arrays.items() if key != "model"]
    parts = own + [np.asarray(value).tobytes() for value in places.values()]
    kind = "pair" if "encoder" in arrays else "linear"
    return f"{kind}-{hashlib.sha256(b''.join(parts)).hexdigest()[:10]}"
