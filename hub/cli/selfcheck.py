"""The check behind `./run --check`: real items through the running hub, seen on real websockets."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from hub import wiring
from hub.flow import casework, people
from hub.flow.broadcast import move
from hub.flow.ground import Ground
from hub.flow.receive import receive
from hub.model.errors import BigEarError
from hub.model.items import Batch, Inbound
from hub.model.people import Grant, Principal
from hub.model.places import Area
from hub.model.rulebook import Agency
from hub.settings import Settings
from hub.store import broadcasts, reading
from hub.store import people as stored_people
from hub.wiring import Standing

STEP_S = 10.0
"""A step that takes longer has failed."""
CHECK_HEADER = "X-BigEar-Check"


class StepFailed(Exception):
    """What was expected did not arrive."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A person made for the check, with an open session."""

    principal: Principal
    token: str


async def run_check(settings: Settings) -> int:
    """Send a complaint, a post and an exercise through the running hub; 0 if each arrived."""
    print("check", flush=True)
    async with (
        wiring.standing(settings, pool_size=4) as stand,
        _staff(stand.ground) as (writer, approver),
    ):
        check = _Check(settings, stand, writer, approver)
        try:
            await check.complaint()
            await check.post()
            await check.exercise()
        except (StepFailed, BigEarError, OSError, HTTPException) as failed:
            print(f"  FAILED  {failed}", flush=True)
            return 1
        finally:
            await check.put_away()
    print("  all arrived where they belong", flush=True)
    return 0


class _Check:
    """One run of the check."""

    def __init__(self, settings: Settings, stand: Standing, writer: Staff, approver: Staff) -> None:
        self._settings = settings
        self._stand = stand
        self._writer = writer
        self._approver = approver
        self._office, self._area = _an_office(stand)
        self._cases: list[int] = []
        self._broadcast = 0

    async def complaint(self) -> None:
        """A complaint over HTTP, at a point, to the office of that district."""
        body = {
            "text": "점검: 보도블록이 깨져서 보행자가 걸려 넘어졌습니다. 보도를 고쳐 주세요.",
            "lat": self._area.lat,
            "lon": self._area.lon,
        }
        async with self._live(f"queue:{self._office.code}") as live:
            began = time.perf_counter()
            made = await self._post("/complaints", body, self._writer.token)
            await self._arrived(live, made["ref"], "complaint", self._office, began)

    async def post(self) -> None:
        """A post of a platform, placed by its words alone, to the same office."""
        district = self._stand.city.now.index.district_of(self._area)
        key = secrets.token_hex(8)
        inbound = Inbound(
            kind="post",
            platform="check",
            external_id=key,
            text=f"점검: {district.name_ko} 길가의 보도블록이 깨져 사람들이 넘어집니다. 고쳐 주세요.",
            created_at=datetime.now(UTC),
            mark="check",
        )
        async with self._live(f"queue:{self._office.code}") as live:
            began = time.perf_counter()
            [received] = await receive(self._stand.ground, Batch((inbound,)))
            await self._arrived(live, received.ref, "post", self._office, began)

    async def exercise(self) -> None:
        """An exercise, written by one, approved by another, as a banner on a guest's page."""
        body = {
            "severity": "safety",
            "headline": {"ko": "점검 훈련", "en": "Check exercise"},
            "text": {"ko": "시스템 점검입니다.", "en": "This is a check of the system."},
            "areas": [self._area.district],
            "expires_in_min": 5,
            "exercise": True,
        }
        async with self._live("alerts", guest=True) as live:
            made = await self._post("/broadcasts", body, self._writer.token)
            self._broadcast = made["id"]
            for staff, target in ((self._writer, "submitted"), (self._approver, "approved")):
                began = time.perf_counter()
                made = await self._post(
                    f"/broadcasts/{made['id']}/moves",
                    {
                        "to": target,
                        "version": made["version"],
                        "content_hash": made["content_hash"],
                    },
                    staff.token,
                )
            change = await _next(live, lambda c: c.get("alert", {}).get("id") == made["id"])
            took_ms = (time.perf_counter() - began) * 1000
            if not change["alert"]["exercise"]:
                raise StepFailed("the exercise was not marked as one")
            print(
                f"  broadcast  approved → banner of a guest          {took_ms:6.0f} ms", flush=True
            )

    async def put_away(self) -> None:
        """Close what was sent, so that it stands in nobody's way."""
        ground = self._stand.ground
        for case_id in self._cases:
            async with ground.db.acquire() as connection:
                [record] = await reading.records(connection, [case_id])
            await casework.move(
                ground, self._writer.principal, case_id, record.version, "set_aside", reason="check"
            )
        if self._broadcast:
            async with ground.db.acquire() as connection:
                [told] = await broadcasts.records(connection, [self._broadcast])
            if told.state not in ("cancelled", "expired"):
                await move(
                    ground,
                    self._writer.principal,
                    told.id,
                    told.version,
                    "cancelled",
                    told.content_hash,
                    "check",
                )

    async def _arrived(
        self, live: ClientConnection, ref: str, kind: str, office: Agency, began: float
    ) -> None:
        change = await _next(live, lambda c: c.get("case", {}).get("ref") == ref)
        took_ms = (time.perf_counter() - began) * 1000
        case = change["case"]
        self._cases.append(case["id"])
        if case.get("agency") != office.code or case.get("mark") != "check":
            raise StepFailed(f"the {kind} arrived as {case}")
        print(
            f"  {kind:<9}  sent → {case['service']} → {office.name_ko}"
            f" ({case['rule']}) {took_ms:12.0f} ms",
            flush=True,
        )

    async def _post(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            CHECK_HEADER: self._settings.home.secret("check"),
            # Without one, a second check within ten minutes would be answered as the first.
            "Idempotency-Key": secrets.token_urlsafe(16),
        }

        def post() -> tuple[int, bytes]:
            host = _reach(self._settings.listen)
            with closing(HTTPConnection(host, self._settings.http_port, timeout=STEP_S)) as api:
                api.request("POST", f"/api/v1{path}", json.dumps(body).encode(), headers)
                answer = api.getresponse()
                return answer.status, answer.read()

        status, raw = await asyncio.to_thread(post)
        if status >= 400:
            raise StepFailed(f"{path}: {status} {raw.decode('utf-8', 'replace')}")
        return dict(json.loads(raw))

    @asynccontextmanager
    async def _live(self, topic: str, *, guest: bool = False) -> AsyncIterator[ClientConnection]:
        host = _reach(self._settings.listen)
        host = f"[{host}]" if ":" in host else host
        async with connect(f"ws://{host}:{self._settings.live_port}/live") as live:
            hello: dict[str, Any] = {"type": "hello"}
            if not guest:
                hello["token"] = self._writer.token
            await live.send(json.dumps(hello))
            await live.send(json.dumps({"type": "subscribe", "id": 1, "topic": topic}))
            async with asyncio.timeout(STEP_S):
                while (frame := json.loads(await live.recv()))["type"] != "snapshot":
                    if frame["type"] == "error":
                        raise StepFailed(f"{topic}: {frame['code']}")
            yield live


async def _next(live: ClientConnection, wanted: Any) -> dict[str, Any]:
    """The first change that is the wanted one. Raises StepFailed after ten seconds."""
    try:
        async with asyncio.timeout(STEP_S):
            while True:
                frame = json.loads(await live.recv())
                for change in frame.get("changes", ()):
                    if wanted(change):
                        return dict(change)
    except TimeoutError:
        raise StepFailed(f"nothing arrived within {STEP_S:.0f} s") from None


@asynccontextmanager
async def _staff(ground: Ground) -> AsyncIterator[tuple[Staff, Staff]]:
    """Two people for the time of the check; afterwards they can never sign in again."""
    made = []
    for number, roles in enumerate((("supervisor", "broadcaster"), ("approver",))):
        login = f"check-{number}-{secrets.token_hex(4)}"
        grants = [Grant(role) for role in roles]
        signed_in = await people.add_visitor(ground, login, "Check", grants)
        made.append(Staff(signed_in.session.principal, signed_in.token))
    try:
        yield made[0], made[1]
    finally:
        for staff in made:
            async with ground.db.acquire() as connection:
                await stored_people.end_sessions(connection, staff.principal.user_id)
                await stored_people.disable(connection, staff.principal.user_id)


def _an_office(stand: Standing) -> tuple[Agency, Area]:
    """An agency with a district, and a place in that district."""
    city = stand.city.now
    for agency in city.book.agencies:
        for area in city.index.areas:
            if area.kind == "district" or area.district != agency.district:
                continue
            at = city.index.at(area.lat, area.lon).area
            if at is not None and at.district == agency.district:
                return agency, area
    raise StepFailed("no agency has a district with a known place")


def _reach(listen: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen)  # noqa: S104
