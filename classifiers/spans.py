"""The pieces of a text that say where: a learned score for every piece that could be one.

A piece begins where a word begins and ends where one ends, or inside a Korean word, which is where its
particles are cut off. What it scores is a sum of int8 weights over hashed features of its beginning, of its end, of
the joints between its words and of the whole, so that all pieces of a text are scored at once: a
semi-Markov conditional random field (Sarawagi and Cohen 2004) with at most one segment, "no place at
all" standing at zero. ``classifiers.training.places`` learns the weights.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.clues import LOOKED_AT, clues
from hub.model.labels import Span

WEIGHTS = Path(__file__).resolve().parent / "weights" / "places.npz"
FORMAT = 1
BITS = 18
MAX_CHARS = 420
"""Further text is not looked at."""
MAX_WORDS, MAX_SPAN_CHARS = 8, 48
MAX_SPANS = 8
MOST_STARTS = 24
"""Words, the likeliest to begin a place, from which pieces are scored."""
HARDLY = 0.02
"""Pieces that together are less likely than this at first sight are not looked at again."""
CANDIDATE = 0.04
"""How likely a piece must be to be named after the best one."""

_PRIME = np.uint64(1_000_003)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_POWERS = np.cumprod(np.append(np.uint64(1), np.full(MAX_CHARS, _PRIME))).astype(np.uint64)
_SPACE, _SIGN, _HANGUL, _SMALL, _CAPITAL, _DIGIT, _LETTER = range(7)
_TABLED, _ALPHABETS = 0x10000, 0x3200
_DESCENDING = _POWERS[::-1].copy()
_UP_TO = np.arange(1, 5)[:, None]
_SENTENCE_ENDS = tuple(map(ord, ".!?\n。"))

Hashes = NDArray[np.uint64]
Buckets = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Words:
    """A text cut into words (runs of letters and digits): where each begins, the buckets of its
    features as a beginning and as what is joined to the word before it (features × words), and the
    hashes from which pairs take theirs."""

    starts: NDArray[np.intp]
    beginning: Buckets
    joint: Buckets
    whole: Hashes
    tail: Hashes
    sentence: Hashes


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a place may end (exclusive), in which word, and the buckets (features × ends)."""

    at: NDArray[np.intp]
    word: NDArray[np.intp]
    buckets: Buckets
    tail: Hashes


@dataclass(frozen=True, slots=True)
class Pieces:
    """Candidates as pairs of a word's number and an end's, and the buckets (features × pairs)."""

    word: NDArray[np.intp]
    end: NDArray[np.intp]
    buckets: Buckets


@cache
def _tables() -> tuple[NDArray[np.uint8], Hashes, NDArray[np.bool_]]:
    """Of every code point below ``_TABLED``: its class, what it is hashed as (small letters, digits as 0,
    white space as a space; never 0), and whether it ends a sentence."""
    kinds = np.full(_TABLED, _SIGN, np.uint8)
    for code in range(_ALPHABETS):
        sign = chr(code)
        if sign.isspace():
            kinds[code] = _SPACE
        elif sign.isdigit():
            kinds[code] = _DIGIT
        elif sign.isalpha():
            kinds[code] = _CAPITAL if sign.isupper() else _SMALL if sign.islower() else _LETTER
    kinds[0x3131:0x3190] = _SIGN  # lone Korean letters: ㅋㅋ, ㅠㅠ
    kinds[0x3400:0xA000] = _LETTER
    kinds[0xAC00:0xD7A4] = _HANGUL
    hashed = np.arange(_TABLED, dtype=np.uint64)
    hashed[kinds == _CAPITAL] |= np.uint64(0x20)
    hashed[kinds == _DIGIT] = ord("0")
    hashed[kinds == _SPACE] = ord(" ")
    return kinds, hashed + np.uint64(1), np.isin(np.arange(_TABLED), _SENTENCE_ENDS)


class Reading:
    """What stands in a text's first signs, ready to be asked for features."""

    def __init__(self, text: str) -> None:
        codes = np.frombuffer(text[:MAX_CHARS].encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = np.minimum(codes, _TABLED - 1)
        kinds, hashed, sentence_ends = _tables()
        size = len(codes)
        self._sums = np.zeros(size + 1, np.uint64)
        np.cumsum(hashed[codes] * _DESCENDING[:size], out=self._sums[1:])
        self._classes = kinds[codes]
        edged = np.zeros(size + 2, np.bool_)
        edged[1:-1] = self._letters = self._classes >= _HANGUL
        edges = np.flatnonzero(edged[1:] != edged[:-1])
        self._begins, self._stops = edges[::2], edges[1::2]
        self._ended = np.cumsum(sentence_ends[codes])
        self._whole = self._hash(self._begins, self._stops)
        self._before = _shift(self._whole, 1)
        self._heads = self._hash(self._begins, np.minimum(self._begins + _UP_TO, self._stops))
        self._gaps = self._gap(size)
        heads = self._heads[2].tolist()
        times = Counter(heads)
        self._again = np.array([min(times[head], 3) for head in heads], np.uint64)

    def _hash(self, start: NDArray[np.intp], stop: NDArray[np.intp]) -> Hashes:
        """Of the pieces from ``start`` to ``stop``, either of them in one row or in several."""
        found: Hashes = (self._sums[stop] - self._sums[start]) * _POWERS[start]
        return found

    def words(self) -> Words:
        """The words with their features."""
        begins, stops, heads, whole = self._begins, self._stops, self._heads, self._whole
        tails = self._hash(np.maximum(stops - _UP_TO[:3], begins), stops)
        length = np.minimum(stops - begins, 9).astype(np.uint64)
        shape = (
            self._classes[begins].astype(np.uint64) * np.uint64(8) + self._classes[stops - 1]
        ) * np.uint64(16) + length
        gap, before, beyond = self._gaps[:-1], self._before, _shift(whole, -1)
        sentence = np.minimum(self._ended[begins], 3).astype(np.uint64)
        tail_before, shape_before = _shift(tails[1], 1), _shift(shape, 1)
        again = self._again
        number = np.minimum(np.arange(len(begins)), 2).astype(np.uint64)
        beginning = [
            whole, *heads, *tails, before, tail_before, _shift(tails[0], 1), beyond, gap,
            before * _PRIME + whole, tail_before * _PRIME + heads[1],
            sentence * np.uint64(8) + number, shape * _PRIME + gap, shape_before * _PRIME + shape,
            _shift(tails[1], -1), sentence * _PRIME + heads[1], again * _PRIME + shape,
            _shift(shape, -1) * _PRIME + shape, again * np.uint64(8) + sentence,
            tail_before * _PRIME + shape, tails[1] * _PRIME + _shift(tails[1], -1),
        ]  # fmt: skip
        joint = [
            gap, gap * _PRIME + shape, shape_before * _PRIME + shape,
            tail_before * _PRIME + heads[1], before, whole, tails[1], tail_before,
            _shift(tails[0], 1) * _PRIME + gap, before * _PRIME + whole,
        ]  # fmt: skip
        return Words(
            begins, _buckets(beginning, 100), _buckets(joint, 200), whole, tails[1], sentence
        )

    def _gap(self, size: int) -> Hashes:
        """What stands before each word and after the last, up to three signs and how many."""
        start = np.append(0, self._stops)
        stop = np.append(self._begins, size)
        length = np.minimum(stop - start, 4).astype(np.uint64)
        found: Hashes = self._hash(start, np.minimum(stop, start + 3)) + length * np.uint64(7)
        found[0] = 11
        return found

    def ends(self) -> Ends:
        """Where a place may end, with the features."""
        letters = self._letters
        inside = np.append(letters[1:], False) & (np.append(self._classes[1:], 0) != _HANGUL)
        at = np.flatnonzero(letters & ~inside) + 1
        word = np.searchsorted(self._begins, at, side="left") - 1
        begin, stop = self._begins[word], self._stops[word]
        one, two, three = self._hash(np.maximum(at - _UP_TO[:3], begin), at)
        stem, rest = self._hash(begin, at), self._hash(at, stop)
        full = at == stop
        beyond, beyond_head = _shift(self._whole, -1)[word], _shift(self._heads[1], -1)[word]
        following = np.where(full, beyond, rest)
        gap = np.where(full, self._gaps[word + 1], np.uint64(3))
        length = np.minimum(at - begin, 9).astype(np.uint64)
        left = np.minimum(stop - at, 5).astype(np.uint64)
        kind = self._classes[at - 1].astype(np.uint64)
        buckets = [
            one, two, three, stem, stem * _PRIME + rest, rest, two * _PRIME + rest,
            one * _PRIME + rest, following, two * _PRIME + following,
            one * _PRIME + np.where(full, beyond_head, rest), self._before[word] * _PRIME + two,
            (kind * np.uint64(16) + length) * np.uint64(16) + left, length * _PRIME + rest,
            gap * _PRIME + one, three * _PRIME + rest, two * _PRIME + full,
            self._again[word] * np.uint64(2) + full,
        ]  # fmt: skip
        return Ends(at, word, _buckets(buckets, 300), two)


def pieces(words: Words, ends: Ends, begin: NDArray[np.intp]) -> Pieces:
    """All candidates that begin with one of the words ``begin`` (numbers)."""
    count = len(words.starts)
    first = np.append(np.searchsorted(ends.word, np.arange(count)), len(ends.at))
    low = first[begin]
    high = np.minimum(
        np.searchsorted(ends.at, words.starts[begin] + MAX_SPAN_CHARS, side="right"),
        first[np.minimum(begin + MAX_WORDS, count)],
    )
    each = np.maximum(high - low, 0)
    word = np.repeat(begin, each)
    end = np.arange(each.sum()) + np.repeat(low - np.cumsum(each) + each, each)
    more = (ends.word[end] - word).astype(np.uint64)
    size = (ends.at[end] - words.starts[word]).astype(np.uint64)
    tail = ends.tail[end]
    buckets = [
        more * np.uint64(4) + words.sentence[word],
        words.whole[word] * _PRIME + tail,
        words.tail[word] * _PRIME + tail + more,
        size,
    ]
    return Pieces(word, end, _buckets(buckets, 400))


def _shift(hashes: Hashes, by: int) -> Hashes:
    """Of the word before (1) or after (-1), 21 where there is none."""
    found = np.empty_like(hashes)
    if by > 0:
        found[:1], found[1:] = 21, hashes[:-1]
    else:
        found[-1:], found[:-1] = 21, hashes[1:]
    return found


def _buckets(features: list[Hashes], kind: int) -> Buckets:
    """Features × items: every feature has a number of its own, spread by Fibonacci hashing."""
    stacked = np.array(features)
    stacked *= _PRIME
    stacked += np.arange(kind, kind + len(features), dtype=np.uint64)[:, None]
    stacked *= _GOLDEN
    stacked >>= np.uint64(64 - BITS)
    return stacked.view(np.int64)


@dataclass(frozen=True, slots=True)
class Places:
    """The learned weights, by bucket; ``scale`` makes them log-odds. ``second``: the weights of the
    second look's clues, and its bias. ``sure``: how likely the best piece must be to be named."""

    weights: NDArray[np.int8]
    scale: float
    bias: float
    second: NDArray[np.float64]
    sure: float

    def find(self, text: str) -> tuple[Span, ...]:
        """The best piece first, then up to seven others that are likely enough and touch none of
        those before; none when the text names no place. ``text[start:end]`` is the piece."""
        found = self.ranked(text)
        if not found or found[0][1] < self.sure:
            return ()
        spans: list[Span] = []
        for span, likely in found:
            if likely < CANDIDATE or len(spans) == MAX_SPANS:
                break
            if all(span.end <= other.start or other.end <= span.start for other in spans):
                spans.append(span)
        return tuple(spans)

    def ranked(self, text: str) -> list[tuple[Span, float]]:
        """The likeliest pieces after the second look, best first, each with the probability that a
        reader would mark it."""
        found = self.candidates(text)
        if sum(likely for _, likely in found) < HARDLY:
            return []
        odds = clues(text, found) @ self.second[:-1] + self.second[-1]
        likely = (1 / (1 + np.exp(-odds))).tolist()
        again = [(span, chance) for (span, _), chance in zip(found, likely, strict=True)]
        return sorted(again, key=lambda pair: -pair[1])

    def candidates(self, text: str) -> list[tuple[Span, float]]:
        """The likeliest pieces at first sight, each with its probability of being the place."""
        reading = Reading(text)
        words = reading.words()
        if not len(words.starts):
            return []
        ends = reading.ends()
        starts = self._sum(words.beginning)
        likely = np.sort(np.argsort(-starts, kind="stable")[:MOST_STARTS])
        pairs = pieces(words, ends, likely)
        joints = np.cumsum(self._sum(words.joint))
        scores = starts[pairs.word] + self._sum(ends.buckets)[pairs.end] + self._sum(pairs.buckets)
        scores += joints[ends.word[pairs.end]] - joints[pairs.word]
        odds = np.exp(np.minimum(scores * self.scale + self.bias, 50.0))
        odds /= odds.sum() + 1
        order = np.argsort(-odds, kind="stable")[:LOOKED_AT]
        begin, end = words.starts[pairs.word[order]].tolist(), ends.at[pairs.end[order]].tolist()
        return [
            (Span(text[a:b], a, b), chance)
            for a, b, chance in zip(begin, end, odds[order].tolist(), strict=True)
        ]

    def _sum(self, buckets: Buckets) -> NDArray[np.int32]:
        summed: NDArray[np.int32] = self.weights[buckets].sum(axis=0, dtype=np.int32)
        return summed


def load(path: Path | None = None) -> Places:
    """The weights in a file (the shipped ones). Raises OSError or ValueError for what is none."""
    try:
        with np.load(path or WEIGHTS, allow_pickle=False) as stored:
            arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
        if int(arrays["format"]) != FORMAT or len(arrays["weights"]) != 2**BITS:
            raise ValueError(f"place weights of format {arrays['format']}")
        scale, bias, sure = (float(value) for value in arrays["constants"])
        return Places(arrays["weights"], scale, bias, arrays["second"], sure)
    except (AttributeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as problem:
        raise ValueError("not a file of place weights") from problem
