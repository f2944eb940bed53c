"""A feed over real HTTP: what is polled, what becomes of it, and what a server may do to the hub."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import signal
import tracemalloc
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.platforms.rss import apart
from connectors.platforms.rss.apart import parse_apart
from connectors.platforms.rss.connector import MAX_FEED_BYTES
from connectors.platforms.rss.parse import Entry, parse
from hub.flow import accounts
from hub.net import client
from hub.net.client import Outside
from hub.store.accounts import AccountState
from tests.connectors.conftest import FeedServer, Post, Supervised, eventually, rss_of

CODE = "rss_city_blog"
OTHER = "rss_parks_blog"


async def enable(hub: Supervised, feed: FeedServer, code: str = CODE, path: str = "/feed") -> None:
    settings = {"url": feed.url + path, "interval_s": "0.05"}
    await accounts.enable(hub.stand.ground, code, settings, None)


async def polls(feed: FeedServer, more: int) -> None:
    """Wait until the feed was asked so many times more."""
    until = len(feed.statuses) + more

    async def asked() -> bool:
        return len(feed.statuses) >= until

    await eventually(asked)


async def test_entries_come_once_and_an_unchanged_feed_is_answered_304(
    hub: Supervised, feed: FeedServer
) -> None:
    feed.posts = [Post("1", "하나"), Post("2", "둘")]
    await enable(hub, feed)
    async with hub.running():
        state = await hub.until_health(CODE, "connected")
        await polls(feed, 3)
        assert await hub.texts() == ["하나", "둘"]
        assert feed.statuses[:3] == [200, 304, 304]
        feed.posts.append(Post("3", "셋"))
        # A post that was written long ago and appears only now is as new as any other.
        feed.posts.append(Post("0", "오래된 글", date_s=1.0e9))
        await polls(feed, 3)
    assert await hub.texts() == ["하나", "둘", "셋", "오래된 글"]
    assert state.last_ok_at is not None
    assert state.last_item_at is not None
    assert await hub.told(CODE) == ["starting", "connected"]


async def test_an_edited_entry_is_the_same_item_with_a_new_text(
    hub: Supervised, feed: FeedServer
) -> None:
    feed.posts = [Post("1", "before"), Post("2", "other")]
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        feed.posts[0].text = "after"
        await polls(feed, 3)
    assert await hub.texts() == ["after", "other"]
    changed = await hub.fetch("SELECT type FROM outbox WHERE type = 'item.changed'")
    assert len(changed) == 1


async def test_one_feed_of_two_accounts_gives_one_item_that_both_see(
    hub: Supervised, feed: FeedServer
) -> None:
    feed.posts = [Post("1", "one")]
    await enable(hub, feed)
    await enable(hub, feed, OTHER)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        await hub.until_health(OTHER, "connected")
    assert await hub.texts() == ["one"]
    rows = await hub.fetch("SELECT account FROM item_account ORDER BY account")
    assert [row["account"] for row in rows] == [CODE, OTHER]


async def test_a_feed_that_moved_is_followed_and_nothing_comes_twice(
    hub: Supervised, feed: FeedServer
) -> None:
    feed.posts = [Post("1", "one")]
    moved = False

    async def behave(request: web.Request) -> web.StreamResponse:
        if moved and request.path == "/feed":
            return web.Response(status=301, headers={"Location": "/elsewhere"})
        return web.Response(body=rss_of(feed.posts))

    feed.behave = behave
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        moved = True
        feed.posts.append(Post("2", "two"))
        await polls(feed, 6)
        # The address is then corrected by hand: what was seen stays seen.
        await enable(hub, feed, path="/elsewhere")
        await polls(feed, 4)
    assert "/elsewhere" in feed.paths
    assert await hub.texts() == ["one", "two"]


async def test_validators_that_are_no_text_are_not_asked_with(hub: Supervised) -> None:
    """They came as bytes that no database keeps, and the account was "connecting" for ever."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        body = rss_of([Post("1", "one")])
        head = b'HTTP/1.1 200 OK\r\nETag: "\xff\xfe"\r\nLast-Modified: \xc0\xc1\r\n'
        writer.write(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = {"url": f"http://127.0.0.1:{port}/", "interval_s": "0.05"}
        await accounts.enable(hub.stand.ground, CODE, settings, None)
        async with hub.running():
            await hub.until_health(CODE, "connected")

            async def again() -> bool:
                return len(asked) > 1

            await eventually(again)
    assert await hub.texts() == ["one"]
    assert b"If-" not in asked[1]


async def test_another_feed_with_the_same_ids_has_entries_of_its_own(
    hub: Supervised, feed: FeedServer
) -> None:
    feeds = {
        "/feed": [Post("1", "one"), Post("2", "two")],
        "/other": [Post("1", "eins"), Post("2", "two"), Post("3", "drei")],
    }

    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(body=rss_of(feeds[request.path]))

    feed.behave = behave
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        await enable(hub, feed, path="/other")
        await polls(feed, 3)
        await hub.until_health(CODE, "connected")
        feeds["/other"][0].text = "uno"
        await polls(feed, 3)
    assert await hub.texts() == ["one", "two", "uno", "drei"]


async def test_an_edit_reaches_its_item_also_after_the_address_was_corrected(
    hub: Supervised, feed: FeedServer
) -> None:
    feed.posts = [Post("1", "one"), Post("2", "two")]
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        await enable(hub, feed, path="/elsewhere")
        await polls(feed, 3)
        await hub.until_health(CODE, "connected")
        for text in ("edited", "edited again"):
            feed.posts[0].text = text
            await polls(feed, 3)
    assert await hub.texts() == ["edited again", "two"]


async def test_another_account_that_takes_a_feed_over_brings_its_edits(
    hub: Supervised, feed: FeedServer
) -> None:
    feed.posts = [Post("1", "one"), Post("2", "two")]
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        await accounts.disable(hub.stand.ground, CODE)
        feed.posts[0].text = "edited meanwhile"
        await enable(hub, feed, OTHER)
        await hub.until_health(OTHER, "connected")
    assert await hub.texts() == ["edited meanwhile", "two"]
    changed = await hub.fetch("SELECT type FROM outbox WHERE type = 'item.changed'")
    assert len(changed) == 1


async def test_a_feed_of_more_than_a_cursor_holds_gives_its_newest(
    hub: Supervised, feed: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cursor grew without bound, and was written whole with each batch."""
    monkeypatch.setattr("connectors.platforms.rss.connector.MAX_SEEN", 4)
    monkeypatch.setattr("connectors.platforms.rss.parse.MAX_SEEN", 4)
    monkeypatch.setattr("connectors.platforms.rss.connector.BATCH_ITEMS", 2)
    feed.posts = [Post(f"{n}", f"post {n}") for n in range(10)]
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        await polls(feed, 2)
        feed.posts.append(Post("10", "post 10"))
        await polls(feed, 3)
    assert await hub.texts() == [f"post {n}" for n in range(6, 11)]
    cursor = await hub.cursor(CODE)
    state = await hub.state(CODE)
    assert cursor is not None
    assert len(cursor["seen"]) == 4
    assert state is not None
    assert state.unsupported == 7


@pytest.mark.parametrize(
    ("body", "code", "stored"),
    [
        (b"<html>", "feed.html", 6),
        (b"<rss", "feed.malformed", 4),
        (b"<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><rss/>", "feed.doctype", 60),
    ],
)
async def test_what_is_no_feed_is_kept_once_told_once_and_tried_again(
    hub: Supervised, feed: FeedServer, body: bytes, code: str, stored: int
) -> None:
    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    feed.behave = behave
    await enable(hub, feed)
    async with hub.running():
        state = await hub.until_health(CODE, "unknown_error")
        assert state.error_code == code
        await polls(feed, 3)
        feed.behave, feed.posts = None, [Post("1", "well again")]
        await hub.until_health(CODE, "connected")
    assert await hub.texts() == ["well again"]
    assert await hub.told(CODE) == ["starting", "unknown_error", "connected"]
    [kept] = await hub.fetch("SELECT times, length(raw) AS length, code FROM quarantine")
    assert (kept["code"], kept["length"]) == (code, stored)
    assert kept["times"] >= 3


async def test_a_refused_password_is_told_once_and_stops_the_account_until_enabled_again(
    hub: Supervised, feed: FeedServer
) -> None:
    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(status=401)

    feed.behave = behave
    settings = {"url": feed.url, "interval_s": "0.05"}
    await accounts.enable(hub.stand.ground, CODE, settings, "a secret of enough signs")
    async with hub.running():
        state = await hub.until_health(CODE, "bad_credentials")
        assert state.error_code == "connector.bad_credentials"
        await asyncio.sleep(0.3)
        assert feed.statuses == [401]
    async with hub.running():  # a restart of the role changes nothing
        await asyncio.sleep(0.3)
        assert feed.statuses == [401]
        assert await hub.told(CODE) == ["starting", "bad_credentials"]
        feed.behave = None
        await enable(hub, feed)
        await hub.until_health(CODE, "connected")


@pytest.mark.parametrize("status", [401, 403])
async def test_an_account_without_a_secret_is_tried_again_when_it_is_kept_out(
    hub: Supervised, feed: FeedServer, status: int
) -> None:
    """A web firewall's one answer stopped a feed until somebody enabled it again."""

    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    feed.behave, feed.posts = behave, [Post("1", "one")]
    await enable(hub, feed)
    async with hub.running():
        state = await hub.until_health(CODE, "unknown_error")
        assert state.error_code == "connector.forbidden"
        feed.behave = None
        await hub.until_health(CODE, "connected")
    assert await hub.texts() == ["one"]
    assert await hub.told(CODE) == ["starting", "unknown_error", "connected"]


async def test_a_server_that_is_busy_or_away_is_left_alone_and_tried_again(
    hub: Supervised, feed: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.workers.connectors.MIN_RETRY_AFTER_S", 0.01)
    feed.posts = [Post("1", "one")]
    answers = [(503, {}), (500, {}), (429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    seen: list[AccountState | None] = []

    async def behave(request: web.Request) -> web.StreamResponse:
        seen.append(await hub.state(CODE))
        if not answers:
            return web.Response(body=rss_of(feed.posts))
        status, headers = answers.pop(0)
        return web.Response(status=status, headers=headers)

    feed.behave = behave
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
    healths = [(state.health, state.error_code) for state in seen if state is not None]
    assert healths[:5] == [
        ("connecting", None),
        ("transient_disconnect", "connector.unavailable"),
        ("transient_disconnect", "connector.unavailable"),
        ("rate_limited", "connector.rate_limited"),
        ("rate_limited", "connector.rate_limited"),
    ]
    assert await hub.texts() == ["one"]
    assert await hub.told(CODE) == [
        "starting", "transient_disconnect", "rate_limited", "connected",
    ]  # fmt: skip


async def test_a_server_that_hangs_or_breaks_off_is_given_up_in_time(
    hub: Supervised, feed: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.posts = [Post("1", "one")]
    hung: list[str] = []

    async def behave(request: web.Request) -> web.StreamResponse:
        hung.append(request.path)
        if len(hung) == 1:
            await asyncio.sleep(30)
        if len(hung) == 2:
            response = web.StreamResponse(headers={"Content-Length": "100000"})
            await response.prepare(request)
            await response.write(rss_of(feed.posts)[:-20])
            assert request.transport is not None
            request.transport.abort()
            return response
        return web.Response(body=rss_of(feed.posts))

    feed.behave = behave
    await enable(hub, feed)
    monkeypatch.setattr(client, "TIMEOUT_S", 0.3)
    async with Outside(allowed_private=hub.outside._allowed) as impatient:
        hub.outside = impatient
        async with hub.running():
            state = await hub.until_health(CODE, "transient_disconnect")
            assert state.error_code == "connector.unavailable"
            await hub.until_health(CODE, "connected")
    assert await hub.texts() == ["one"]


SLOW = b"<rss version='2.0'><channel><item><author>%b@ (</author></item></channel></rss>"
"""A minute of feedparser's search for an address, in 100 kB."""


async def test_a_feed_that_takes_too_long_to_read_stops_only_itself(
    hub: Supervised, feed: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LEAST_CPU_S", 1)

    async def behave(request: web.Request) -> web.StreamResponse:
        slow = request.path == "/slow" and "well" not in told
        return web.Response(body=SLOW % (b"a." * 50_000) if slow else rss_of([Post("1", "one")]))

    told: list[str] = []
    feed.behave = behave
    await enable(hub, feed, path="/slow")
    await enable(hub, feed, OTHER)
    async with hub.running():
        await hub.until_health(OTHER, "connected")
        state = await hub.until_health(CODE, "unknown_error")
        assert state.error_code == "feed.too_costly"
        told.append("well")
        await hub.until_health(CODE, "connected")
    [kept] = await hub.fetch("SELECT account, code FROM quarantine")
    assert (kept["account"], kept["code"]) == (CODE, "feed.too_costly")


async def test_reading_a_feed_ends_when_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    started: asyncio.Queue[Process] = asyncio.Queue()
    begin = asyncio.create_subprocess_exec

    async def noted(*command: Any, **how: Any) -> Process:
        process = await begin(*command, **how)
        started.put_nowait(process)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    reading = asyncio.create_task(parse_apart(SLOW % (b"a." * 50_000), "source", "post", ""))
    process = await started.get()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert process.returncode == -signal.SIGKILL


async def test_what_reads_a_feed_is_handed_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []
    begin = asyncio.create_subprocess_exec
    tell = "import json, os; print(json.dumps(dict(os.environ)))"

    async def noted(*command: Any, **how: Any) -> Process:
        other = await begin(command[0], "-c", tell, **how)
        seen.append(json.loads((await other.communicate())[0]))
        return await begin(*command, **how)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    monkeypatch.setenv("BIGEAR_DATABASE_URL", "postgresql://hub:secret@127.0.0.1/hub")
    [entry] = await parse_apart(rss_of([Post("1", "one")]), "source", "post", "")
    assert entry.inbound.text == "one"
    [environment] = seen
    assert environment["PATH"] and not any(name.startswith("BIGEAR_") for name in environment)


async def test_a_feed_that_begins_with_much_space_costs_no_more_than_another() -> None:
    """Within the time that any feed of its size has; it would take hours."""
    body = b" " * 2_000_000 + rss_of([Post("1", "one")])
    [entry] = await parse_apart(body, "source", "post", "")
    assert entry.inbound.text == "one"


async def test_the_same_bytes_again_are_not_read_again(
    hub: Supervised, feed: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every server answers 304."""
    read: list[bytes] = []

    async def noted(body: bytes, *how: str) -> list[Entry]:
        read.append(body)
        return await parse_apart(body, *how)

    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(body=rss_of(feed.posts))

    monkeypatch.setattr("connectors.platforms.rss.connector.parse_apart", noted)
    feed.behave, feed.posts = behave, [Post("1", "one")]
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        await polls(feed, 3)
        assert len(read) == 1
        feed.posts.append(Post("2", "two"))
        await polls(feed, 3)
    assert len(read) == 2
    assert await hub.texts() == ["one", "two"]


@pytest.mark.parametrize("packed", [False, True])
async def test_a_feed_without_end_is_cut_off_within_bounded_memory(
    hub: Supervised, feed: FeedServer, packed: bool
) -> None:
    """50 MB as they are, and 200 MB in a gzip of 200 kB."""
    block = b"<item><title>x</title></item>" * 40_000
    bomb = gzip.compress(b"<rss>" + b" " * 200_000_000, 1) if packed else b""

    async def behave(request: web.Request) -> web.StreamResponse:
        if packed:
            return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(block)
        return response

    feed.behave = behave
    tracemalloc.start()
    try:
        await enable(hub, feed)
        async with hub.running():
            state = await hub.until_health(CODE, "unknown_error")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert state.error_code == "answer.too_large"
    assert peak < 5 * MAX_FEED_BYTES
    assert await hub.texts() == []


async def test_no_item_is_lost_or_doubled_when_cancelled_at_any_moment(
    hub: Supervised, feed: FeedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The role is ended and started again every 0.1 to 0.5 s while 300 entries appear, some of them
    edited, in a window of 40 that a feed holds; batches are small, so that there are many cursors.
    No process is started to parse: on a busy machine that takes longer than the role lives.
    """

    async def parse_here(*asked: Any) -> list[Entry]:
        return await asyncio.to_thread(parse, *asked)

    monkeypatch.setattr("connectors.platforms.rss.connector.parse_apart", parse_here)
    monkeypatch.setattr("connectors.platforms.rss.connector.BATCH_ITEMS", 7)
    dice = random.Random(5)
    await enable(hub, feed)
    written = 0
    while written < 300:
        async with hub.running():
            until = asyncio.get_running_loop().time() + dice.uniform(0.1, 0.5)
            while asyncio.get_running_loop().time() < until:
                # Not faster than it is read: what leaves a feed before anybody polls is gone.
                if written < 300 and (written < 40 or await _count(hub) > written - 30):
                    feed.posts = [*feed.posts[-39:], Post(f"{written}", f"post {written}")]
                    written += 1
                if dice.random() < 0.1 and feed.posts:
                    feed.posts[-1].text = f"{feed.posts[-1].text.split('!')[0]}!{dice.random()}"
                await asyncio.sleep(dice.uniform(0, 0.01))
    expected = {post.guid: post.text for post in feed.posts}
    async with hub.running():
        await polls(feed, 4)
    texts = await hub.texts()
    numbers = [int(text.removeprefix("post ").split("!")[0]) for text in texts]
    assert sorted(numbers) == list(range(300))
    assert set(expected.values()) <= set(texts)
    received = await hub.fetch("SELECT subject_id FROM outbox WHERE type = 'item.received'")
    assert len(received) == len({row["subject_id"] for row in received}) == 300


async def _count(hub: Supervised) -> int:
    [row] = await hub.fetch("SELECT count(*) AS n FROM item")
    return int(row["n"])
