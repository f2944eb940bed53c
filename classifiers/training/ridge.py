"""Ridge regression on 0/1 targets, one per class (regularised least squares, Rifkin et al. 2003).

As right as a linear SVM on these texts, and solved in the dual on the texts' inner products by
conjugate gradients (Hestenes and Stiefel 1952), every class at once: the products stay as they are,
while a Cholesky factor of 59,000 texts would take 14 GB beside theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

CLOSE = 1e-6
"""What is left of a residual at the end, beside the targets."""
MOST_STEPS = 1_000
MOST_TOLD = 2_000
"""Texts whose products stand for all: more cost as much as they save."""
SLACK = 1e-6
"""Of the mean on the diagonal: two texts that say the same would leave nothing to divide by."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kinds:
    """Pieces of the texts, each of one kind, the kind that will be asked about first.

    Two of a kind have ``own`` times more in common than their features say, so that each kind learns
    mostly what all kinds say and some of what is its own (Daumé III 2007, in the kernel); and each has
    its own mean."""

    pieces: Sequence[slice]
    own: float

    @classmethod
    def of(cls, names: Sequence[str], own: float) -> Kinds:
        """Raises ValueError where a kind is not all of a piece."""
        starts = [n for n, name in enumerate(names) if not n or name != names[n - 1]]
        if len({names[start] for start in starts}) < len(starts):
            raise ValueError("texts of a kind must follow one another")
        ends = [*starts[1:], len(names)]
        return cls([slice(*pair) for pair in zip(starts, ends, strict=True)], own)


@dataclass(frozen=True, slots=True)
class Fit:
    """Scores are ``kernel(new, rows) @ dual + mean``; with ``Kinds``, for new texts of the first, its
    rows count ``own`` times more."""

    rows: NDArray[np.intp]
    dual: Floats
    mean: Floats
    first: NDArray[np.bool_]
    own: float

    def weights(self, x: sp.csr_matrix | Floats) -> Floats:
        """Features × classes, from the features of all texts."""
        counted = (1 + self.own * self.first[:, None]).astype(np.float32)
        found: Floats = x[self.rows].T @ (self.dual * counted)
        return found


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
    kinds: Kinds | None = None,
) -> Fit:
    """Least squares over ``rows``, each counting as ``weights`` says. Not ``centred``: without a
    constant for each class, so that what shares no feature with any row is left as it was."""
    share = weights[rows]
    kinds = kinds or Kinds([slice(0, len(kernel))], 0.0)
    means = np.zeros((len(rows), wanted.shape[1]), np.float32)
    for piece in kinds.pieces if centred else ():
        inside = (rows >= piece.start) & (rows < piece.stop)
        if inside.any():
            part = share[inside, None]
            means[inside] = (wanted[rows[inside]] * part).sum(axis=0) / part.sum()
    first = rows < kinds.pieces[0].stop
    mean = means[first][0] if first.any() else means[0]
    dual = _solved(kernel, rows, (penalty / share)[:, None], wanted[rows] - means, close, kinds)
    return Fit(rows, dual.astype(np.float32), mean, first, kinds.own)


def _solved(
    kernel: Floats,
    rows: NDArray[np.intp],
    ridge: Floats,
    wanted: Floats,
    close: float,
    kinds: Kinds,
) -> Floats:
    """``x`` such that (kernel among the rows, plus the ridge on its diagonal) times ``x`` is wanted.

    Raises ValueError where that is not found: too small a ridge."""
    room = np.zeros((len(kernel), wanted.shape[1]), np.float32)

    def times(x: Floats) -> Floats:
        room[rows] = x
        product = kernel @ room
        for piece in kinds.pieces if kinds.own else ():
            product[piece] += np.float32(kinds.own) * (kernel[piece, piece] @ room[piece])
        found: Floats = product[rows] + ridge * x
        return found

    nearly = _nearly_solved(kernel, rows, ridge, kinds)
    found, left = np.zeros_like(wanted), wanted.copy()
    ahead = nearly(left)
    way, energy = ahead.copy(), _inner(left, ahead)
    enough = close**2 * np.maximum(_inner(wanted, wanted), 1e-12)
    for _ in range(MOST_STEPS):
        product = times(way)
        step = energy / np.maximum(_inner(way, product), 1e-30)
        found += step * way
        left -= step * product
        if (_inner(left, left) <= enough).all():
            return found
        ahead = nearly(left)
        energy, before = _inner(left, ahead), energy
        way *= energy / np.maximum(before, 1e-30)
        way += ahead
    raise ValueError("the products of the texts are too much alike for so small a penalty")


def _nearly_solved(
    kernel: Floats, rows: NDArray[np.intp], ridge: Floats, kinds: Kinds
) -> Callable[[Floats], Floats]:
    """What solves the system as if the products with some texts told those of all: a third of the
    steps. The ridge plus a Nyström approximation (Williams and Seeger 2001), inverted by Woodbury."""
    some = np.linspace(0, len(rows) - 1, min(len(rows), MOST_TOLD)).astype(np.intp)
    told = kernel[np.ix_(rows, rows[some])]
    for piece in kinds.pieces if kinds.own else ():
        of, to = ((n >= piece.start) & (n < piece.stop) for n in (rows, rows[some]))
        told[np.ix_(of, to)] *= np.float32(1 + kinds.own)
    among = told[some] + told.T @ (told / ridge)
    factor = _factor(among.astype(np.float64))

    def nearly(left: Floats) -> Floats:
        each = left / ridge
        shared: Floats = cho_solve(factor, told.T @ each).astype(np.float32)
        found: Floats = each - told @ shared / ridge
        return found

    return nearly


def _factor(among: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Cholesky's, with as much more on the diagonal as what was rounded asks for."""
    slack = SLACK * np.trace(among) / len(among) * np.eye(len(among))
    while True:
        try:
            found: tuple[NDArray[np.float64], bool] = cho_factor(among + slack, lower=True)
            return found
        except np.linalg.LinAlgError:
            slack *= 10


def _inner(a: Floats, b: Floats) -> Floats:
    """By column."""
    found: Floats = np.einsum("ij,ij->j", a, b)
    return found
