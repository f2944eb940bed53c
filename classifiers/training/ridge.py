"""Ridge regression on 0/1 targets, one per class (regularised least squares, Rifkin et al. 2003).

As right as a linear SVM on these texts, and solved exactly: in the dual, one Cholesky factor of the
texts' inner products serves every class and every head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

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
) -> Fit:
    """Least squares over ``rows``, each counting as ``weights`` says. Not ``centred``: without a
    constant for each class, so that what shares no feature with any row is left as it was."""
    share = weights[rows]
    mean = (wanted[rows] * share[:, None]).sum(axis=0) / share.sum() * np.float32(centred)
    system = kernel[np.ix_(rows, rows)]
    system[np.diag_indices(len(rows))] += penalty / share
    factor = scipy.linalg.cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
    dual = scipy.linalg.cho_solve(factor, wanted[rows] - mean, check_finite=False)
    return Fit(rows, dual.astype(np.float32), mean.astype(np.float32))
