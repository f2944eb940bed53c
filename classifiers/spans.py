"""The pieces of a text that say where: a learned score for every piece that could be one.

A piece begins where a word begins and ends where one ends, or inside a Korean word, which is where its
particles are cut off. What it scores is a sum of int8 weights over hashed features of its beginning, of its end, of
the joints between its words and of the whole, so that all pieces of several texts are scored at once: a
semi-Markov conditional random field (Sarawagi and Cohen 2004) with at most one segment, "no place at
all" standing at zero. ``classifiers.training.places`` learns the weights.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.clues import LOOKED_AT, clues
from classifiers.marks import Found
from hub.model.labels import Span

WEIGHTS = Path(__file__).resolve().parent / "weights" / "places.npz"
FORMAT = 1
BITS = 18
MAX_CHARS = 420
"""Further text is not looked at."""
TOGETHER = 12
"""Texts read at once: more no longer fit a core's cache."""
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
_SIGNS = TOGETHER * (MAX_CHARS + 1)
_SPACE, _SIGN, _HANGUL, _SMALL, _CAPITAL, _DIGIT, _LETTER = range(7)
_KEY_BITS = 20  # more than a score has, or the number of a piece
_TABLED, _ALPHABETS = 0x10000, 0x3200
_UP_TO = np.arange(1, 5)[:, None]
_SENTENCE_ENDS = tuple(map(ord, ".!?\n。"))

Hashes = NDArray[np.uint64]
Buckets = NDArray[np.int64]
Numbers = NDArray[np.intp]


def _powers(first: int, base: int) -> Hashes:
    """``first`` times the powers of ``base`` from 0 on, modulo 2**64."""
    each = np.full(_SIGNS + 1, base, np.uint64)
    each[0] = first
    return np.cumprod(each, dtype=np.uint64)


_POWERS = _powers(1, int(_PRIME))
# The prime is odd, so it has an inverse, and its powers fall on below 0 as far as texts go.
_DESCENDING = _powers(pow(int(_PRIME), MAX_CHARS, 2**64), pow(int(_PRIME), -1, 2**64))


@dataclass(frozen=True, slots=True)
class Words:
    """Texts cut into words (runs of letters and digits): the number of each word's text, where it
    begins, the buckets of its features as a beginning and as what is joined to the word before it
    (features × words), and the hashes from which pairs take theirs."""

    text: Numbers
    starts: Numbers
    beginning: Buckets
    joint: Buckets
    whole: Hashes
    tail: Hashes
    sentence: Hashes


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a place may end (exclusive), in which word, and the buckets (features × ends)."""

    at: Numbers
    word: Numbers
    buckets: Buckets
    tail: Hashes


@dataclass(frozen=True, slots=True)
class Pieces:
    """Candidates as pairs of a word's number and an end's, and the buckets (features × pairs)."""

    word: Numbers
    end: Numbers
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
    """What stands in the first signs of at most ``TOGETHER`` texts, ready to be asked for features.

    The texts lie one after the other, a space behind each; ``offsets`` is where each of them begins, and
    all places are places in that row. No feature looks beyond its text.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        row = "".join([text[:MAX_CHARS] + " " for text in texts])
        codes = np.frombuffer(row.encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = np.minimum(codes, _TABLED - 1)
        kinds, hashed, sentence_ends = _tables()
        size = len(codes)
        self._sums = np.zeros(size + 1, np.uint64)
        np.cumsum(hashed.take(codes) * _DESCENDING[:size], out=self._sums[1:])
        self._classes = kinds.take(codes)
        edged = np.zeros(size + 1, np.bool_)
        edged[1:] = self._letters = self._classes >= _HANGUL
        edges = np.flatnonzero(edged[1:] != edged[:-1])
        self._begins, self._stops = edges[::2], edges[1::2]
        behind = np.cumsum([min(len(text), MAX_CHARS) + 1 for text in texts])
        self.offsets = np.append(0, behind[:-1])
        self._texts = np.searchsorted(behind, self._begins, side="right")
        new = np.ones(len(self._texts) + 1, np.bool_)
        np.not_equal(self._texts[1:], self._texts[:-1], out=new[1:-1])
        self._first, self._last = np.flatnonzero(new[:-1]), np.flatnonzero(new[1:])
        ended = np.append(0, np.cumsum(sentence_ends.take(codes)))
        self._ended = ended[self._begins] - ended[self.offsets[self._texts]]
        self._whole = self._hash(self._begins, self._stops)
        self._before = self._shift(self._whole, 1)
        self._heads = self._hash(self._begins, np.minimum(self._begins + _UP_TO, self._stops))
        self._gaps = self._gap(behind - 1)
        self._again = self._times(self._heads[2])

    def _hash(self, start: Numbers, stop: Numbers) -> Hashes:
        """Of the pieces from ``start`` to ``stop``, either of them in one row or in several."""
        found: Hashes = self._sums.take(stop) - self._sums.take(start)
        found *= _POWERS.take(start)
        return found

    def _shift(self, hashes: Hashes, by: int, none: int = 21) -> Hashes:
        """Of the word before (1) or after (-1), ``none`` where its text has none."""
        found = np.empty_like(hashes)
        if by > 0:
            found[1:] = hashes[:-1]
            found[self._first] = none
        else:
            found[:-1] = hashes[1:]
            found[self._last] = none
        return found

    def _times(self, heads: Hashes) -> Hashes:
        """How often a word's text has words with the same hash, at most three times."""
        mixed = heads + self._texts.astype(np.uint64) * _GOLDEN
        _, at, times = np.unique(mixed, return_inverse=True, return_counts=True)
        found: Hashes = np.minimum(times, 3).astype(np.uint64)[at]
        return found

    def words(self) -> Words:
        """The words with their features."""
        begins, stops, heads, whole = self._begins, self._stops, self._heads, self._whole
        tails = self._hash(np.maximum(stops - _UP_TO[:3], begins), stops)
        length = np.minimum(stops - begins, 9).astype(np.uint64)
        shape = (
            self._classes[begins].astype(np.uint64) * np.uint64(8) + self._classes[stops - 1]
        ) * np.uint64(16) + length
        gap, before, beyond = self._shift(self._gaps, 1, 11), self._before, self._shift(whole, -1)
        sentence = np.minimum(self._ended, 3).astype(np.uint64)
        tail_before, shape_before = self._shift(tails[1], 1), self._shift(shape, 1)
        last_before, tail_beyond = self._shift(tails[0], 1), self._shift(tails[1], -1)
        again = self._again
        number = np.full(len(begins), 2, np.uint64)
        number[self._first + (self._first < self._last)] = 1
        number[self._first] = 0
        beginning = [
            whole, *heads, *tails, before, tail_before, last_before, beyond, gap,
            before * _PRIME + whole, tail_before * _PRIME + heads[1],
            sentence * np.uint64(8) + number, shape * _PRIME + gap, shape_before * _PRIME + shape,
            tail_beyond, sentence * _PRIME + heads[1], again * _PRIME + shape,
            self._shift(shape, -1) * _PRIME + shape, again * np.uint64(8) + sentence,
            tail_before * _PRIME + shape, tails[1] * _PRIME + tail_beyond,
        ]  # fmt: skip
        joint = [
            gap, gap * _PRIME + shape, shape_before * _PRIME + shape,
            tail_before * _PRIME + heads[1], before, whole, tails[1], tail_before,
            last_before * _PRIME + gap, before * _PRIME + whole,
        ]  # fmt: skip
        return Words(
            self._texts,
            begins,
            _buckets(beginning, 100),
            _buckets(joint, 200),
            whole,
            tails[1],
            sentence,
        )

    def _gap(self, size: Numbers) -> Hashes:
        """What stands behind each word, up to three signs and how many."""
        start, stop = self._stops, np.append(self._begins[1:], 0)
        stop[self._last] = size[self._texts[self._last]]
        length = np.minimum(stop - start, 4).astype(np.uint64)
        found: Hashes = self._hash(start, np.minimum(stop, start + 3)) + length * np.uint64(7)
        return found

    def ends(self) -> Ends:
        """Where a place may end, with the features."""
        letters = self._letters
        at = np.flatnonzero(letters[:-1] & (self._classes[1:] <= _HANGUL)) + 1
        word = np.searchsorted(self._begins, at, side="left") - 1
        begin, stop = self._begins[word], self._stops[word]
        one, two, three = self._hash(np.maximum(at - _UP_TO[:3], begin), at)
        stem, rest = self._hash(begin, at), self._hash(at, stop)
        full = at == stop
        beyond, beyond_head = (self._shift(of, -1)[word] for of in (self._whole, self._heads[1]))
        following = np.where(full, beyond, rest)
        gap = np.where(full, self._gaps[word], np.uint64(3))
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


def pieces(words: Words, ends: Ends, begin: Numbers) -> Pieces:
    """All candidates that begin with one of the words ``begin`` (numbers)."""
    count = len(words.starts)
    first = np.append(np.searchsorted(ends.word, np.arange(count)), len(ends.at))
    low, beyond = first[begin], np.searchsorted(words.text, words.text[begin], side="right")
    high = np.minimum(
        np.searchsorted(ends.at, words.starts[begin] + MAX_SPAN_CHARS, side="right"),
        first[np.minimum(begin + MAX_WORDS, beyond)],
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


def best(scores: NDArray[np.int32], text: Numbers, most: int) -> Numbers:
    """The numbers of the ``most`` highest scores of each text, best first, text by text; of equal
    ones those that come first. ``text`` is that of each score, ascending."""
    # Text, score and number in one integer each: sorting those is the quickest way to sort pairs.
    keys = (text << _KEY_BITS) + (2 ** (_KEY_BITS - 1) - scores) << _KEY_BITS
    ordered: Numbers = np.sort(keys + np.arange(len(keys))) & (2**_KEY_BITS - 1)
    place = np.arange(len(text)) - np.searchsorted(text, text)
    found: Numbers = ordered[place < most]
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
        return self.chosen(self.ranked_each([text])[0])

    def ranked_each(self, texts: Sequence[str]) -> list[Found]:
        """``ranked`` of any number of texts, a third of the work for each where there are many."""
        return [
            found
            for start in range(0, len(texts), TOGETHER)
            for found in self.ranked(texts[start : start + TOGETHER])
        ]

    def chosen(self, found: Found) -> tuple[Span, ...]:
        """Which of the candidates, best first, are named."""
        if not found or found[0][1] < self.sure:
            return ()
        spans: list[Span] = []
        for span, likely in found:
            if likely < CANDIDATE or len(spans) == MAX_SPANS:
                break
            if all(span.end <= other.start or other.end <= span.start for other in spans):
                spans.append(span)
        return tuple(spans)

    def ranked(self, texts: Sequence[str]) -> list[Found]:
        """For each of at most ``TOGETHER`` texts the likeliest pieces after the second look, best first,
        each with the probability that a reader would mark it."""
        found = self.candidates(texts)
        looked_at = [n for n, few in enumerate(found) if sum(odd for _, odd in few) >= HARDLY]
        ranked: list[Found] = [[] for _ in texts]
        if not looked_at:
            return ranked
        seen = np.concatenate([clues(texts[n], found[n]) for n in looked_at])
        # No matrix product: its last digits differ by row, and equal clues must stay equal.
        odds = (seen * self.second[:-1]).sum(axis=1) + self.second[-1]
        likely = 1 / (1 + np.exp(-odds))
        chances = iter(likely.tolist())
        for n in looked_at:
            again = [(span, next(chances)) for span, _ in found[n]]
            ranked[n] = sorted(again, key=lambda pair: -pair[1])
        return ranked

    def candidates(self, texts: Sequence[str]) -> list[Found]:
        """For each of at most ``TOGETHER`` texts the likeliest pieces at first sight, best first, each with
        its probability of being the place."""
        reading = Reading(texts)
        words = reading.words()
        found: list[Found] = [[] for _ in texts]
        if not len(words.starts):
            return found
        ends = reading.ends()
        starts = self._sum(words.beginning)
        pairs = pieces(words, ends, np.sort(best(starts, words.text, MOST_STARTS)))
        joints = np.cumsum(self._sum(words.joint), dtype=np.int32)
        scores = (starts - joints)[pairs.word] + self._sum(pairs.buckets)
        scores += (self._sum(ends.buckets) + joints[ends.word])[pairs.end]
        text = words.text[pairs.word]
        odds = np.exp(np.minimum(scores * self.scale + self.bias, 50.0))
        odds /= (np.bincount(text, odds) + 1)[text]
        order = best(scores, text, LOOKED_AT)
        text = text[order]
        begin = words.starts[pairs.word[order]] - reading.offsets[text]
        end = ends.at[pairs.end[order]] - reading.offsets[text]
        rows = (text.tolist(), begin.tolist(), end.tolist(), odds[order].tolist())
        for n, a, b, chance in zip(*rows, strict=True):
            found[n].append((Span(texts[n][a:b], a, b), chance))
        return found

    def _sum(self, buckets: Buckets) -> NDArray[np.int32]:
        summed: NDArray[np.int32] = self.weights.take(buckets).sum(axis=0, dtype=np.int32)
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
