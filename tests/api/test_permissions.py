"""Who may do what: every route and every topic, asked by everybody, against one table.

A route or topic whose action is missing from ``MAY`` fails here, and so does a route that ``ASKED``
does not know how to ask.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from hub.api.app import ROUTES
from hub.bus.bell import Bell
from hub.flow import broadcast
from hub.gateway import topics
from hub.gateway.context import GatewayContext
from hub.gateway.server import serve_gateway
from hub.model.broadcasts import Content
from hub.model.people import ROLES, Grant, Principal
from hub.rules.permissions import ACTIONS
from tests.api.conftest import Door, Staff
from tests.live import line

OWN, OTHER = "mapo_gu", "metro"
"""The agency that the case lies with, and one that it does not lie with."""

# Everybody. A role is held in the case's agency (…@own), in another (…@other), or in all (…@all).
_HELD = {f"{role}@{where}" for role in ROLES for where in ("own", "other", "all")}
EVERYBODY = _HELD | {"guest", "new admin", "link", "other link"}
SIGNED_IN = _HELD | {"new admin"}  # who must change the password first


def held(*roles: str, at: tuple[str, ...] = ("own", "other", "all")) -> set[str]:
    return {f"{role}@{where}" for role in roles for where in at}


HERE = ("own", "all")

MAY: dict[str, set[str]] = {
    "public.read": EVERYBODY,
    "session.open": EVERYBODY,
    "complaint.send": EVERYBODY,
    "hook.push": EVERYBODY,  # the signature decides
    "complaint.follow": {"link"},
    "session.own": SIGNED_IN,
    "case.list": held("agent", "supervisor", "admin", "analyst"),
    "case.read": held("agent", "supervisor", "admin", "analyst", at=HERE),
    "case.work": held("agent", "supervisor", "admin", at=HERE),
    "person.erase": held("admin", at=HERE),
    "counts.read": held("agent", "supervisor", "admin", "analyst"),
    "people.read": held("agent", "supervisor", "admin"),
    "broadcast.read": held("broadcaster", "approver", "admin"),
    "broadcast.write": held("broadcaster"),
    "broadcast.approve": held("approver"),
    "broadcast.cancel": held("broadcaster", "approver"),
    "account.read": held("supervisor", "analyst", "admin"),
}

REFUSALS = {
    "session.required",
    "session.must_change_password",
    "permission.denied",
    "case.not_found",
    "topic.denied",
}

STALE = {"version": 999}  # let in, and then told that the case has moved on: nothing changes
MOVE = STALE | {"content_hash": "0" * 64}
CONTENT = {
    "severity": "safety",
    "headline": {"ko": "훈련", "en": "Drill"},
    "text": {"ko": "훈련입니다", "en": "This is a drill"},
    "areas": [],
    "expires_in_min": 60,
}
Ask = tuple[str | None, str, Any]
"""The action, if the route's own does not say all; the query; the body."""

ASKED: dict[str, list[Ask]] = {
    "GET /session": [(None, "", None)],
    "POST /session": [(None, "", {"login": "nobody", "password": "x" * 201})],
    "DELETE /session": [(None, "", None)],
    "POST /password": [(None, "", {"old": "x" * 12, "new": "x" * 12})],
    "GET /users": [(None, "", None)],
    "GET /services": [(None, "", None)],
    "GET /agencies": [(None, "", None)],
    "GET /areas": [(None, "", None)],
    "GET /areas/at": [(None, "?lat=37.5663&lon=126.9018", None)],
    "GET /places": [(None, "?q=a", None)],
    "GET /tiles/{z}/{x}/{y}": [(None, "", None)],
    "GET /alerts": [(None, "", None)],
    "POST /photos": [(None, "", b"no photo")],
    "POST /complaints": [(None, "", {"text": "가로등이 꺼졌어요"})],
    "GET /complaints/{ref}": [(None, "", None)],
    "POST /complaints/{ref}/additions": [(None, "", {"text": "어제부터요"})],
    "POST /complaints/{ref}/withdraw": [(None, "", None)],
    "GET /complaints/{ref}/photos/{n}": [(None, "", None)],
    "GET /cases": [(None, "?q=%EA%B0%80", None)],
    "GET /cases/{id}": [(None, "", None)],
    "POST /cases/{id}/take": [(None, "", STALE)],
    "POST /cases/{id}/assignee": [(None, "", STALE | {"user": None})],
    "POST /cases/{id}/moves": [(None, "", STALE | {"to": "waiting", "reason": "x"})],
    "POST /cases/{id}/labels": [(None, "", STALE | {"urgency": "high"})],
    "POST /cases/{id}/undo": [(None, "", STALE)],
    "POST /cases/{id}/agency": [(None, "", STALE | {"agency": "fire", "reason": "x"})],
    "POST /cases/{id}/answers": [(None, "", STALE | {"text": "고쳤습니다"})],
    "POST /cases/{id}/notes": [(None, "", {"text": "확인"})],
    "POST /cases/{id}/erase": [(None, "", {"reason": "asked"})],
    "GET /cases/{id}/photos/{n}": [(None, "", None)],
    "GET /broadcasts": [(None, "", None)],
    "POST /broadcasts": [(None, "", CONTENT)],
    "PATCH /broadcasts/{id}": [(None, "", CONTENT | STALE)],
    "POST /broadcasts/{id}/moves": [
        ("broadcast.write", "", MOVE | {"to": "submitted"}),
        ("broadcast.write", "", MOVE | {"to": "draft"}),
        ("broadcast.approve", "", MOVE | {"to": "returned", "reason": "x"}),
        ("broadcast.approve", "", MOVE | {"to": "approved"}),
        ("broadcast.cancel", "", MOVE | {"to": "cancelled"}),
    ],
    "GET /accounts": [(None, "", None)],
    "POST /hooks/{account}": [(None, "", b"{}")],
}


@dataclass(frozen=True, slots=True)
class Town:
    """A case with its agency, a broadcast being written, and everybody."""

    door: Door
    case_id: int
    ref: str
    broadcast_id: int
    headers: Mapping[str, dict[str, str]]
    hellos: Mapping[str, dict[str, Any]]

    def path(self, template: str) -> str:
        is_case = template.startswith("/cases")
        values = {
            "id": self.case_id if is_case else self.broadcast_id,
            "ref": self.ref,
            "n": 1,
            "account": "nowhere",
            **dict.fromkeys("zxy", 0),
        }
        return template.format(**values)


@pytest.fixture
async def town(door: Door) -> Town:
    mine, case_id = await door.case()
    other, _ = await door.case("가로등이 꺼졌어요")
    await door.give(case_id, OWN)
    writer = await door.staff(Grant("broadcaster"))
    content = Content("safety", CONTENT["headline"], CONTENT["text"], (), 60)  # type: ignore[arg-type]
    broadcast_id = await broadcast.draft(door.ground, door.context.city, writer.who, content)
    people: dict[str, Staff] = {"new admin": await door.staff(Grant("admin"), must_change=True)}
    for role in ROLES:
        for where, agency in (("own", OWN), ("other", OTHER), ("all", None)):
            people[f"{role}@{where}"] = await door.staff(Grant(role, agency))
    links = {"link": mine, "other link": other}
    return Town(
        door,
        case_id,
        mine.ref,
        broadcast_id,
        {"guest": {}}
        | {name: one.bearer for name, one in people.items()}
        | {name: {"Authorization": f"Case {one.secret}"} for name, one in links.items()},
        {"guest": {}}
        | {name: {"token": one.token} for name, one in people.items()}
        | {name: {"case": {"ref": one.ref, "secret": one.secret}} for name, one in links.items()},
    )


def asks() -> Iterator[tuple[str, str, str, str, Any]]:
    """(action, method, path, query, body) of everything there is to ask; sign-out last."""
    for route in sorted(ROUTES, key=lambda r: r.path == "/session" and r.method == "DELETE"):
        for action, query, body in ASKED[f"{route.method} {route.path}"]:
            yield action or route.action, route.method, route.path, query, body


async def test_every_route_lets_in_exactly_whom_the_table_says(town: Town) -> None:
    wrong = []
    for action, method, path, query, body in asks():
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        for name, headers in town.headers.items():
            reply = await town.door.api(method, town.path(path) + query, headers=headers, **sent)
            assert reply.status < 500, (method, path, name)
            if (reply.code not in REFUSALS) != (name in MAY[action]):
                wrong.append(f"{method} {path} {name}: {reply.status} {reply.code}")
    assert wrong == []


async def test_a_refusal_says_why_and_not_whether_the_thing_exists(town: Town) -> None:
    path = f"/cases/{town.case_id}"
    for name, status, code in (
        ("guest", 401, "session.required"),
        ("link", 401, "session.required"),
        ("new admin", 403, "session.must_change_password"),
        ("broadcaster@own", 403, "permission.denied"),
        ("agent@other", 404, "case.not_found"),
    ):
        reply = await town.door.api("GET", path, headers=town.headers[name])
        assert (reply.status, reply.code) == (status, code), name
    for name, there in (("agent@other", path), ("agent@all", "/cases/999999")):
        reply = await town.door.api("GET", there, headers=town.headers[name])
        assert (
            reply.body
            == (await town.door.api("GET", "/cases/888888", headers=town.headers["agent@own"])).body
        )
    for name in ("other link", "guest", "agent@own"):
        reply = await town.door.api("GET", f"/complaints/{town.ref}", headers=town.headers[name])
        assert reply.status in (401, 403, 404), name


def test_every_action_is_somebodys_and_is_used() -> None:
    used = {action for action, *_ in asks()} | set(topics.ACTION_OF.values())
    used |= {route.action for route in ROUTES}
    assert set(ACTIONS) == set(MAY) == used


@asynccontextmanager
async def window(door: Door) -> AsyncIterator[str]:
    """The address of a real gateway on the same database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    db, bell, rates = door.ground.db, Bell("redis://127.0.0.1:1"), door.context.rates
    context = GatewayContext(db, db, bell, "127.0.0.1", port, 8311, rates)
    serving = asyncio.create_task(serve_gateway(context))
    try:
        async with asyncio.timeout(20):
            while await asyncio.to_thread(_is_free, port):
                assert not serving.done()
        yield f"ws://127.0.0.1:{port}/live"
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


# Every topic: its kind, its name, who may where the kind's action does not say all.
def topics_to_ask(town: Town) -> list[tuple[str, str, set[str]]]:
    may = {kind: MAY[action] for kind, action in topics.ACTION_OF.items()}
    workers = ("agent", "supervisor", "admin", "analyst")
    asked = [
        ("queue", f"queue:{OWN}", may["queue"]),
        ("queue", f"queue:{OTHER}", held(*workers, at=("other", "all"))),
        ("queue", "queue:triage", held(*workers)),
        ("area", "area:11440", may["area"]),
        ("case", f"case:{town.case_id}", may["case"]),
        ("case", "case:999999", set()),
        ("public:case", f"public:case:{town.ref}", may["public:case"]),
        ("public:area", "public:area:11440", may["public:area"]),
        ("alerts", "alerts", may["alerts"]),
        ("broadcasts", "broadcasts", may["broadcasts"]),
        ("counts", "counts", may["counts"]),
        ("me", "me", may["me"]),
    ]
    assert {kind for kind, *_ in asked} == set(topics.ACTION_OF)
    return asked


async def test_every_topic_lets_in_exactly_whom_the_table_says(town: Town) -> None:
    wrong = []
    async with window(town.door) as url:
        for name, hello in town.hellos.items():
            async with line(url, **hello) as live:
                for _, topic, may in topics_to_ask(town):
                    await live.subscribe(topic)
                    frame = await live.hear(within_s=20)
                    if (frame["type"] == "snapshot") != (name in may):
                        wrong.append(f"{topic} {name}: {frame['type']} {frame.get('code')}")
                    assert frame["type"] == "snapshot" or frame["code"] in REFUSALS
    assert wrong == []


async def test_a_list_holds_only_ones_own_agencies_and_triage(door: Door) -> None:
    agencies = (OWN, OTHER, None)
    ids = {}
    for number, agency in enumerate(agencies):
        _, case_id = await door.case(f"보도블록이 깨졌어요 {number}")
        await door.give(case_id, agency)
        ids[agency] = case_id
    for grants, seen in (
        ([Grant("agent", OWN)], {OWN, None}),
        ([Grant("agent")], {OWN, OTHER, None}),
        ([Grant("agent", OWN), Grant("broadcaster", OTHER)], {OWN, None}),
        ([Grant("agent", OWN), Grant("broadcaster")], {OWN, None}),
        ([Grant("agent", OWN), Grant("analyst", OTHER)], {OWN, OTHER, None}),
    ):
        me = await door.staff(*grants)
        reply = await door.api("GET", "/cases", headers=me.bearer)
        assert {case["id"] for case in reply.body["cases"]} == {ids[a] for a in seen}, grants


async def test_what_a_mask_hides_is_not_found_by_searching(door: Door) -> None:
    received, case_id = await door.case("보도블록이 깨졌어요. 제 번호는 010-1234-5678")
    await door.give(case_id, OWN)
    path = "/cases?q=010-1234"
    agent = await door.staff(Grant("agent", OWN))
    assert len((await door.api("GET", path, headers=agent.bearer)).body["cases"]) == 1
    both = await door.staff(Grant("agent", OTHER), Grant("analyst", OWN))
    assert (await door.api("GET", path, headers=both.bearer)).body["cases"] == []
    analyst = await door.staff(Grant("analyst"))
    assert (await door.api("GET", path, headers=analyst.bearer)).body["cases"] == []
    path = f"/cases?q={received.ref[:5]}"
    assert len((await door.api("GET", path, headers=analyst.bearer)).body["cases"]) == 1


def test_a_principal_without_grants_may_nothing() -> None:
    from hub.rules.permissions import may

    nobody = Principal(1, "a", "A", ())
    for action, rule in ACTIONS.items():
        assert may(nobody, action, agency=OWN) == (rule.public or rule.staff)
    with pytest.raises(KeyError):
        may(nobody, "no.such.action")
