"""How much the encoder's opinion counts beside the linear models', and when it is asked at all.

Chosen on the messages set aside, which none of them had seen: for each head the share under which the
truth is likeliest, and for the place the weights of its word, and between which chances it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifiers.encoder import Opinions
from classifiers.marks import COUNT, Found, again, doubtful
from classifiers.second import Mix, mixed
from classifiers.spans import Places
from classifiers.training.calibration import calibrate, surprise

SHARES = np.linspace(0.0, 0.9, 10)
ASK_BELOW = 0.45
"""How certain the linear model must be of all its labels for the encoder not to be asked: it is then
asked about two texts of five, and two old cores label some 200 long ones a second."""

LOWS, HIGHS = (0.02, 0.05, 0.1, 0.15, 0.2), (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
PLACE_LOSS_ALLOWED = 0.01
"""Of F1 in the place, for not asking."""
PLACE_PENALTY = 1.0

Floats = NDArray[np.float32]


def mix(linear: Floats, encoder: Floats, truth: NDArray[np.intp]) -> Mix:
    """The share, by likelihood after calibration; texts × classes both."""

    def fitted(share: float) -> tuple[float, Mix]:
        scores = mixed(linear, encoder, share)
        found = calibrate(scores, truth)
        return surprise(scores, truth, *found), Mix(share, found)

    return min((fitted(float(share)) for share in SHARES), key=lambda pair: pair[0])[1]


@dataclass(frozen=True, slots=True)
class Said:
    """Of messages whose place is known: the candidates as the linear model ranks them, and as they
    stand after the encoder's word, which counts as ``weights`` say."""

    wanted: Sequence[str]
    alone: Sequence[Found]
    together: Sequence[Found]
    weights: NDArray[np.float64]


def places(
    texts: Sequence[str], wanted: Sequence[str | None], where: Places, opinions: Opinions
) -> Said:
    """Logistic regression on what the encoder says of each candidate; no word of it counts where there
    is nothing to learn from. ``wanted``: None where nobody said whether there is a place."""
    known = [
        (text, place, marks)
        for text, place, marks in zip(texts, wanted, opinions.marks, strict=True)
        if place is not None
    ]
    alone = where.ranked_each([text for text, _, _ in known])
    seen = [marks.clues(text, found) for (text, _, marks), found in zip(known, alone, strict=True)]
    right = [
        span.text == place
        for (_, place, _), found in zip(known, alone, strict=True)
        for span, _ in found
    ]
    weights = np.array([1.0, *[0.0] * COUNT])
    if any(right) and not all(right):
        every = np.concatenate(seen)
        spread = every.std(axis=0)
        spread[spread < 1e-6] = 1.0  # what is the same everywhere tells nothing, and must not count
        model = LogisticRegression(C=PLACE_PENALTY, max_iter=500).fit(every / spread, right)
        weights = np.append(model.coef_[0] / spread, model.intercept_[0])
    together = [again(found, clues, weights) for found, clues in zip(alone, seen, strict=True)]
    return Said([place for _, place, _ in known], alone, together, weights)


def doubt(said: Said, sure: float) -> tuple[float, float]:
    """Between which chances of the linear model's best candidate the encoder is asked: as seldom as it
    can be without the place being found less often. ``sure``: from which chance on it is named."""
    best = _f1(said.together, said.wanted, sure)
    found = []
    for low, high in product(LOWS, HIGHS):
        asked = [doubtful(first, (low, high)) for first in said.alone]
        ranked = [
            second if ask else first
            for ask, first, second in zip(asked, said.alone, said.together, strict=True)
        ]
        if _f1(ranked, said.wanted, sure) >= best - PLACE_LOSS_ALLOWED:
            found.append((sum(asked), (low, high)))
    return min(found, default=(0, (0.0, 1.0)))[1]


def _f1(ranked: Sequence[Found], wanted: Sequence[str], sure: float) -> float:
    named = [found[0][0].text if found and found[0][1] >= sure else "" for found in ranked]
    hits = sum(a == b != "" for a, b in zip(named, wanted, strict=True))
    return 2 * hits / max(sum(map(bool, named)) + sum(map(bool, wanted)), 1)


def told(found: Mapping[str, Mix], doubt: tuple[float, float]) -> dict[str, Any]:
    """For the report card."""
    return {f"share_of_{head}": round(mix.share, 2) for head, mix in found.items()} | {
        "asked_of_places": list(doubt)
    }
