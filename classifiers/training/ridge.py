"""Ridge regression on 0/1 targets, one per class (regularised least squares, Rifkin et al. 2003).

As right as a linear SVM on these texts, and solved in the dual on the texts' inner products by
conjugate gradients (Hestenes and Stiefel 1952), every class at once: the products stay as they are,
while a Cholesky factor of 48,000 texts would take 9 GB beside theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLOSE = 1e-6
"""What is left of a residual at the end, beside the targets."""
MOST_STEPS = 1_000

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fit:
    """Scores are ``kernel(new, rows) @ dual + mean``."""

    rows: NDArray[np.intp]
    dual: Floats
    mean: Floats


def targets(labels: NDArray[np.str_], classes: NDArray[np.str_]) -> Floats:
    """1 for a row's class, 0 for every other."""
    found: Floats = (labels[:, None] == classes).astype(np.float32)
    return found


def fit(
    kernel: Floats,
    wanted: Floats,
    weights: Floats,
    rows: NDArray[np.intp],
    penalty: float,
    *,
    centred: bool = True,
    close: float = CLOSE,
) -> Fit:
    """Least squares over ``rows``, each counting as ``weights`` says. Not ``centred``: without a
    constant for each class, so that what shares no feature with any row is left as it was."""
    share = weights[rows]
    mean = (wanted[rows] * share[:, None]).sum(axis=0) / share.sum() * np.float32(centred)
    dual = _solved(kernel, rows, (penalty / share)[:, None], wanted[rows] - mean, close)
    return Fit(rows, dual.astype(np.float32), mean.astype(np.float32))


def _solved(
    kernel: Floats, rows: NDArray[np.intp], ridge: Floats, wanted: Floats, close: float
) -> Floats:
    """``x`` such that (kernel among the rows, plus the ridge on its diagonal) times ``x`` is wanted.

    Raises ValueError where that is not found: too small a ridge."""
    room = np.zeros((len(kernel), wanted.shape[1]), np.float32)

    def times(x: Floats) -> Floats:
        room[rows] = x
        found: Floats = (kernel @ room)[rows] + ridge * x
        return found

    scale = kernel[rows, rows][:, None] + ridge
    found, left = np.zeros_like(wanted), wanted.copy()
    ahead = left / scale
    way, energy = ahead.copy(), _inner(left, ahead)
    enough = close**2 * np.maximum(_inner(wanted, wanted), 1e-12)
    for _ in range(MOST_STEPS):
        product = times(way)
        step = energy / np.maximum(_inner(way, product), 1e-30)
        found += step * way
        left -= step * product
        if (_inner(left, left) <= enough).all():
            return found
        ahead = left / scale
        energy, before = _inner(left, ahead), energy
        way = ahead + energy / np.maximum(before, 1e-30) * way
    raise ValueError("the products of the texts are too much alike for so small a penalty")


def _inner(a: Floats, b: Floats) -> Floats:
    """By column."""
    found: Floats = np.einsum("ij,ij->j", a, b)
    return found
