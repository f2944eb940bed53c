"""Masks what identifies a person by number or address, in everything that others may read.

Patterns, Korean first: resident and alien registration numbers (six and seven digits, the seventh 1-8),
cards (ISO/IEC 7812: 13 to 19 digits in groups), telephones, bank accounts (three or four groups of
digits), and e-mail addresses (the practical part of RFC 5322).
"""

from __future__ import annotations

import re

MASK = "●●●"

# A digit as people write it: ASCII or full-width, so that ０１０ hides nothing.
_D = r"[0-9\uff10-\uff19]"
_SEP = r"[-\s.·\u2010-\u2015\u2212\uff0d]?"

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+",
        # resident number: 900101-1234567
        rf"(?<!{_D}){_D}{{6}}{_SEP}{_D}{{7}}(?!{_D})",
        # card: 4 groups of 4, or 15/16 digits in one
        rf"(?<!{_D})(?:{_D}{{4}}{_SEP}){{3}}{_D}{{3,4}}(?!{_D})",
        # telephone: 010-1234-5678, 02-123-4567, +82 10 1234 5678, 1588-1234 stays (a public line)
        rf"(?<!{_D})(?:\+?82{_SEP}|[0\uff10])(?:{_D}){{1,2}}\)?{_SEP}{_D}{{3,4}}{_SEP}{_D}{{4}}(?!{_D})",
        rf"(?<!{_D})\(?{_D}{{3}}\)?{_SEP}{_D}{{3}}[-.\s]{_D}{{4}}(?!{_D})",
        # bank account: 110-123-456789, 123456-01-234567
        rf"(?<!{_D}){_D}{{2,6}}-{_D}{{2,6}}-{_D}{{4,8}}(?:-{_D}{{1,3}})?(?!{_D})",
        rf"(?<!{_D}){_D}{{11,16}}(?!{_D})",
    )
)


def mask(text: str) -> str:
    """The text with every such number or address replaced by ``MASK``. Idempotent."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text
