"""Texts as sparse counts of hashed character n-grams, words and the title's n-grams again.

One code for training and for service: what is learned is what is asked. Hashes are polynomial over code
points (Karp and Rabin 1987), computed for a whole text at once with numpy, then spread over buckets by
Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_CHARS = 2_000
"""Further text is not looked at: the matter is said before."""
TITLE_CHARS = 60
N_GRAMS = (1, 2, 3, 4, 5)
TITLE_N_GRAMS = (2, 3, 4)
WORD_BEGINNINGS = (2, 3, 4)
_PRIME = np.uint64(1_000_003)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_WORD, _TITLE = np.uint64(101), np.uint64(200)  # kinds of features, beside plain n-grams
_SPACE_CODE = ord(" ")

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\u00ad]")
_DIGIT = re.compile(r"\d")
_SENTENCE_END = re.compile(r"[.!?\n。]")


Place = tuple[int, slice | NDArray[np.intp]]
Room = NDArray[np.float32]
"""One number a bucket, for scratch: each thread has its own, whatever stands in it is overwritten."""


@dataclass(frozen=True, slots=True)
class Signs:
    """A normalised text, taken apart once for all that is counted in it: its code points, a space at
    either end, and where the spaces stand. The n-grams that count are ``places``: (n, where they begin)
    of the whole text, of its title, and of its words."""

    text: str
    codes: NDArray[np.uint32]
    spaces: NDArray[np.intp]
    places: tuple[list[Place], list[Place], list[Place]]


@dataclass(frozen=True, slots=True)
class Counts:
    """One block of a text's features: bucket numbers (ascending, unique), and how often each.

    ``found``: the bucket of every occurrence, in the order in which the block reads the text.
    """

    weight: float
    buckets: NDArray[np.int64]
    times: NDArray[np.float32]
    found: NDArray[np.uint32]


def normalise(text: str) -> str:
    """NFKC, lower case, one space, digits as 0, nothing invisible, no lone surrogates."""
    text = text[: MAX_CHARS * 2].encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()
    return " ".join(_DIGIT.sub("0", text).split())[:MAX_CHARS]


def count(text: str, bits: int) -> tuple[Counts, ...]:
    """The blocks of a text in 2**bits buckets: all of it, its title, its words; none if empty."""
    return count_signs(signs(normalise(text)), bits)


def signs(normal: str) -> Signs:
    """The signs of a normalised text."""
    codes = np.frombuffer(f" {normal} ".encode("utf-32-le"), np.uint32)
    size = len(codes)
    title = min(_title_chars(normal) + 1, size)
    spaces = np.flatnonzero(codes == _SPACE_CODE)
    starts, lengths = spaces[:-1] + 1, spaces[1:] - spaces[:-1] - 1
    places: tuple[list[Place], list[Place], list[Place]] = (
        [(n, slice(size - n + 1)) for n in N_GRAMS if n <= size],
        [(n, slice(max(title - n + 1, 0))) for n in TITLE_N_GRAMS if n <= size],
        # Korean glues particles behind, so the beginning is the word.
        [(n, starts[lengths >= n]) for n in WORD_BEGINNINGS if n <= size],
    )
    return Signs(normal, codes, spaces, places)


def count_signs(signs: Signs, bits: int) -> tuple[Counts, ...]:
    """What ``count`` says of a text with these signs."""
    if not signs.text:
        return ()
    grams = _n_grams(signs.codes)
    whole, title, beginnings = signs.places
    blocks = (
        (1.0, np.concatenate([grams[n][where] for n, where in whole])),
        (0.7, np.concatenate([grams[n][where] for n, where in title]) * _PRIME + _TITLE),
        (0.6, np.concatenate([grams[n][where] for n, where in beginnings]) * _PRIME + _WORD),
    )
    return tuple(_counted(weight, hashes, bits) for weight, hashes in blocks)


def word_of_each(signs: Signs) -> tuple[NDArray[np.intp], ...]:
    """For each block of a text, in which of its words each occurrence lies: that of the middle sign, a
    space going with the word behind it; none if empty."""
    if not signs.text:
        return ()
    spaces = signs.spaces
    word = np.repeat(np.arange(len(spaces) - 1), spaces[1:] - spaces[:-1])
    word = np.append(word, word[-1])
    return tuple(
        np.concatenate([word[n // 2 :][where] for n, where in places]) for places in signs.places
    )


def by_word(
    words: Sequence[NDArray[np.intp]],
    blocks: Sequence[Counts],
    each: Sequence[NDArray[np.float32]],
    room: Room,
) -> NDArray[np.float64]:
    """What the features of a text are worth, added up for each of its words.

    ``words`` are those of each occurrence, ``each``: for every block what one occurrence of each of its
    buckets is worth.
    """
    found = []
    for block, values in zip(blocks, each, strict=True):
        room[block.buckets] = values
        found.append(room.take(block.found))
    summed = np.bincount(np.concatenate(words), np.concatenate(found))
    return summed.astype(np.float64, copy=False)


def _title_chars(text: str) -> int:
    end = _SENTENCE_END.search(text, 0, TITLE_CHARS)
    return min(end.start() if end else TITLE_CHARS, len(text))


def _n_grams(codes: NDArray[np.uint32]) -> dict[int, NDArray[np.uint64]]:
    """For each length the hashes of all n-grams, in the order of the text; none longer than it."""
    signs = codes.astype(np.uint64) + np.uint64(1)
    found = {}
    rolling = np.zeros(len(signs), np.uint64)
    for n in range(1, min(max(N_GRAMS), len(signs)) + 1):
        rolling = rolling[: len(signs) - n + 1] * _PRIME + signs[n - 1 :]
        if n in N_GRAMS:
            found[n] = rolling * _PRIME + np.uint64(n)
    return found


def _counted(weight: float, hashes: NDArray[np.uint64], bits: int) -> Counts:
    found = (hashes * _GOLDEN >> np.uint64(64 - bits)).astype(np.uint32)
    ordered = np.sort(found)  # numpy sorts 32 bits several at a time; np.unique is six times slower
    new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    times = np.empty(len(starts), np.float32)
    np.subtract(starts[1:], starts[:-1], out=times[:-1], casting="unsafe")
    times[-1:] = len(ordered) - starts[-1:]
    return Counts(weight, ordered[starts].astype(np.int64), times, found)
