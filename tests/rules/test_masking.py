"""Masking: numbers and addresses that are somebody's go, the numbers of the city stay."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.masking import MASK, mask

GOES = [
    # resident and alien registration numbers
    "900101-1234567",
    "9001011234567",
    "900101 1234567",
    "900101 - 1234567",
    "900101–1234567",
    "９００１０１－１２３４５６７",
    "900101-5234567",
    "900101-1******",
    # telephones
    "010-1234-5678",
    "01012345678",
    "010 1234 5678",
    "010.1234.5678",
    "010 - 1234 - 5678",
    "010·1234·5678",
    "０１０－１２３４－５６７８",
    "011-123-4567",
    "02-123-4567",
    "(02) 123-4567",
    "02)1234-5678",
    "031-123-4567",
    "070-1234-5678",
    "+82 10 1234 5678",
    "+82-10-1234-5678",
    "+82 (0)10-1234-5678",
    "82-10-1234-5678",
    "555-123-4567",
    "(555) 123-4567",
    # cards
    "4111-1111-1111-1111",
    "4111 1111 1111 1111",
    "4111111111111111",
    "5123 4567 8901 2346",
    "3782 822463 10005",
    "３４５６－７８９０－１２３４－５６７８",
    # bank accounts
    "110-123-456789",
    "123456-01-234567",
    "3333-01-1234567",
    "1002-123-456789",
    "352-1234-5678-93",
    "110 - 123 - 456789",
    "11012345678901",
    # driver's licence
    "11-12-123456-12",
    # e-mail
    "hong@example.com",
    "gil.dong+minwon@mail.example.co.kr",
    "hong＠example.com",
]

STAYS = [
    "1588-1234",
    "1577-0000번으로",
    "120번 다산콜",
    "119",
    "2026-03-15",
    "2026.03.15",
    "2026년 3월 15일 10시 30분",
    "15-03-2026",
    "2026-03-15 10:30:00",
    "2025-2026",
    "09:00-18:00",
    "6411번 버스",
    "N26, N37",
    "101 102 1142번",
    "370, 421, 143, 4318",
    "12,000원",
    "1,234,567,890원",
    "12345678901원",
    "보상금 100000000원",
    "우편번호 04524",
    "마포대로 12길 34-5",
    "37.5663, 126.9018",
    "3호선 2-3번 출입문",
    "@서울교통공사",
    "a@b",
    "2,000세대 300-5번지",
    "민원번호 12345678",
]

AROUND = ["{}", "제 번호는 {}입니다", "연락처({}) 주세요", "a{}\nb", "번호:{},감사", "{}로"]


@pytest.mark.parametrize("number", GOES)
def test_what_is_somebodys_goes(number: str) -> None:
    for around in AROUND:
        if "@" in number.replace("＠", "@") and around.startswith("a"):
            continue  # the letter before it is a part of the address
        if number.startswith("02)") and "(" in around:
            continue  # that reads as (02)
        assert mask(around.format(number)) == around.format(MASK), around


@pytest.mark.parametrize("text", STAYS)
def test_what_is_the_citys_stays(text: str) -> None:
    assert mask(f"오늘 {text} 봤어요") == f"오늘 {text} 봤어요"


@pytest.mark.parametrize(
    "long", ["a" * 20_000, "1" * 20_000, "1-" * 10_000, "0 " * 10_000, "a." * 10_000]
)
def test_no_text_is_too_long(long: str) -> None:
    assert mask(mask(long)) == mask(long)


_groups = st.sampled_from([(3, 4, 4), (6, 7), (4, 4, 4, 4), (3, 3, 6), (6, 2, 6)])
_signs = st.sampled_from(["-", "–", "－", " - "])


@given(_groups, _signs, st.integers(0, 10**16 - 1), st.booleans(), st.text(max_size=20))
def test_however_it_is_written_no_long_number_is_left(
    groups: tuple[int, ...], sign: str, number: int, wide: bool, before: str
) -> None:
    digits = f"01012{number:016d}"
    if groups[0] == 6:
        digits = "9001011" + digits
    cuts = [sum(groups[:n]) for n in range(len(groups) + 1)]
    written = sign.join(digits[a:b] for a, b in pairwise(cuts))
    if wide:
        written = written.translate({48 + n: 0xFF10 + n for n in range(10)})
    before = re.sub(r"[\d.+@%-]", "", before)
    assert mask(f"{before} {written}입니다") == f"{before} {MASK}입니다"


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)
