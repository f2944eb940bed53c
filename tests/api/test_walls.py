"""What one agency knows of a person, nobody outside it reads: not in lists, nearby, search or live."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from hub.api.app import ROUTES
from hub.model.cases import EXCERPT_CHARS
from hub.model.items import Contact
from hub.model.people import Grant
from tests.api.conftest import Door, Staff
from tests.api.test_permissions import OTHER, OWN, window
from tests.live import line

NAME, EMAIL, PHONE = "임꺽정", "limkkeokjeong@example.com", "010-9876-5432"
PLACE, NOTE = "연희아파트 305호 앞", "신고자가 불안해함"
IN_TEXT = ("900101-1234567", "02-333-4444", "minwon@example.org")
TEXT = f"보도블록이 깨졌어요. {' '.join(IN_TEXT)} 로 연락 주세요"
PLANTED = (NAME, EMAIL, PHONE, PLACE, NOTE, *IN_TEXT)


@dataclass(frozen=True, slots=True)
class Street:
    """A case of one agency full of what others must not read, and one next door."""

    door: Door
    case_id: int
    next_door: int
    ref: str

    async def reads(self, who: Staff | None) -> str:
        """All that somebody gets to read by HTTP and live, as one text."""
        headers = who.bearer if who else {}
        paths = [r.path for r in ROUTES if r.method == "GET" and "{" not in r.path]
        paths += [f"/cases?state=all&q={quote(word)}" for word in ("보도", self.ref)]
        paths += [f"/cases/{self.case_id}", f"/cases/{self.next_door}"]
        paths += [f"/complaints/{self.ref}", f"/cases/{self.case_id}/photos/1"]
        told = [(await self.door.api("GET", path, headers=headers)).raw.decode() for path in paths]
        hello: dict[str, Any] = {"token": who.token} if who else {}
        async with window(self.door) as url, line(url, **hello) as live:
            for number, topic in enumerate(self._topics(), 1):
                told.append(
                    json.dumps(
                        await live.ask(type="subscribe", id=number, topic=topic), ensure_ascii=False
                    )
                )
        return "\n".join(told)

    def _topics(self) -> list[str]:
        return [
            f"queue:{OWN}",
            "queue:triage",
            "area:11440",
            f"case:{self.case_id}",
            f"public:case:{self.ref}",
            "public:area:11440",
            "alerts",
            "counts",
        ]


@pytest.fixture
async def street(door: Door) -> Street:
    received, case_id = await door.case(TEXT, contact=Contact(NAME, EMAIL, PHONE), place=PLACE)
    _, next_door = await door.case("가로등이 꺼졌어요")
    await door.give(case_id, OWN)
    await door.give(next_door, OTHER)
    agent = await door.staff(Grant("agent", OWN))
    path = f"/cases/{case_id}/notes"
    noted = await door.api("POST", path, json={"text": NOTE}, headers=agent.bearer)
    assert noted.status == 201
    return Street(door, case_id, next_door, received.ref)


async def test_the_agency_itself_reads_all_of_it(street: Street) -> None:
    told = await street.reads(await street.door.staff(Grant("agent", OWN)))
    for word in PLANTED:
        assert word in told


@pytest.mark.parametrize(
    "grants",
    [
        [Grant("agent", OTHER)],
        [Grant("supervisor", OTHER)],
        [Grant("admin", OTHER)],
        [Grant("analyst")],
        [Grant("analyst", OWN), Grant("agent", OTHER)],
        [Grant("broadcaster"), Grant("approver")],
        [],
    ],
)
async def test_other_staff_read_none_of_it(street: Street, grants: list[Grant]) -> None:
    told = await street.reads(await street.door.staff(*grants))
    for word in PLANTED:
        assert word not in told


async def test_the_public_reads_none_of_it_and_none_of_the_text(street: Street) -> None:
    told = await street.reads(None)
    for word in (*PLANTED, "보도블록"):
        assert word not in told
    assert f'"ref": "{street.ref}"' in told  # it is there, on the map of the district


async def test_no_number_is_shown_by_half_where_the_excerpt_ends(door: Door) -> None:
    analyst = await door.staff(Grant("analyst"))
    for missing in range(1, 14):
        text = "가" * (EXCERPT_CHARS - missing - 1) + " 010-9876-5432 입니다"
        _, case_id = await door.case(text)
        [case] = (await door.api("GET", "/cases?limit=1", headers=analyst.bearer)).body["cases"]
        assert case["id"] == case_id and "0" not in case["excerpt"]
        assert len(case["excerpt"]) <= EXCERPT_CHARS
