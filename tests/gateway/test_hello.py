"""Saying hello: by token, by cookie, by private link; and what happens to garbage."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hub.flow.complain import Complaint
from tests.gateway.conftest import Window, serving
from tests.live import Line, line


async def test_a_guest_is_welcome_and_nobody(window: Window) -> None:
    async with connect(window.url, proxy=None) as connection:
        answer = await Line(connection).ask(type="hello")
    assert answer["protocol"] == 1 and answer["user"] is None


async def test_a_token_says_who_one_is(window: Window) -> None:
    agent = await window.staff(("agent", "jongno_gu"), ("analyst", None))
    async with connect(window.url, proxy=None) as connection:
        answer = await Line(connection).ask(type="hello", token=agent.token)
        assert answer["user"] == {
            "id": agent.who.user_id,
            "login": agent.who.login,
            "name": agent.who.name,
            "grants": [["agent", "jongno_gu"], ["analyst", None]],
        }
        assert (await Line(connection).ask(type="hello"))["code"] == "frame.hello_again"


async def test_a_token_of_nobody_closes(window: Window) -> None:
    async with connect(window.url, proxy=None) as connection:
        one = Line(connection)
        await one.say(type="hello", token="wrong")
        assert await one.ended() == 4401


ORIGINS: dict[str | None, bool] = {
    "http://127.0.0.1:8311": True,  # the page's own host, on the port of the pages
    "http://127.0.0.1:8312": False,
    "http://127.0.0.1:9000": False,  # another service on this host
    "http://127.0.0.1": False,
    "https://127.0.0.1:8311": False,
    "http://evil.example:8311": False,
    "http://127.0.0.1:831100": False,
    "http://evil.example": False,
    "http://127.0.0.1.evil.example": False,
    "http://[": False,
    "null": False,
    None: False,
}


async def test_a_cookie_counts_only_from_ones_own_page(window: Window) -> None:
    await cookie_counts(window, ORIGINS)


async def test_behind_a_proxy_a_cookie_counts_only_from_the_public_origin(
    database_url: str, redis_url: str
) -> None:
    public = "https://hub.example.org"
    origins = dict.fromkeys(ORIGINS, False) | {public: True, f"{public}:8311": False}
    origins |= {"http://hub.example.org": False, "https://hub.example.org.evil.example": False}
    async with serving(database_url, redis_url, public_url=public) as window:
        await cookie_counts(window, origins)


async def cookie_counts(window: Window, origins: Mapping[str | None, bool]) -> None:
    """A cookie signs in from those origins that are said to be one's own, and from no others."""
    agent = await window.staff(("agent", None))
    headers = {"Cookie": f"other=1; bigear_session={agent.token}"}
    for origin, signed_in in origins.items():
        sent = {} if origin is None else {"Origin": origin}
        async with connect(window.url, proxy=None, additional_headers=headers | sent) as connection:
            answer = await Line(connection).ask(type="hello")
            assert (answer["user"] is not None) == signed_in, origin
            await Line(connection).subscribe("counts")
            answer = await Line(connection).hear()
            assert answer["type"] == ("snapshot" if signed_in else "error"), origin


async def test_a_private_link_opens_its_own_case_only(window: Window) -> None:
    mine, _ = await window.complain(Complaint("web", "가로등이 꺼졌어요"))
    other, _ = await window.complain(Complaint("web", "보도블록이 깨졌어요"))
    for secret, answers in (
        (mine.secret, ["snapshot", "error"]),
        ("wrong", ["error", "error"]),
    ):
        async with line(window.url, case={"ref": mine.ref, "secret": secret}) as one:
            heard = []
            for ref in (mine.ref, other.ref):
                await one.subscribe(f"public:case:{ref}")
                heard.append((await one.hear())["type"])
        assert heard == answers


FIRST: list[str | bytes] = [
    "",
    "{",
    "[]",
    "null",
    "\x00",
    '{"type":"hello","token":7}',
    '{"type":"hello","who":"me"}',
    r'{"type":"hello","token":"\ud800"}',
    '{"type":"subscribe","id":1,"topic":"alerts"}',
    b"\xff\xfe",
    b"\x00" * 1000,
]


async def test_whoever_does_not_say_hello_first_is_sent_away(window: Window) -> None:
    for frame in FIRST:
        async with connect(window.url, proxy=None) as connection:
            await connection.send(frame)
            assert await Line(connection).ended() == 4400, frame


async def test_garbage_after_hello_is_refused_and_harms_nobody(window: Window) -> None:
    async with line(window.url) as one:
        for frame in [*FIRST[:-3], '{"type":"subscribe","id":1,"topic":"alerts","position":1e99}']:
            await one.connection.send(frame)
            refused = await one.hear()
            assert refused["code"] in ("frame.invalid", "frame.hello_again"), frame
        for topic in (
            "",
            "queue:",
            "queue:a b",
            "case:0",
            "case:x",
            "public:case:../x",
            "말",
            "x" * 99,
        ):
            refused = await one.ask(type="subscribe", id=5, topic=topic)
            assert refused == {"type": "error", "code": "topic.unknown", "id": 5}
        assert (await one.ask(type="unsubscribe", id=9))["code"] == "topic.not_open"
        assert (await one.ask(type="subscribe", id=1, topic="alerts"))["type"] == "snapshot"
        for number, topic in ((1, "public:area:x"), (2, "alerts")):
            refused = await one.ask(type="subscribe", id=number, topic=topic)
            assert refused["code"] == "topic.open_already"


async def test_topics_are_not_without_end(window: Window) -> None:
    async with line(window.url) as one:
        for number in range(32):
            answer = await one.ask(type="subscribe", id=number, topic=f"public:area:a{number}")
            assert answer["type"] == "snapshot"
        refused = await one.ask(type="subscribe", id=99, topic="alerts")
        assert refused["code"] == "topic.too_many"
        await one.say(type="unsubscribe", id=0)
        assert (await one.ask(type="subscribe", id=99, topic="alerts"))["type"] == "snapshot"


async def test_a_frame_too_large_closes(window: Window) -> None:
    async with line(window.url) as one:
        await one.connection.send(json.dumps({"type": "subscribe", "topic": "x" * 20_000}))
        assert await one.ended() == 1009


async def test_there_is_one_path(window: Window) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(window.url.replace("/live", "/other"), proxy=None)
    assert refused.value.response.status_code == 404
