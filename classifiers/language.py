"""The language of a text: by script first, by frequent words among Latin-script languages."""

from __future__ import annotations

import re
import unicodedata

from hub.model.labels import Label

_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
# Letters and marks that, in Latin script, only Vietnamese has.
_VIETNAMESE = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
_ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "were",
        "be",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "not",
        "no",
        "it",
        "this",
        "that",
        "there",
        "please",
        "with",
        "my",
        "our",
        "your",
        "has",
        "have",
        "had",
        "do",
        "does",
        "from",
        "by",
        "near",
        "street",
        "road",
        "park",
        "bus",
        "broken",
        "need",
        "help",
        "can",
        "i",
        "we",
        "you",
        "they",
        "he",
        "she",
        "out",
        "off",
        "up",
        "down",
        "very",
        "still",
        "been",
        "will",
        "would",
        "should",
        "could",
        "all",
        "any",
        "when",
        "where",
        "why",
        "how",
        "what",
        "who",
        "station",
        "car",
        "light",
        "trash",
        "graffiti",
        "pothole",
        "sign",
        "sidewalk",
        "water",
        "tree",
    ]
)

MAX_CHARS = 2_000


def language(text: str) -> Label:
    """ISO 639-1 code (``und`` when no letters tell) with a confidence from 0 to 1.

    A Korean text full of Latin names stays Korean: its grammar is in Hangul, so Hangul counts double.
    """
    sample = unicodedata.normalize("NFC", text[:MAX_CHARS].encode("utf-8", "replace").decode())
    hangul, kana = len(_HANGUL.findall(sample)), len(_KANA.findall(sample))
    han, latin = len(_HAN.findall(sample)), len(_LATIN.findall(sample))
    letters = hangul + kana + han + latin
    if not letters:
        return Label("und", 1.0)
    if hangul and 3 * hangul >= latin and 2 * hangul >= han + kana:
        return Label("ko", _sure(hangul, letters))
    if kana and 8 * kana >= han and kana + han > latin:
        return Label("ja", _sure(kana + han, letters))
    if han > latin:
        return Label("zh", _sure(han, letters))
    return _of_latin(sample, latin, letters)


def _of_latin(sample: str, latin: int, letters: int) -> Label:
    marks = len(_VIETNAMESE.findall(sample))
    if marks >= 2 and marks / latin > 0.04:
        return Label("vi", _sure(latin, letters))
    words = _WORD.findall(sample.lower())
    known = sum(word in _ENGLISH for word in words)
    if known or len(words) <= 6:
        return Label("en", 0.6 + 0.39 * min(1.0, 3 * known / max(len(words), 1)))
    return Label("und", 0.5)


def _sure(count: int, letters: int) -> float:
    return round(0.6 + 0.39 * count / letters, 4)
