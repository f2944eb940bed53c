"""`bigear erase` shows first, takes only when told to, and refuses what it cannot read."""

from __future__ import annotations

import pytest

from hub.cli import main
from hub.flow.city import CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.ground import Ground
from hub.model.items import Contact
from tests.cli.conftest import Beside

AS_PYTHON = ("utf-8", "surrogateescape")
"""How Python reads the words of a command line."""


async def test_it_shows_first_and_takes_when_told_to(
    beside: Beside, ground: Ground, city: CityNow
) -> None:
    contact = Contact("홍길동", "hong@example.org")
    sent = await complain(ground, Complaint("web", "도로가 파였어요", contact=contact))
    for words in (("--ref", sent.ref.lower()), ("--contact", "HONG@example.org")):
        code, told = await beside("erase", *words)
        assert code == 0 and sent.ref in told and "--yes" in told
        assert await ground.db.fetchval("SELECT count(*) FROM item_text") == 1
    code, told = await beside("erase", "--contact", "hong@example.org", "--yes")
    assert code == 0 and "1 items" in told
    assert await ground.db.fetchval("SELECT count(*) FROM item_text") == 0
    actors = await ground.db.fetch("SELECT DISTINCT actor FROM outbox WHERE type = 'item.erased'")
    assert [row["actor"] for row in actors] == ["cli"]


async def test_an_unknown_person_is_a_refusal_with_a_code(
    beside: Beside, ground: Ground, city: CityNow
) -> None:
    for words in (("--ref", "AAAAA-AAAAA"), ("--author", "rss:x"), ("--contact", "none")):
        code, told = await beside("erase", *words, "--yes")
        assert code == 1 and "[person.not_found]" in told


async def test_an_author_without_a_platform_is_not_guessed(beside: Beside) -> None:
    assert (await beside("erase", "--author", "kim"))[0] == 2


def test_a_byte_that_is_no_text_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    contact = "홍길동".encode("cp949").decode(*AS_PYTHON)
    with pytest.raises(SystemExit) as ended:
        main(("erase", "--contact", contact))
    assert ended.value.code == 2
    assert "--contact: the characters cannot be read; UTF-8 is wanted" in capsys.readouterr().err
