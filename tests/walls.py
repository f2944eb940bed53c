"""Planted words and numbers that must not pass the walls, and texts to hide them in."""

from __future__ import annotations

from hypothesis import strategies as st

PHONE, CONTACT_PHONE = "010-7373-4242", "010-9191-5656"
RESIDENT, CARD = "900101-1234567", "4111 1111 1111 1111"
ACCOUNT, EMAIL = "110-123-456789", "zqmail@planted.example"
NUMBERS = (PHONE, RESIDENT, CARD, ACCOUNT, EMAIL)

_WORDS = st.text("가나다라 \n!?.,<>&'\"abcXYZ🙂", max_size=260)
_GAP = st.sampled_from([" ", ", ", "\n", "(", "는 ", "TEL:"])


@st.composite
def numbered(draw: st.DrawFn, word: str = "Zqtext") -> str:
    """A text that holds ``word`` and one of the numbers, often across the end of an excerpt."""
    number = draw(st.sampled_from(NUMBERS))
    return f"{word} {draw(_WORDS)}{draw(_GAP)}{number}{draw(_GAP)}{draw(_WORDS)}"
