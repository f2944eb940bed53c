"""Whether a text is abuse, insult or hate of its writer against people.

A logistic regression over the same hashed n-grams as the other heads. A long complaint with one insult
in it is as abusive as the insult alone, so it is asked piece by piece and the worst piece speaks. Only
what staff see folded hangs on it; its probability is that of texts half of which are abuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.features import Counts, Signs, count_signs, signs, word_of_each
from hub.model.labels import ABUSE, Label

PIECE_CHARS = 60
"""About as long as the comments that it learned from; in a longer piece one insult drowns."""

LEAST_N_GRAMS = 50
"""Some ten signs: a shorter piece counts as if it were so long, as one word is little to go by."""

_LETTER = "[\u1100-\u1175]"  # Hangul letters that make no syllable, as normalised
_LONE = re.compile(_LETTER)
_LAUGHTER = re.compile(
    # ㅋ, ㅎ, ㅠ, ㅜ and ㅡ; of ㅋㅠ normalising makes 큐
    "[\u110f\u1112]+(?:[큐쿠크휴후흐](?![가-힣]))?[\u110f\u1112\u1172\u116e\u1173]*|[\u1172\u116e\u1173]+"
    # One other letter again and again (ㅇㅇ, ㄷㄷ); of different ones insults are made.
    f"|(?<!{_LETTER})({_LETTER})\\1+(?!{_LETTER})"
)


def said(normal: str) -> str:
    """A normalised text without runs of lone letters, laughter and tears, which say nothing: whoever
    insults laughs, and so does who says thanks. Nor does one syllable (네), nor do signs alone."""
    quiet = _LAUGHTER.sub("", normal) if _LONE.search(normal) else normal
    told = " ".join(quiet.split())
    return told if len(list(islice(filter(str.isalnum, told), 2))) == 2 else ""


def pieces(text: Signs) -> list[NDArray[np.intp]]:
    """The number of the piece in which each word of a text lies, for each way to cut it.

    Pieces hold whole words of the normalised text and are about equally long, at most about 60 signs.
    A text of several is cut a second time, half a piece further on: no insult falls between two.
    """
    starts, size = text.spaces[:-1], len(text.text)
    many = -(-size // PIECE_CHARS)
    cuts = [starts * many // size]
    if many > 1:  # without half a piece at either end, which would be too short to judge
        cuts.append(((starts * many * 2 // size + 1) // 2).clip(1, many - 1))
    return cuts


@dataclass(frozen=True, slots=True)
class Abuse:
    """A weight (int8, times ``scale``) for each bucket; abuse where the probability is ``above``."""

    weights: NDArray[np.int8]
    scale: float
    bias: float
    above: float

    def probabilities(
        self, text: Signs, block: Counts, words: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Of each piece; ``block`` and ``words`` are those of the whole text's n-grams."""
        cuts = pieces(text)
        behind = cuts[0][-1] + 1  # the pieces of a second cut are counted on from there
        piece = np.concatenate([cut + number * behind for number, cut in enumerate(cuts)])
        sizes = np.bincount(piece, np.concatenate([np.bincount(words)] * len(cuts)))
        of_words = np.bincount(words, self.weights.take(block.found))
        sums = np.bincount(piece, np.concatenate([of_words] * len(cuts)))[sizes > 0]
        scores = (
            sums * self.scale / np.sqrt(np.maximum(sizes[sizes > 0], LEAST_N_GRAMS)) + self.bias
        )
        found: NDArray[np.float64] = 1 / (1 + np.exp(-scores))
        return found

    def label(
        self, text: Signs, blocks: Sequence[Counts], words: Sequence[NDArray[np.intp]]
    ) -> Label:
        """``abuse`` or ``none`` of a text with these features, with its probability."""
        abuse, none = ABUSE
        told = said(text.text)
        if not told:
            return Label(none, 1.0)
        if told != text.text:
            text = signs(told)
            bits = len(self.weights).bit_length() - 1
            blocks, words = count_signs(text, bits), word_of_each(text)
        worst = round(float(self.probabilities(text, blocks[0], words[0]).max()), 4)
        return Label(abuse, worst) if worst > self.above else Label(none, round(1 - worst, 4))


def read(arrays: Mapping[str, Any]) -> Abuse:
    """What the arrays of a weights file say of it."""
    scale, bias, above = (float(arrays[f"abuse_{name}"]) for name in ("scale", "bias", "above"))
    return Abuse(arrays["abuse_weights"], scale, bias, above)
