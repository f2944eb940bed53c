"""Learns which piece of a text says where: ``classifiers.spans`` says what is scored.

Maximum likelihood of the labelled piece (any of its occurrences) among all pieces of its text and "no
place", by AdaGrad (Duchi et al. 2011) over small batches, its later epochs averaged. At every step a
part of the features is left out, so that the words of a place and what stands around it learn to do
without one another: the places to come have other names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifiers.clues import COUNT, clues
from classifiers.spans import BITS, FORMAT, Places, Reading, pieces
from classifiers.training.corpus import fold

EPOCHS, BATCH = 6, 64
RATE, PENALTY, LEFT_OUT = 0.03, 1e-4, 0.4
FIRST_BIAS = -4.0
SURE = 0.2
"""A best piece is named from this probability on: chosen, as all of the above, by cross-validation."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One text: its buckets, its pieces, and which of them are the labelled place."""

    beginning: NDArray[np.int32]
    joint: NDArray[np.int32]
    ending: NDArray[np.int32]
    pair: NDArray[np.int32]
    word: NDArray[np.intp]
    end: NDArray[np.intp]
    last: NDArray[np.intp]
    right: NDArray[np.bool_]


def lesson(text: str, place: str) -> Lesson | None:
    """None for a text without words, and where the labelled place is no piece that is scored."""
    reading = Reading([text])
    words = reading.words()
    if not len(words.starts):
        return None
    ends = reading.ends()
    found = pieces(words, ends, np.arange(len(words.starts)))
    right = np.zeros(len(found.word), np.bool_)
    at = text.find(place) if place else -1
    while at >= 0:
        right |= (words.starts[found.word] == at) & (ends.at[found.end] == at + len(place))
        at = text.find(place, at + 1)
    if place and not right.any():
        return None
    return Lesson(
        words.beginning.astype(np.int32), words.joint.astype(np.int32),
        ends.buckets.astype(np.int32), found.buckets.astype(np.int32),
        found.word, found.end, ends.word[found.end], right,
    )  # fmt: skip


class Batch:
    """Several lessons one after the other."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        words = np.cumsum([0, *(one.beginning.shape[1] for one in lessons)])
        ends = np.cumsum([0, *(one.ending.shape[1] for one in lessons)])
        self.sizes = np.array([len(one.word) for one in lessons])
        self.offsets = np.cumsum(self.sizes) - self.sizes
        self.beginning = np.concatenate([one.beginning for one in lessons], axis=1)
        self.joint = np.concatenate([one.joint for one in lessons], axis=1)
        self.ending = np.concatenate([one.ending for one in lessons], axis=1)
        self.pair = np.concatenate([one.pair for one in lessons], axis=1)
        self.word = np.concatenate([o.word + at for o, at in zip(lessons, words, strict=False)])
        self.last = np.concatenate([o.last + at for o, at in zip(lessons, words, strict=False)])
        self.end = np.concatenate([o.end + at for o, at in zip(lessons, ends, strict=False)])
        self.right = np.concatenate([one.right for one in lessons])

    def slope(self, weights: Floats, bias: float) -> tuple[Floats, float]:
        """Minus the log-likelihood: its slope in each piece's score, and itself."""
        joints = np.cumsum(weights[self.joint].sum(axis=0))
        scores = weights[self.beginning].sum(axis=0)[self.word] + bias
        scores += weights[self.ending].sum(axis=0)[self.end] + weights[self.pair].sum(axis=0)
        scores += joints[self.last] - joints[self.word]
        highest = np.maximum(np.maximum.reduceat(scores, self.offsets), 0)
        odds = np.exp(scores - np.repeat(highest, self.sizes))
        all_odds = np.add.reduceat(odds, self.offsets) + np.exp(-highest)
        right = np.where(self.right, odds, 0)
        right_odds = np.add.reduceat(right, self.offsets)
        nowhere = right_odds == 0
        loss = np.log(all_odds) - np.where(nowhere, -highest, np.log(right_odds + nowhere))
        right_odds[nowhere] = 1
        slope: Floats = odds / np.repeat(all_odds, self.sizes)
        slope -= right / np.repeat(right_odds, self.sizes)
        return slope, float(loss.sum())

    def gradient(self, slope: Floats) -> Floats:
        """The slope in each weight."""
        words = self.joint.shape[1]
        joints = np.bincount(self.word + 1, slope, words + 1)
        joints -= np.bincount(self.last + 1, slope, words + 1)
        total = np.zeros(2**BITS)
        for buckets, each in (
            (self.beginning, np.bincount(self.word, slope, words)),
            (self.ending, np.bincount(self.end, slope, self.ending.shape[1])),
            (self.joint, np.cumsum(joints)[:words]),
            (self.pair, slope),
        ):
            felt = np.abs(each) > 1e-5
            flat = buckets[:, felt].ravel()
            total += np.bincount(flat, np.tile(each[felt], len(buckets)), 2**BITS)
        return total


def fit(lessons: Sequence[Lesson], epochs: int = EPOCHS) -> tuple[Floats, float]:
    """(weights, bias); the same for the same lessons."""
    random = np.random.default_rng(0)
    weights, squares = np.zeros(2**BITS), np.full(2**BITS, 1e-2)
    bias, bias_squares = FIRST_BIAS, 1e-2
    averaged = np.zeros(2**BITS)
    for epoch in range(epochs):
        order = random.permutation(len(lessons))
        for start in range(0, len(order), BATCH):
            batch = Batch([lessons[n] for n in order[start : start + BATCH]])
            kept = (random.random(2**BITS) >= LEFT_OUT) / (1 - LEFT_OUT)
            slope, _ = batch.slope(weights * kept, bias)
            gradient = batch.gradient(slope) * kept
            felt = np.flatnonzero(gradient)
            step = gradient[felt] + PENALTY * weights[felt] * len(batch.sizes)
            squares[felt] += step * step
            weights[felt] -= RATE * step / np.sqrt(squares[felt])
            bias_squares += slope.sum() ** 2
            bias -= RATE * slope.sum() / np.sqrt(bias_squares)
        if epoch >= epochs // 2:
            averaged += weights / (epochs - epochs // 2)
    return averaged, float(bias)


def quantised(weights: Floats, bias: float) -> Places:
    """As they are shipped: int8 and one scale; the second look changes nothing yet."""
    scale = float(np.abs(weights).max()) / 127 or 1.0
    return Places(np.rint(weights / scale).astype(np.int8), scale, bias, np.zeros(COUNT + 1), SURE)


def train(messages: Sequence[tuple[str, str]]) -> Places:
    """From (text, its place or "")."""
    lessons = [lesson(text, place) for text, place in messages]
    halves = [fold(text) % 2 for text, _ in messages]
    seen: list[Floats] = []
    right: list[bool] = []
    for half in (0, 1):
        others = [one for one, at in zip(lessons, halves, strict=True) if one and at != half]
        model = quantised(*fit(others))
        for (text, place), at in zip(messages, halves, strict=True):
            if at == half and (found := model.candidates([text])[0]):
                seen.append(clues(text, found))
                right += [span.text == place for span, _ in found]
    model = quantised(*fit([one for one in lessons if one]))
    return replace(model, second=_second(np.concatenate(seen), np.array(right)))


def _second(seen: Floats, right: NDArray[np.bool_]) -> Floats:
    """The weights of the clues and the bias: logistic regression on what models found in texts that
    they had not seen."""
    if right.all() or not right.any():
        return np.append(np.zeros(COUNT), -9.0 if not right.any() else 9.0)
    middle, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.3, max_iter=500).fit((seen - middle) / spread, right)
    weights = model.coef_[0] / spread
    return np.append(weights, model.intercept_[0] - weights @ middle)


def arrays(places: Places) -> dict[str, Any]:
    """For the weights file, what ``classifiers.spans.load`` reads."""
    constants = np.array([places.scale, places.bias, places.sure])
    return {
        "format": FORMAT,
        "weights": places.weights,
        "constants": constants,
        "second": places.second,
    }
