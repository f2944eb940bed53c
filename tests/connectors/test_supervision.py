"""Accounts enabled and disabled while the hub runs, the samples, and the commands for both."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.platforms.samples.connector import SamplesConnector
from connectors.registry import open_connector
from connectors.scaffold import connector as scaffold
from hub.cli import accounts as cli
from hub.flow import accounts, samples
from hub.flow.receive import receive
from hub.model.errors import BigEarError
from hub.model.items import Account, Anomalous, Batch, Inbound
from hub.net.client import Outside
from hub.ports.connector import Caps, Rejected
from hub.settings import read_settings
from hub.store.accounts import cursor, states
from hub.wiring import Standing
from tests.connectors.conftest import FeedServer, Post, Supervised, eventually

CODE = "rss_city_blog"


async def enable(hub: Supervised, feed: FeedServer, path: str = "/") -> None:
    settings = {"url": feed.url + path, "interval_s": "0.05"}
    await accounts.enable(hub.stand.ground, CODE, settings, None)


async def test_enabling_changing_and_disabling_are_followed(
    hub: Supervised, feed: FeedServer
) -> None:
    feed.posts = [Post("1", "one")]
    async with hub.running():
        await enable(hub, feed)
        await hub.until_health(CODE, "connected")
        await enable(hub, feed, "/changed")

        async def changed() -> bool:
            return "/changed" in feed.paths

        await eventually(changed)
        await accounts.disable(hub.stand.ground, CODE)
        await hub.until_health(CODE, "disabled")
        asked = len(feed.paths)
        await asyncio.sleep(0.4)
        assert len(feed.paths) <= asked + 1
        assert await hub.cursor(CODE) is not None
    state = await hub.until_health(CODE, "disabled")
    assert not state.enabled


async def test_looking_at_the_accounts_reads_no_cursor(hub: Supervised) -> None:
    """It is looked each second, and a feed's cursor is large."""
    for code in (CODE, "sms_120"):
        await receive(
            hub.stand.ground, Batch(cursor={"seen": code}), account=Account(code, "rss", "")
        )
    read: list[str] = []

    def noted(text: str) -> object:
        read.append(text)
        return json.loads(text)

    async with hub.stand.ground.db.acquire() as connection:
        await connection.set_type_codec(
            "jsonb", encoder=json.dumps, decoder=noted, schema="pg_catalog"
        )
        assert len(await states(connection)) == 2
        assert not [text for text in read if "seen" in text]
        assert await cursor(connection, CODE) == {"seen": CODE}
        assert [text for text in read if "seen" in text] == ['{"seen": "rss_city_blog"}']
        await connection.reload_schema_state()


async def test_what_is_wrong_with_old_credentials_does_not_stop_the_new_ones(
    hub: Supervised, feed: FeedServer
) -> None:
    """The old ones are refused just as new ones are given."""
    await enable(hub, feed)
    assert not await accounts.note_health(
        hub.stand.ground, CODE, "bad_credentials", error_code="connector.bad_credentials"
    )
    async with hub.running():
        await hub.until_health(CODE, "connected")


async def test_samples_play_until_the_first_account_is_enabled(
    hub: Supervised, feed: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SamplesConnector, "caps", Caps("poll", poll_interval_s=0.05))
    async with hub.running():

        async def played() -> bool:
            return len(await hub.texts()) > 14

        await eventually(played)
        await enable(hub, feed)
        await hub.until_health(CODE, "connected")
        left = len(await hub.texts())
        await asyncio.sleep(0.3)
        assert len(await hub.texts()) == left
    marks = await hub.fetch("SELECT DISTINCT mark FROM item")
    assert [row["mark"] for row in marks] == ["sample"]


async def test_cleared_samples_are_gone_and_do_not_begin_again(hub: Supervised) -> None:
    async with hub.running():
        await hub.until_health("samples", "connected")
        assert await samples.clear(hub.stand.ground) == 12
        await asyncio.sleep(0.3)
        assert await hub.texts() == []
    async with hub.running():
        await asyncio.sleep(0.3)
    assert await hub.texts() == []


class Unvetted(scaffold.ScaffoldConnector):
    """Hands on what no database can store."""

    async def events(self, cursor: Mapping[str, Any] | None) -> AsyncIterator[Batch]:
        yield Batch((Inbound("post", "scaffold", "a\x00b", "text", datetime.now(UTC)),))


async def test_what_cannot_be_stored_is_told_and_not_taken_for_a_lost_database(
    hub: Supervised, feed: FeedServer
) -> None:
    hub.open_account = Unvetted
    await enable(hub, feed)
    async with hub.running():
        state = await hub.until_health(CODE, "unknown_error")
    assert state.error_code == "connector.unknown"
    assert await hub.told(CODE) == ["starting", "unknown_error"]


async def test_one_bad_message_of_a_new_connector_is_kept_alone(
    hub: Supervised, feed: FeedServer
) -> None:
    good = {"id": "1", "text": "one", "written_at": "2026-03-01T10:00:00+09:00"}
    bad: list[dict[str, object]] = [
        {"id": "a\x00b"},
        {"id": "가" * 5_000},
        {"id": ""},
        {"id": 7},
        {"written_at": "0001-01-01T00:00:00+09:00"},
        {"written_at": "2026-03-01T10:00:00"},
    ]
    messages = [good, *({**good, "id": "x", **one} for one in bad), {**good, "id": "2"}]

    async def behave(request: web.Request) -> web.StreamResponse:
        return web.json_response([*messages, {**good, "id": "last\x00"}])

    feed.behave = behave
    hub.open_account = scaffold.open_account
    await enable(hub, feed)
    async with hub.running():
        await hub.until_health(CODE, "connected")
    assert await hub.texts() == ["one", "one"]
    kept = await hub.fetch("SELECT raw FROM quarantine WHERE code = 'payload.invalid'")
    assert len(kept) == len(bad) + 1


Command = Callable[..., Awaitable[tuple[int | str, str, str]]]


@pytest.fixture
def command(stand: Standing, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``bigear accounts …``: its exit code or what it raises, its output, its complaints."""
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)

    async def run(*words: str | Path) -> tuple[int | str, str, str]:
        args = parser.parse_args([str(word) for word in words])
        try:
            done: int | str = await cli.carry_out(stand, read_settings({}), args)
        except BigEarError as refused:
            done = refused.code
        return done, *capsys.readouterr()

    return run


async def test_the_commands_say_what_is_wrong_and_change_nothing(
    command: Command, tmp_path: Path
) -> None:
    weak = tmp_path / "weak"
    weak.write_text("short\n")
    for words, code in [
        (("enable", "no_such"), "account.not_found"),
        (("disable", "no_such"), "account.not_found"),
        (("disable", CODE), "account.not_found"),
        (("check", CODE), "account.not_found"),
        (("quarantine", "--raw", "1"), "not_found"),
        (("enable", "x_city"), "platform.unknown"),
        (("enable", CODE), "settings.missing"),
        (("enable", CODE, "--set", "ulr=https://example.org"), "settings.unknown"),
        (("enable", CODE, "--set", "url=http://a", "--set", "interval_s=0"), "settings.invalid"),
        (("enable", CODE, "--set", "url=http://a", "--set", "kind=alarm"), "settings.invalid"),
        (("enable", "sms_120"), "settings.missing"),
        (("enable", "sms_120", "--secret-file", str(weak)), "settings.invalid"),
    ]:
        done, out, err = await command(*words)
        assert out == "", words
        assert done == code or (done == 1 and f"[{code}]" in err), (words, done, err)
    listed = (await command("list"))[1].splitlines()
    assert len(listed) == 44
    assert all("disabled" in line for line in listed)


async def test_the_commands_enable_keep_and_show(
    command: Command, tmp_path: Path, hub: Supervised
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret that is long enough\n")
    assert (await command("enable", "sms_120", "--secret-file", secret))[0] == 0
    (tmp_path / "empty").write_text(" \n")
    assert (await command("enable", "sms_120", "--secret-file", tmp_path / "empty"))[
        0
    ] == "secret.empty"
    assert (await command("enable", "sms_120"))[0] == 0  # its secret is still known
    done, out, err = await command("enable", CODE, "--set", "url=http://127.0.0.1/feed")
    assert (done, out) == (0, f"{CODE} is enabled\n")
    assert "[address.forbidden]" in err  # the default configuration opens no private network
    assert (await command("check", CODE))[0] == 1
    assert (await command("disable", CODE))[0] == 0
    assert (await command("enable", CODE))[0] == 0  # its settings are still known
    bad = Anomalous("webhook", "sms_120", "payload.invalid", b"\x00raw")
    for _ in range(2):
        await receive(hub.stand.ground, Batch(anomalous=(bad,)))
    listed = (await command("list"))[1]
    assert listed.count("starting") == 2
    assert "2 in quarantine" in listed
    assert "a secret that is long enough" not in listed
    kept = (await command("quarantine"))[1].split()
    assert "payload.invalid" in kept
    assert (await command("quarantine", "--raw", kept[0]))[1] == "\x00raw"


async def test_a_check_that_meets_no_feed_says_so_and_stores_nothing(
    hub: Supervised, feed: FeedServer
) -> None:
    account = Account(CODE, "rss", "Blog", {"url": feed.url})
    feed.posts = [Post("1", "one")]
    await open_connector(account, hub.outside).check()

    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(text="<!doctype html><title>Moved</title>")

    feed.behave = page
    with pytest.raises(Rejected) as refused:
        await open_connector(account, hub.outside).check()
    assert refused.value.code == "feed.html"
    assert await hub.texts() == []
    assert await hub.fetch("SELECT FROM quarantine") == []


async def test_no_account_reaches_a_private_address_by_default_or_by_a_redirect(
    hub: Supervised, feed: FeedServer
) -> None:
    await enable(hub, feed)
    async with Outside() as guarded:
        hub.outside = guarded
        async with hub.running():
            state = await hub.until_health(CODE, "unknown_error")
    assert state.error_code == "address.forbidden"
    assert feed.paths == []

    async def inwards(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/latest/"})

    feed.behave = inwards
    async with Outside(allowed_private=(ip_network("127.0.0.0/8"),)) as guarded:
        with pytest.raises(Rejected) as refused:
            await open_connector(Account(CODE, "rss", "Blog", {"url": feed.url}), guarded).check()
    assert refused.value.code == "address.forbidden"
