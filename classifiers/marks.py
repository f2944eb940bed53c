"""What the encoder says of each token, asked for the pieces of a text that may be its place.

The pieces come from ``classifiers.spans``, each with its chance; the encoder never names one by itself.
How much its word counts was learned on messages set aside (``classifiers.training.mixing``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.model.labels import Span

NONE, FIRST, FURTHER = range(3)
"""Of a token: no place, the first of a place, a further one."""
COUNT = 5
_LEAST = 1e-4

Found = list[tuple[Span, float]]


@dataclass(frozen=True, slots=True)
class Marks:
    """Of one text: tokens × ``NONE, FIRST, FURTHER`` as probabilities, and where each token begins and
    ends (exclusive) in the text; those that stand for no letters begin where they end."""

    sure: NDArray[np.float32]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]

    def clues(self, text: str, found: Found) -> NDArray[np.float64]:
        """Candidates × ``COUNT``: the log-odds that they came with, that of the encoder for the piece,
        whether its tokens are cut elsewhere, whether it lies beyond what was read, and the log-odds of
        any place at all."""
        spelt = self.ends > self.starts
        any_ = _logit(float(self.sure[spelt, FIRST].max(initial=0.0)))
        rows = [(_logit(chance), *self._of(text, span), any_) for span, chance in found]
        return np.array(rows, np.float64).reshape(len(rows), COUNT)

    def _of(self, text: str, span: Span) -> tuple[float, bool, bool]:
        inside = np.flatnonzero((self.ends > span.start) & (self.starts < span.end))
        if not len(inside) or self.ends[inside[-1]] < span.end:
            return 0.0, False, True
        first, last = int(inside[0]), int(inside[-1])
        chance = float(self.sure[first, FIRST] * self.sure[first + 1 : last + 1, FURTHER].prod())
        if last + 1 < len(self.sure) and self.ends[last + 1] > self.starts[last + 1]:
            chance *= 1 - float(self.sure[last + 1, FURTHER])
        begin = text[self.starts[first] : self.ends[first]]
        leading = len(begin) - len(begin.lstrip())
        cut = int(self.starts[first]) + leading != span.start or int(self.ends[last]) != span.end
        return _logit(chance), cut, False


def again(found: Found, clues: NDArray[np.float64], weights: NDArray[np.float64]) -> Found:
    """The candidates with their chances after the encoder's word, best first; ``weights`` are those of
    the clues, and a bias."""
    odds = (clues * weights[:-1]).sum(axis=1) + weights[-1]
    chances = 1 / (1 + np.exp(-odds))
    pairs = [(span, float(chance)) for (span, _), chance in zip(found, chances, strict=True)]
    return sorted(pairs, key=lambda pair: -pair[1])


def doubtful(found: Found, doubt: Sequence[float]) -> bool:
    """Whether the encoder is worth asking: the best candidate's chance lies between the two."""
    return bool(found) and doubt[0] <= found[0][1] <= doubt[1]


def _logit(chance: float) -> float:
    bounded = min(max(chance, _LEAST), 1 - _LEAST)
    return float(np.log(bounded / (1 - bounded)))
