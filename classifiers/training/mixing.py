"""How much the encoder's opinion counts beside the linear model's, and when it is asked at all.

Chosen on the messages set aside, which neither had seen: for each head the share under which the truth
is likeliest, and for the whole how sure the linear model must be for the encoder not to be asked.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from classifiers.second import Mix, mixed
from classifiers.training.calibration import calibrate, surprise

SHARES = np.linspace(0.0, 0.9, 10)
SURE = np.linspace(0.3, 1.0, 15)
LOSS_ALLOWED = 0.005
"""Of a head's accuracy, for not asking the encoder: less than readers' own doubt."""

Floats = NDArray[np.float32]


def mix(linear: Floats, encoder: Floats, truth: NDArray[np.intp]) -> Mix:
    """The share, by likelihood after calibration; texts × classes both."""

    def fitted(share: float) -> tuple[float, Mix]:
        scores = mixed(linear, encoder, share)
        found = calibrate(scores, truth)
        return surprise(scores, truth, *found), Mix(share, found)

    return min((fitted(float(share)) for share in SHARES), key=lambda pair: pair[0])[1]


def ask_below(
    alone: Mapping[str, Floats],
    together: Mapping[str, Floats],
    truth: Mapping[str, NDArray[np.intp]],
) -> float:
    """The least confidence of the linear model in the service from which on the encoder is not asked:
    every head is then right about as often as if it were always asked. By head, both are probabilities,
    texts × classes."""
    sure = alone["service"].max(axis=1)
    guesses = {head: (alone[head].argmax(axis=1), together[head].argmax(axis=1)) for head in alone}
    for bound in SURE:
        lost = [
            (both == truth[head]).mean()
            - (np.where(sure >= bound, first, both) == truth[head]).mean()
            for head, (first, both) in guesses.items()
        ]
        if max(lost) <= LOSS_ALLOWED:
            return float(bound)
    return 1.01


def told(found: Mapping[str, Mix], below: float) -> dict[str, float]:
    """For the report card."""
    return {f"share_of_{head}": round(mix.share, 2) for head, mix in found.items()} | {
        "asked_below": round(below, 3)
    }
