"""Korean names in Latin letters: Revised Romanization (Ministry of Culture notice 2000-8).

With its assimilations within a name: 왕십리 is Wangsimni, 신설 is Sinseol.
"""

from __future__ import annotations

_INITIAL = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t",
            "p", "h")  # fmt: skip
_VOWEL = ("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo",
          "we", "wi", "yu", "eu", "ui", "i")  # fmt: skip
_FINAL = ("", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p",
          "t", "t", "ng", "t", "t", "k", "t", "p", "t")  # fmt: skip
# (sound that ends a syllable, letter that begins the next) → what is written for both
_MEETING = {
    ("k", "n"): "ngn", ("k", "m"): "ngm", ("k", "r"): "ngn", ("k", ""): "g", ("t", ""): "d",
    ("t", "n"): "nn", ("t", "m"): "nm", ("t", "r"): "nn", ("p", "n"): "mn", ("p", "m"): "mm",
    ("p", "r"): "mn", ("p", ""): "b", ("n", "r"): "ll", ("l", "n"): "ll", ("l", "r"): "ll",
    ("l", ""): "r", ("m", "r"): "mn", ("ng", "r"): "ngn",
}  # fmt: skip
_FIRST, _SYLLABLES = 0xAC00, 11_172
_SUFFIXES = (("동", "-dong"), ("가", "-ga"), ("로", "-ro"), ("구", "-gu"))


def romanize(name: str) -> str:
    """A name without its suffix, capitalised; signs that are no Hangul stay."""
    written, end = "", ""
    for sign in name:
        code = ord(sign) - _FIRST
        if not 0 <= code < _SYLLABLES:
            written, end = written + end + sign, ""
            continue
        initial, vowel = _INITIAL[code // 588], _VOWEL[code % 588 // 28]
        met = _MEETING.get((end, initial)) if written else None
        written += (met if met is not None else end + initial) + vowel
        end = _FINAL[code % 28]
    return (written + end).capitalize()


def area_in_english(name: str) -> str:
    """An area's name as the city's signs write it: 전농1동 → Jeonnong1-dong, 종로구 → Jongno-gu."""
    for suffix, written in _SUFFIXES:
        if name.endswith(suffix) and len(name) > 1:
            return romanize(name[:-1]) + written
    return romanize(name)
