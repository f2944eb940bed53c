"""Texts as sparse counts of hashed character n-grams, words and the title's n-grams again.

One code for training and for service: what is learned is what is asked. Hashes are polynomial over code
points (Karp and Rabin 1987), computed for a whole text at once with numpy, then spread over buckets by
Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_CHARS = 2_000
"""Further text is not looked at: the matter is said before."""
TITLE_CHARS = 60
N_GRAMS = (1, 2, 3, 4, 5)
WORD_BEGINNINGS = (2, 3, 4)
_PRIME = np.uint64(1_000_003)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_WORD, _TITLE = 101, 200  # kinds of features, beside the n of character n-grams

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\u00ad]")
_SPACE = re.compile(r"\s+")
_DIGIT = re.compile(r"\d")
_SENTENCE_END = re.compile(r"[.!?\n。]")


@dataclass(frozen=True, slots=True)
class Counts:
    """One block of a text's features: bucket numbers (ascending, unique), and how often each."""

    weight: float
    buckets: NDArray[np.int64]
    times: NDArray[np.float32]


def normalise(text: str) -> str:
    """NFKC, lower case, one space, digits as 0, nothing invisible, no lone surrogates."""
    text = text[: MAX_CHARS * 2].encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()
    return _SPACE.sub(" ", _DIGIT.sub("0", text)).strip()[:MAX_CHARS]


def count(text: str, bits: int) -> tuple[Counts, ...]:
    """The blocks of a text in 2**bits buckets: all of it, its title, its words; none if empty."""
    text = normalise(text)
    if not text:
        return ()
    end = _SENTENCE_END.search(text)
    title = text[: min(end.start() if end else TITLE_CHARS, TITLE_CHARS)]
    blocks = (
        (1.0, np.concatenate(_n_grams(f" {text} ", N_GRAMS, 0))),
        (0.6, np.concatenate(_n_grams(f" {title} ", (2, 3, 4), _TITLE))),
        (0.6, _words(text)),
    )
    return tuple(_counted(weight, hashes, bits) for weight, hashes in blocks)


def _counted(weight: float, hashes: NDArray[np.uint64], bits: int) -> Counts:
    spread = hashes * _GOLDEN >> np.uint64(64 - bits)
    buckets, times = np.unique(spread.astype(np.int64), return_counts=True)
    return Counts(weight, buckets, times.astype(np.float32))


def _n_grams(text: str, lengths: tuple[int, ...], kind: int) -> list[NDArray[np.uint64]]:
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64) + np.uint64(1)
    found = []
    rolling = np.zeros(len(codes), np.uint64)
    for n in range(1, max(lengths) + 1):
        if n > len(codes):
            break
        rolling = rolling[: len(codes) - n + 1] * _PRIME + codes[n - 1 :]
        if n in lengths:
            found.append(rolling * _PRIME + np.uint64(kind + n))
    return found


def _words(text: str) -> NDArray[np.uint64]:
    """Beginnings of words: Korean glues particles behind, so the beginning is the word."""
    beginnings = {word[:n] for word in text.split(" ") for n in WORD_BEGINNINGS}
    hashes = np.array([_hash(beginning) for beginning in sorted(beginnings)], np.uint64)
    return hashes * _PRIME + np.uint64(_WORD)


def _hash(word: str) -> int:
    value = 0
    for sign in word:
        value = (value * 1_000_003 + ord(sign) + 1) & 0xFFFFFFFFFFFFFFFF
    return value
