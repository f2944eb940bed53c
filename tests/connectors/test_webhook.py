"""The generic webhook through the front door, signed by somebody who has read only its description."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest

from hub.flow import accounts
from hub.model.people import Grant
from hub.settings import CLONE
from hub.store.erase import erased_key
from tests.api.conftest import Door, Reply

SECRET = "a shared secret of the gateway"
CODE = "sms_120"
PATH = f"/hooks/{CODE}"


def signed(body: bytes, secret: str = SECRET, *, age_s: int = 0) -> dict[str, str]:
    """The header of docs/api.md, made without any of the hub's code."""
    at = str(int(time.time()) - age_s)
    mac = hmac.digest(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
    return {"X-BigEar-Signature": f"t={at},v1={mac}"}


def body_of(*items: dict[str, Any]) -> bytes:
    return json.dumps({"items": items}, ensure_ascii=False).encode()


@pytest.fixture
async def gateway(door: Door) -> Door:
    """The door, with one account enabled that systems push to."""
    await accounts.enable(door.ground, CODE, {}, SECRET)
    return door


async def push(door: Door, *items: dict[str, Any], age_s: int = 0) -> Reply:
    body = body_of(*items)
    return await door.api("POST", PATH, data=body, headers=signed(body, age_s=age_s))


async def texts(door: Door) -> dict[str, str]:
    rows = await door.ground.db.fetch(
        "SELECT k.external_id, t.text FROM item_key k JOIN item_text t USING (item_id)"
    )
    return {row["external_id"].removeprefix(f"{CODE}:"): row["text"] for row in rows}


async def test_create_edit_and_delete(gateway: Door) -> None:
    made = await push(
        gateway,
        {"id": "1", "text": "하수구가 막혔어요", "kind": "complaint", "lat": 37.57, "lon": 126.9,
         "contact_phone": "010-1234-5678", "at": "2026-11-20T09:00:00+09:00"},
        {"id": "2", "text": "to be deleted", "author_id": "u2"},
    )  # fmt: skip
    assert (made.status, made.body) == (200, {"new": 2, "known": 0, "unknown": 0})
    again = await push(gateway, {"id": "1", "text": "하수구가 막혔어요"})
    assert again.body == {"new": 0, "known": 1, "unknown": 0}
    changed = await push(
        gateway,
        {"id": "1", "op": "edit", "text": "이제 뚫렸어요"},
        {"id": "2", "op": "delete"},
        {"id": "never", "op": "delete"},
    )
    assert changed.body == {"new": 0, "known": 2, "unknown": 1}
    deleted = erased_key(f"{CODE}:2")
    assert await texts(gateway) == {"1": "이제 뚫렸어요", deleted: ""}
    rows = await gateway.ground.db.fetch("SELECT kind, deleted_at FROM item ORDER BY id")
    assert [(row["kind"], row["deleted_at"] is None) for row in rows] == [
        ("complaint", True),
        ("post", False),
    ]


async def test_a_batch_of_200_is_one_answer_and_201_are_refused_whole(gateway: Door) -> None:
    many = [{"id": str(n), "text": f"문자 {n}"} for n in range(201)]
    assert (await push(gateway, *many[:200])).body == {"new": 200, "known": 0, "unknown": 0}
    refused = await push(gateway, *many)
    assert (refused.status, refused.code) == (400, "payload.invalid")
    assert len(await texts(gateway)) == 200


async def test_wrong_missing_and_old_signatures_change_nothing(gateway: Door) -> None:
    body = body_of({"id": "1", "text": "x"})
    right = signed(body)["X-BigEar-Signature"]
    before = await gateway.rows()
    for code, header in [
        ("signature.missing", None),
        ("signature.missing", ""),
        ("signature.invalid", "x"),
        ("signature.invalid", signed(body, "another secret")["X-BigEar-Signature"]),
        ("signature.invalid", signed(body + b" ")["X-BigEar-Signature"]),
        ("signature.invalid", right.replace("t=", "t=0")),
        ("signature.invalid", right.replace("v1=", "v2=")),
        ("signature.invalid", right.upper()),
        ("signature.invalid", right.replace("t=1", "t=2")),
        ("signature.expired", signed(body, age_s=301)["X-BigEar-Signature"]),
        ("signature.expired", signed(body, age_s=-310)["X-BigEar-Signature"]),
    ]:
        headers = {} if header is None else {"X-BigEar-Signature": header}
        reply = await gateway.api("POST", PATH, data=body, headers=headers)
        assert (reply.status, reply.code) == (401, code), header
    assert await gateway.rows() == before


async def test_a_replayed_push_cannot_put_an_old_text_back(gateway: Door) -> None:
    body = body_of({"id": "1", "text": "old", "op": "edit"})
    recorded = signed(body)
    await push(gateway, {"id": "1", "text": "first"})
    assert (await gateway.api("POST", PATH, data=body, headers=recorded)).status == 200
    await push(gateway, {"id": "1", "text": "new", "op": "edit"})
    replies = await asyncio.gather(
        *(gateway.api("POST", PATH, data=body, headers=recorded) for _ in range(4))
    )
    assert {(r.status, r.code) for r in replies} == {(409, "signature.replayed")}
    assert await texts(gateway) == {"1": "new"}


async def test_of_the_same_push_twice_at_once_one_is_taken(gateway: Door) -> None:
    body = body_of(*({"id": str(n), "text": "x"} for n in range(50)))
    headers = signed(body)
    replies = await asyncio.gather(
        *(gateway.api("POST", PATH, data=body, headers=headers) for _ in range(4))
    )
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    assert len(await texts(gateway)) == 50


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"items":[]}',
        b'{"items":[{"id":"1","text":"x","colour":"red"}]}',
        b'{"items":[{"id":"1","text":"x"},{"id":"2"}]}',
        b'{"items":[{"id":"1","text":" "}]}',
        b'{"items":[{"id":"1","text":"a\\u0000b"}]}',
        b'{"items":[{"id":"1","text":"\\ud800"}]}',
        b'{"items":[{"id":"1","text":"\xff"}]}',
        b'{"items":[{"id":"1","text":"x","lat":37.5}]}',
        b'{"items":[{"id":"1","text":"x","lat":1e999,"lon":0}]}',
        b'{"items":[{"id":"1","text":"x","at":"10000-01-01T00:00:00Z"}]}',
        b'{"items":[{"id":"1","text":"x","at":"2026-01-01T00:00:00"}]}',
        b'{"items":[{"id":"1","text":"x","kind":"broadcast"}]}',
        b'{"items":[{"id":"","text":"x"}]}',
        b"[" * 100_000,
    ],
)
async def test_a_signed_body_that_does_not_parse_is_kept_raw_and_counted(
    gateway: Door, body: bytes
) -> None:
    for age_s in (0, 1):
        headers = signed(body, age_s=age_s)
        reply = await gateway.api("POST", PATH, data=body, headers=headers)
        assert (reply.status, reply.code) == (400, "payload.invalid")
        assert reply.body["error"]["detail"]
    [kept] = await gateway.ground.db.fetch("SELECT account, code, raw, times FROM quarantine")
    assert tuple(kept) == (CODE, "payload.invalid", body[: 64 * 1024], 2)
    assert await texts(gateway) == {}
    assert (await push(gateway, {"id": "1", "text": "well"})).status == 200


async def test_a_body_beyond_the_limit_is_not_read(gateway: Door) -> None:
    body = b"x" * (1024 * 1024 + 1)
    reply = await gateway.api("POST", PATH, data=io.BytesIO(body), headers=signed(body))
    assert (reply.status, reply.code) == (413, "input.too_large")


async def test_only_an_enabled_account_of_this_kind_takes_pushes(gateway: Door) -> None:
    body = body_of({"id": "1", "text": "x"})
    for code in ("line_city", "no_such", "samples"):
        reply = await gateway.api("POST", f"/hooks/{code}", data=body, headers=signed(body))
        assert (reply.status, reply.code) == (404, "account.not_found")
    await accounts.enable(gateway.ground, "rss_city_blog", {"url": "https://example.org/"}, SECRET)
    reply = await gateway.api("POST", "/hooks/rss_city_blog", data=body, headers=signed(body))
    assert (reply.status, reply.code) == (400, "hook.not_taken")
    await accounts.disable(gateway.ground, CODE)
    assert (await push(gateway, {"id": "2", "text": "x"})).status == 404


async def test_health_and_counts_are_seen_by_those_who_may(gateway: Door) -> None:
    await push(gateway, {"id": "1", "text": "x"})
    await push(gateway, {"id": "1", "text": ""})
    assert (await gateway.api("GET", "/accounts")).status == 401
    agent = await gateway.staff(Grant("agent", "mapo_gu"))
    assert (await gateway.api("GET", "/accounts", headers=agent.bearer)).status == 403
    admin = await gateway.staff(Grant("admin"))
    listed = (await gateway.api("GET", "/accounts", headers=admin.bearer)).body
    assert len(listed) == 44
    [mine] = [one for one in listed if one["code"] == CODE]
    assert (mine["health"], mine["enabled"], mine["quarantined"]) == ("connected", True, 1)
    assert mine["last_item_at"] is not None
    assert SECRET not in json.dumps(listed)


@pytest.mark.parametrize(
    ("code", "ko", "en"),
    [
        ("connector.bad_credentials", "계정 인증이 거부되었습니다.", "The platform refuses"),
        ("http.418", "http.418", "http.418"),  # for which nobody wrote words
    ],
)
async def test_what_is_wrong_with_an_account_is_told_in_words(
    gateway: Door, code: str, ko: str, en: str
) -> None:
    admin = await gateway.staff(Grant("admin"))
    await accounts.note_health(gateway.ground, CODE, "connected")
    await accounts.note_health(
        gateway.ground, CODE, "unknown_error", error_code=code, error_text="no"
    )
    listed = (await gateway.api("GET", "/accounts", headers=admin.bearer)).body
    [mine] = [one for one in listed if one["code"] == CODE]
    assert (mine["error_code"], mine["error_ko"]) == (code, ko)
    assert mine["error_en"].startswith(en)
    assert {one["error_ko"] for one in listed if one["code"] != CODE} == {None}


async def test_what_was_answered_200_outlives_a_kill_and_a_retry_doubles_nothing(
    city_url: str, redis_url: str, tmp_path: Path
) -> None:
    """The front door, as a process, is killed while pushes are under way; then all are sent anew."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {
        "BIGEAR_HOME": str(tmp_path / "home"),
        "BIGEAR_DATABASE_URL": city_url,
        "BIGEAR_REDIS_URL": redis_url,
        "BIGEAR_HTTP_PORT": str(port),
    }
    connection = await asyncpg.connect(city_url)
    await connection.execute(
        "INSERT INTO account_state (account, enabled, health) VALUES ($1, true, 'starting')", CODE
    )
    await connection.execute("INSERT INTO account_secret VALUES ($1, $2)", CODE, SECRET)
    safe: set[str] = set()
    url = f"http://127.0.0.1:{port}/api/v1{PATH}"
    process = _front_door(environ)
    try:
        await _answers(port)
        async with aiohttp.ClientSession() as session:
            senders = [asyncio.create_task(_send(session, url, n, safe)) for n in range(40)]
            while len(safe) < 30:
                await asyncio.sleep(0.005)
            process.kill()
            await asyncio.gather(*senders)
        process.wait()
        stored = {row[0].removeprefix(f"{CODE}:") for row in await _keys(connection)}
        assert safe <= stored
        assert len(safe) < 200
        process = _front_door(environ)
        await _answers(port)
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(_send(session, url, n, safe) for n in range(40)))
        assert len(await _keys(connection)) == len(safe) == 200
    finally:
        process.kill()
        process.wait()
        await connection.close()


def _front_door(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    (Path(environ["BIGEAR_HOME"])).mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "run", "api"],
        cwd=CLONE,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def _answers(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


async def _send(session: aiohttp.ClientSession, url: str, sender: int, safe: set[str]) -> None:
    """Five pushes of one item, one after the other; what is answered 200 is safe, and so is what is
    known already (signed anew within the second, a push has the signature that it had)."""
    for n in range(5):
        key = f"{sender}-{n}"
        body = body_of({"id": key, "text": f"문자 {key}"})
        status = 429
        while status == 429:  # more than an address may send in a moment
            try:
                async with session.post(url, data=body, headers=signed(body)) as answer:
                    status = answer.status
                    if status == 429:
                        await asyncio.sleep(float(answer.headers["Retry-After"]))
                    elif status == 200 or b"signature.replayed" in await answer.read():
                        safe.add(key)
            except aiohttp.ClientError:
                return


async def _keys(connection: asyncpg.Connection[asyncpg.Record]) -> list[asyncpg.Record]:
    return list(await connection.fetch("SELECT external_id FROM item_key"))
