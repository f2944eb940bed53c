"""A second look at the likeliest places of a text: what only all of them together can tell.

The score of a piece (``classifiers.spans``) is of itself alone. Whether the text names it again, or
whether a longer piece holds it that is nearly as likely, is seen when they lie side by side.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hub.model.labels import Span

LOOKED_AT = 10
"""Candidates, the likeliest first."""
COUNT = 12
_LEAST, _LEAST_OTHER = 1e-6, 1e-4
_HANGUL = re.compile("[가-힣]")


def clues(text: str, candidates: Sequence[tuple[Span, float]]) -> NDArray[np.float64]:
    """Candidates (with their probabilities) × ``COUNT`` clues."""
    lowered = text.lower()
    ends = [at for sign in ".!?\n" if (at := text.find(sign)) >= 0]
    title = min(ends, default=len(text))
    none = math.log(max(_LEAST, 1 - sum(likely for _, likely in candidates)))
    said = [span.text for span, _ in candidates]
    rows = []
    for span, _ in candidates:
        own = span.text
        times = lowered.count(own.lower())
        same = longer = shorter = 0.0
        for other, (_, likely) in zip(said, candidates, strict=True):
            if len(other) > len(own):
                if own in other:
                    longer = max(longer, likely)
            elif len(other) < len(own):
                if other in own:
                    shorter = max(shorter, likely)
            elif other == own:
                same += likely
        rows.append(
            (
                math.log(same + _LEAST), none,
                math.log(longer + _LEAST_OTHER), math.log(shorter + _LEAST_OTHER),
                longer > 0, shorter > 0, times >= 2, times >= 3,
                math.log(len(own)), span.start < title, span.start == 0,
                _HANGUL.search(own) is not None,
            )
        )  # fmt: skip
    return np.array(rows, np.float64).reshape(len(rows), COUNT)
