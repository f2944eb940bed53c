"""The words that carried a label: what a linear model added up, given back to the text.

Weight times value of every n-gram is spread evenly over the signs that it covers, and added up word by
word (for a linear model that is the exact share of the score, no estimate).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from classifiers.features import MAX_CHARS, Counts, Room, by_word, normalise
from hub.model.labels import Span

MAX_WORDS = 5
MIN_SHARE = 0.35
"""Of what the weightiest word added: less is not why."""
MAX_WORD_CHARS = 30
"""What is written without spaces for longer is no word that could be shown."""

_PIECE = re.compile(r"\S+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def reasons(
    text: str,
    normal: str,
    words_of_each: Sequence[NDArray[np.intp]],
    blocks: Sequence[Counts],
    each: Sequence[NDArray[np.float32]],
    room: Room,
) -> tuple[Span, ...]:
    """At most five words of the text, in its order; those that stand side by side as one piece.

    ``normal`` is the normalised text in which the blocks were counted, ``words_of_each`` the word that
    each occurrence lies in (``features.word_of_each``), ``each`` what one occurrence
    of each of their buckets added to the label's score.
    """
    if not normal:
        return ()
    words = normal.split(" ")
    carried = by_word(words_of_each, blocks, each, room)
    enough = max(float(carried.max()) * MIN_SHARE, np.finfo(np.float32).eps)
    best: dict[str, int] = {}
    for n in np.argsort(-carried, kind="stable"):
        if carried[n] < enough or len(best) == MAX_WORDS:
            break
        if len(words[n]) <= MAX_WORD_CHARS:
            best.setdefault(words[n], int(n))  # said again it is no further reason
    places = _places(text, words, sorted(best.values()))
    return _joined(text, [place for place in places if place is not None])


def _places(text: str, words: Sequence[str], chosen: Sequence[int]) -> list[tuple[int, int] | None]:
    """Where the chosen words of the normalised text stand in the text as it was written."""
    ends = list(accumulate(map(len, words)))
    found = [(ends[n] - len(words[n]) + n, ends[n] + n) for n in chosen]  # n spaces before it
    if not all(_stands(text, place, words[n]) for n, place in zip(chosen, found, strict=True)):
        # Signs that vanish, fall apart or join when normalised: count the words of each piece.
        pieces = [match.span() for match in _PIECE.finditer(text[: MAX_CHARS * 2])]
        numbered = [(piece, w) for piece in pieces for w in normalise(text[slice(*piece)]).split()]
        known = {n: piece for n, (piece, word) in enumerate(numbered) if words[n : n + 1] == [word]}
        found = [known[n] for n in chosen if n in known]
    return [_trimmed(text, place) for place in found]


def _stands(text: str, place: tuple[int, int], word: str) -> bool:
    """Whether the word stands there, whole."""
    start, end = place
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    piece = text[start:end]
    return (not around or around.isspace()) and (piece == word or normalise(piece) == word)


def _trimmed(text: str, token: tuple[int, int]) -> tuple[int, int] | None:
    """Without the punctuation and the invisible signs around; None if nothing is left."""
    piece = text[slice(*token)]
    left = _EDGES.match(piece)
    begins = left.end() if left else 0
    kept = _EDGES.sub("", piece)
    return (token[0] + begins, token[0] + begins + len(kept)) if kept else None


def _joined(text: str, places: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    found: list[tuple[int, int]] = []
    for start, end in places:
        if found and text[found[-1][1] : start].isspace():
            found[-1] = (found[-1][0], end)
        elif not found or start >= found[-1][1]:
            found.append((start, end))
    return tuple(Span(text[start:end], start, end) for start, end in found)
