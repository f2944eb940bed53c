"""The language of a text: what its script alone says, then py3langid (BSD-3-Clause, Lui and Baldwin
2012, 130 languages, its model is in the package).

Texts to a city are short: of three words a statistical model finds the likeliest of 130 languages, and
takes "gas leak" for Sami. So the languages that a city is written to in count for more, the more so
the shorter the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.model.labels import Label

_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]+")
_KANA = re.compile(r"[\u3041-\u30ff]+")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]+")
_LETTERS = re.compile(r"[^\W\d_]+")
# Marks on letters (U+0300 on), which are the vowels of Indian scripts, are no \w in Python.
_UNHEARD = re.compile(r"https?://\S+|\S+@\S+|[^\w\s'’.,!?\u0300-\u1cff-]")

# A Vietnamese syllable, its marks left out, as people type in haste.
_SYLLABLE = re.compile(
    r"(?:[bcdhklmnpqrstvx]|ch|gh?|gi|kh|ngh?|nh|ph|qu|th|tr)?"
    r"(?:[aeiouy]|[aeo]o|[aio]?eu|a[iuy]|i[aeu]|o[aei]|oa[iy]|u[aeiouy]|ua[iy]|uo[iu]|uy[ae]|yeu?)"
    r"(?:ch?|m|ng?|nh|p|t)?"
)
_NO_LETTER, _LETTER, _KOREAN, _ASIAN = range(4)
MAX_CHARS = 300
EXPECTED = {"en": 120.0, "vi": 60.0}
"""Over the number of letters: how many times likelier than another language in Latin script."""
SAME = {"yue": "zh", "wuu": "zh"}
"""Cantonese and Wu are Chinese in ISO 639-3; a city answers them in the same script."""
HEARD = frozenset({
    "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa",
    "fi", "fr", "ga", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "km",
    "kn", "ko", "ky", "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "mt", "my", "nb", "ne", "nl",
    "no", "or", "pa", "pl", "ps", "pt", "ro", "ru", "si", "sk", "sl", "so", "sq", "sr", "sv", "sw",
    "ta", "te", "th", "tl", "tr", "uk", "ur", "uz", "vi", "zh",
})  # fmt: skip
"""Languages of whole countries, and of India those with a script of their own. The model knows 50 more,
for which it takes short English and Vietnamese: Northern Sami, Walloon, Nigerian Pidgin."""

SYLLABLES, SYLLABIC = 4, 40.0
"""So many words or more, each of them such a syllable, make Vietnamese so many times likelier."""


def language(text: str) -> Label:
    """ISO 639 code (``und`` when no letters tell) with a confidence from 0 to 1.

    A Korean text full of Latin names stays Korean: its grammar is in Hangul, so Hangul counts triple,
    and so do kana and Chinese signs, which say more each than a Latin letter.
    """
    sample = unicodedata.normalize("NFC", text[:MAX_CHARS].encode("utf-8", "replace").decode())
    korean = _korean(sample)
    if korean is not None:
        return korean
    letters = _signs(_LETTERS, sample)
    if not letters:
        return Label("und", 1.0)
    hangul, kana = _signs(_HANGUL, sample), _signs(_KANA, sample)
    signs = "".join(_HAN.findall(sample))
    other = letters - hangul - kana - len(signs)
    if hangul and 3 * hangul >= other and 2 * hangul >= len(signs) + kana:
        return Label("ko", _sure(hangul, letters))
    if kana and 8 * kana >= len(signs) and 3 * (kana + len(signs)) >= other:
        return Label("ja", _sure(kana + len(signs), letters))
    if signs and 3 * len(signs) >= other:
        return Label(_of_signs(signs), _sure(len(signs), letters))
    return _of_alphabet(sample, letters)


def _korean(sample: str) -> Label | None:
    """What ``language`` says of most texts of a Korean city, more quickly; None for others."""
    codes = np.frombuffer(sample.encode("utf-32-le"), np.uint32)
    if not len(codes) or codes.max() >= len(_kinds()):
        return None
    counts = np.bincount(_kinds().take(codes), minlength=_ASIAN + 1).tolist()
    hangul, other = counts[_KOREAN], counts[_LETTER]
    if counts[_ASIAN] or not hangul or 3 * hangul < other:
        return None
    return Label("ko", _sure(hangul, hangul + other))


@cache
def _kinds() -> NDArray[np.uint8]:
    """Of every code point below U+10000: Hangul, kana or a Chinese sign, another letter, or none."""
    every = "".join(map(chr, range(0x10000)))
    found = np.full(len(every), _NO_LETTER, np.uint8)
    for runs, kind in ((_LETTERS, _LETTER), (_HANGUL, _KOREAN), (_KANA, _ASIAN), (_HAN, _ASIAN)):
        for run in runs.finditer(every):
            found[slice(*run.span())] = kind
    return found


def _signs(runs: re.Pattern[str], sample: str) -> int:
    """How many signs the runs hold; to find each of them would take several times as long."""
    return sum(map(len, runs.findall(sample)))


def _of_signs(signs: str) -> str:
    """Chinese or Japanese without kana: signs that only one of the two writes, then the model.

    Each country's first character set holds what its newspapers print: 歩 and 騒 are in JIS X 0208
    alone, 们 in GB 2312 alone, 們 in Big5 alone.
    """
    japanese = sum(_written(sign, "shift_jis") and not _chinese(sign) for sign in signs)
    chinese = sum(not _written(sign, "shift_jis") and _chinese(sign) for sign in signs)
    if japanese != chinese:
        return "ja" if japanese > chinese else "zh"
    likely = _likely(signs)
    return "ja" if likely.get("ja", 0) > likely.get("zh", 0) else "zh"


def _chinese(sign: str) -> bool:
    return _written(sign, "gb2312") or _written(sign, "big5")


@cache
def _written(sign: str, charset: str) -> bool:
    try:
        sign.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _of_alphabet(sample: str, letters: int) -> Label:
    likely = _likely(_UNHEARD.sub(" ", sample))
    for code, more in EXPECTED.items():
        likely[code] = likely.get(code, 0) * (1 + more / letters)
    words = sample.lower().split()
    if len(words) >= SYLLABLES and all(map(_SYLLABLE.fullmatch, words)):
        likely["vi"] *= SYLLABIC
    best = max(likely, key=likely.__getitem__)
    total = sum(likely.values()) or 1.0  # all of it may be in languages that are not heard
    return Label(best, round(min(1.0, likely[best] / total), 4))


def _likely(sample: str) -> dict[str, float]:
    """Languages with their probabilities, all equal to the model."""
    found: dict[str, float] = {}
    for known_as, share in _model().rank(sample):
        code = SAME.get(known_as, known_as)
        if code in HEARD:
            found[code] = found.get(code, 0.0) + share
    return found


@cache
def _model() -> Any:
    """Read when the first text needs it: a second, and most texts of a Korean city do not."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _sure(count: int, letters: int) -> float:
    return round(0.6 + 0.39 * count / letters, 4)
