"""The encoder's second opinion, where the linear model is not sure of the service.

The linear model answers most texts in a millisecond; the encoder takes twenty times as long. So it is
asked only below a confidence that was chosen on messages set aside, and its probabilities are mixed
with the linear scores in shares chosen there (``classifiers.training.mixing``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.encoder import GRAPH, SHEET, TOKENIZER, Encoder

KEPT = 2
"""Encoders in memory: a version made from corrections has its parent's, and shares it."""

Floats = NDArray[np.float32]

_loaded: dict[str, Encoder] = {}


@dataclass(frozen=True, slots=True)
class Mix:
    """Of one head: the encoder's share, and (sharpness, floor) of the mixed scores."""

    share: float
    calibration: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Second:
    """The encoder, how each head mixes it in, and from which confidence on it is not asked.

    ``columns``: for each head, which of the encoder's classes each of the linear model's is.
    """

    encoder: Encoder
    mixes: Mapping[str, Mix]
    columns: Mapping[str, NDArray[np.intp]]
    ask_below: float

    def opinions(self, texts: Sequence[str]) -> dict[str, Floats]:
        """For each head texts × classes, in the linear model's order."""
        found = self.encoder.probabilities(texts)
        return {head: found[head][:, columns] for head, columns in self.columns.items()}


def mixed(linear: Floats, encoder: Floats, share: float) -> Floats:
    """Both are guesses at a probability, classes last."""
    return (1 - np.float32(share)) * linear + np.float32(share) * encoder


def digest(folder: Path) -> str:
    """Ten hexadecimal digits that change with the graph."""
    return hashlib.sha256((folder / GRAPH).read_bytes()).hexdigest()[:10]


def _encoder(folder: Path) -> Encoder:
    """The folder's encoder, the one in memory if that was of the same files."""
    content = b"".join((folder / name).read_bytes() for name in (GRAPH, TOKENIZER, SHEET))
    key = hashlib.sha256(content).hexdigest()
    if key not in _loaded:
        encoder = Encoder(folder)
        while len(_loaded) >= KEPT:
            _loaded.pop(next(iter(_loaded)), None)
        _loaded[key] = encoder
    return _loaded[key]


def arrays(mixes: Mapping[str, Mix], ask_below: float, folder: Path) -> dict[str, Any]:
    """For the weights file that the folder's graph is mixed into."""
    found: dict[str, Any] = {"encoder": digest(folder), "ask_below": ask_below}
    for head, mix in mixes.items():
        found[f"{head}_mix"] = np.array([mix.share, *mix.calibration])
    return found


def read(stored: Mapping[str, Any], folder: Path) -> Second | None:
    """The second opinion that the weights name, if its graph lies beside them.

    Raises OSError or ValueError for files that are broken, or of another version."""
    if "encoder" not in stored or not (folder / GRAPH).exists():
        return None
    if digest(folder) != str(stored["encoder"]):
        raise ValueError(f"{GRAPH} belongs to other weights")
    encoder = _encoder(folder)
    mixes, columns = {}, {}
    for head, classes in encoder.sheet.heads.items():
        if f"{head}_mix" not in stored:
            continue
        share, sharpness, floor = (float(value) for value in stored[f"{head}_mix"])
        mixes[head] = Mix(share, (sharpness, floor))
        codes = [str(code) for code in stored[f"{head}_classes"]]
        if not set(codes) <= set(classes):
            raise ValueError(f"the encoder lacks classes of {head}")
        columns[head] = np.array([classes.index(code) for code in codes])
    return Second(encoder, mixes, columns, float(stored["ask_below"]))
