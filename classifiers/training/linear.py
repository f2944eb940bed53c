"""The linear model: ridge regression on the lessons' features, all heads on one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from classifiers.training import ridge, vectors
from classifiers.training.lessons import CODES, Lesson
from classifiers.training.weights import quantised

PENALTY = 0.4
"""Chosen by cross-validation among the messages to learn from."""
OWN = {"service": 0.0, "intent": 0.5, "urgency": 0.5}
"""How much of a head each kind of lesson has to itself (``ridge.Kinds``). How urgent a wish is, and
whether it is a request or an idea, the readers of the labelled messages and of the others say a little
differently: of 2,143 unseen ones 0.835 of the urgencies are right instead of 0.815, of 3,166 0.841 of
the intents instead of 0.839. With as much for the services 0.01 less of them are right."""
CLOSE = 5e-4
"""As exact as int8 weights can tell, in half the steps."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Linear:
    """int8 weights (buckets × classes), scales and biases of all heads, one behind the other."""

    weights: NDArray[np.int8]
    scales: Floats
    bias: Floats

    def scores(self, x: sp.csr_matrix) -> Floats:
        """Texts × classes of all heads."""
        found: Floats = (x @ self.weights.astype(np.float32)) * self.scales + self.bias
        return found


@dataclass(frozen=True, slots=True)
class Field:
    """The lessons as features, and their inner products."""

    lessons: Sequence[Lesson]
    idf: Floats
    x: sp.csr_matrix
    kernel: Floats


def field(lessons: Sequence[Lesson]) -> Field:
    """Count, weigh and multiply; for 59,000 lessons the products take 14 GB."""
    counted = vectors.counted([lesson.text for lesson in lessons])
    idf = vectors.inverse_document_frequency(counted)
    x = vectors.matrix(counted, idf)
    return Field(lessons, idf, x, vectors.kernel(x))


def classes(lessons: Sequence[Lesson]) -> dict[str, tuple[str, ...]]:
    """For each head the codes that occur, in the scheme's order."""
    return {
        head: tuple(code for code in codes if any(le.labels.get(head) == code for le in lessons))
        for head, codes in CODES.items()
    }


def fit(known: Field, heads: dict[str, tuple[str, ...]], *, without_aside: bool) -> Linear:
    """Each head on all lessons that tell it."""
    names = [lesson.kind for lesson in known.lessons]
    weights = np.array([lesson.weight for lesson in known.lessons], np.float32)
    parts = []
    for head, codes in heads.items():
        rows = _rows(known.lessons, head, without_aside)
        wanted, kinds = _targets(known.lessons, head, codes), ridge.Kinds.of(names, OWN[head])
        found = ridge.fit(known.kernel, wanted, weights, rows, PENALTY, close=CLOSE, kinds=kinds)
        steps, scales = quantised(found.weights(known.x))
        parts.append((steps, scales, found.mean))
    return Linear(*(np.concatenate(part, axis=-1) for part in zip(*parts, strict=True)))


def _rows(lessons: Sequence[Lesson], head: str, without_aside: bool) -> NDArray[np.intp]:
    return np.array(
        [
            number
            for number, lesson in enumerate(lessons)
            if head in lesson.labels and not (without_aside and lesson.aside)
        ],
        np.intp,
    )


def _targets(lessons: Sequence[Lesson], head: str, codes: Sequence[str]) -> Floats:
    labels = np.array([lesson.labels.get(head, "") for lesson in lessons])
    return ridge.targets(labels, np.array(codes))


def arrays(known: Field, heads: dict[str, tuple[str, ...]], linear: Linear) -> dict[str, Any]:
    """For the weights file."""
    return {
        "bits": vectors.BITS,
        "idf": known.idf.astype(np.float16),
        "weights": linear.weights,
        "scales": linear.scales,
        "bias": linear.bias,
    } | {f"{head}_classes": np.array(codes, "U32") for head, codes in heads.items()}
