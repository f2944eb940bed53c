"""Confidence that means something: fitted to scores of messages that their model had not seen."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from classifiers.model import probabilities

SHARPNESS = np.geomspace(0.7, 10, 25)
FLOOR = np.geomspace(0.004, 0.4, 13)


def calibrate(scores: NDArray[np.float32], truth: NDArray[np.intp]) -> tuple[float, float]:
    """The (sharpness, floor) under which the truth is likeliest, by search over a grid."""
    pairs = [(float(sharpness), float(floor)) for sharpness, floor in product(SHARPNESS, FLOOR)]
    return min(pairs, key=lambda pair: surprise(scores, truth, *pair))


def surprise(
    scores: NDArray[np.float32], truth: NDArray[np.intp], sharpness: float, floor: float
) -> float:
    """The mean negative logarithm of the truth's probability."""
    sure = probabilities(scores, sharpness, floor)[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(sure, 1e-12)).mean())
