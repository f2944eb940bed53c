"""Masks what identifies a person by number or address, in everything that others may read.

Patterns, Korean first: resident and alien registration numbers (six and seven digits, the seventh 1-8),
cards (ISO/IEC 7812: 15 or 16 digits in groups), telephones, bank accounts (10 to 16 digits, in three or
four groups), and e-mail addresses (the practical part of RFC 5322). What a city writes about stays:
dates, prices, bus lines, and lines of four and four digits (1588-1234), which are nobody's own.
"""

from __future__ import annotations

import re

MASK = "●●●"

# As people write them: full-width too, with blanks around a hyphen, with a dot for it.
_D = r"[0-9\uff10-\uff19]"
_HYPHEN = r"[-\u2010-\u2015\u2212\uff0d]"
_ZERO = r"[0\uff10]"
_BLANK = r"[ \t\u00a0\u3000]"
_SEP = rf"(?:{_BLANK}?(?:{_HYPHEN}|[.·])?{_BLANK}?)"
_JOIN = rf"{_BLANK}?{_HYPHEN}{_BLANK}?"
_START = rf"(?<!{_D})"
_END = rf"(?!{_D})"
_LOCAL = r"[A-Za-z0-9._%+-]"

_TAIL = rf"{_SEP}{_D}{{3,4}}{_SEP}{_D}{{4}}{_END}"  # of a telephone number
_TEN_TO_SIXTEEN = rf"(?=(?:{_D}(?:{_JOIN})?){{10,16}}{_END})"

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # The look-behind keeps a long word from being tried at each of its letters.
        rf"(?<!{_LOCAL}){_LOCAL}{{1,64}}[@\uff20][A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
        # resident number: 900101-1234567, also 900101-1******
        rf"{_START}{_D}{{6}}{_SEP}[1-8\uff11-\uff18](?:{_D}{{6}}|[*●xX]{{6}}){_END}",
        # card: 4 groups of 4 (the last of 3 or 4), or American Express's 4, 6 and 5
        rf"{_START}(?:{_D}{{4}}{_SEP}){{3}}{_D}{{3,4}}{_END}",
        rf"{_START}{_D}{{4}}{_SEP}{_D}{{6}}{_SEP}{_D}{{5}}{_END}",
        # telephone from abroad: +82 10 1234 5678, +82 (0)10-1234-5678
        rf"{_START}\+?82{_SEP}(?:\({_ZERO}\))?{_D}{{1,2}}{_TAIL}",
        # bank account: 110-123-456789, 123456-01-234567, 3333-01-1234567
        rf"{_START}{_TEN_TO_SIXTEEN}{_D}{{2,6}}(?:{_JOIN}{_D}{{2,8}}){{2,3}}{_END}",
        # telephone: 010-1234-5678, (02) 123-4567, 02)123-4567, 555-123-4567
        rf"{_START}(?:\({_ZERO}{_D}{{1,2}}\)|{_ZERO}{_D}{{1,2}}\)?){_TAIL}",
        rf"{_START}(?:\({_D}{{3}}\){_BLANK}?|{_D}{{3}}[-.]){_D}{{3}}[-.]{_D}{{4}}{_END}",
        # any of them without a sign between, which is no price
        rf"{_START}{_D}{{11,16}}{_END}(?!{_BLANK}?원)",
    )
)


def mask(text: str) -> str:
    """The text with every such number or address replaced by ``MASK``. Idempotent."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text
