"""The front door as it runs in life: its log holds no secret, and it says what is wrong with it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.flow import accounts, people
from hub.model.people import Grant
from hub.settings import CLONE
from hub.store import people as stored_people
from tests.api.conftest import MAPO, Door
from tests.relay import Way, way_to

NAME, EMAIL, PHONE = "임꺽정", "limkkeokjeong@example.com", "010-9876-5432"
TEXT, NOTE = "보도블록이 깨졌어요, 연희아파트 앞", "신고자가 불안해함"
HOOK_SECRET = "a shared secret of the gateway"


@dataclass(frozen=True, slots=True)
class Process:
    """``bigear run api`` in a process of its own."""

    url: str
    log: Path

    def events(self) -> list[dict[str, Any]]:
        """What it logged: every line must be JSON."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


@pytest.fixture
async def way(city_url: str) -> AsyncIterator[Way]:
    async with way_to(city_url) as one:
        yield one


@pytest.fixture
def api(way: Way, redis_url: str, tmp_path: Path) -> Iterator[Process]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BIGEAR_")}
    ours = {
        "BIGEAR_HOME": str(tmp_path / "home"),
        "BIGEAR_DATABASE_URL": way.url,
        "BIGEAR_REDIS_URL": redis_url,
        "BIGEAR_HTTP_PORT": str(port),
    }
    log = tmp_path / "api.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "run", "api"],
            cwd=CLONE,
            env=inherited | ours,
            stdout=out,
            stderr=out,
        ) as process,
    ):
        yield Process(f"http://127.0.0.1:{port}", log)
        assert process.poll() is None, "it ended by itself"
        process.terminate()


async def ready(door: Door) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await door.ask("GET", "/healthz")).status == 200:
                    return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


async def test_no_secret_and_no_persons_words_reach_the_log(
    api: Process, way: Way, door: Door
) -> None:
    user_id, password = await people.add_user(door.ground, "kim", "Kim", [Grant("agent")])
    async with door.ground.db.acquire() as connection:
        await stored_people.settle(connection, user_id)
    await accounts.enable(door.ground, "sms_120", {}, HOOK_SECRET)
    _, case_id = await door.case()
    out = Door(api.url, door.context)
    await ready(out)
    planted = {NAME, EMAIL, PHONE, TEXT, NOTE, HOOK_SECRET, password, "a wrong password"}

    for word in ("a wrong password", password):
        signing = await out.api("POST", "/session", json={"login": "kim", "password": word})
    token, csrf = signing.body["token"], signing.body["csrf"]
    complaint = {
        "text": TEXT,
        "lat": MAPO.lat,
        "lon": MAPO.lon,
        "contact": {"name": NAME, "email": EMAIL, "phone": PHONE},
    }
    key = {"Idempotency-Key": "the-key-of-this-form"}
    made = (await out.api("POST", "/complaints", json=complaint, headers=key)).body
    planted |= {token, csrf, made["secret"], key["Idempotency-Key"]}
    link = {"Authorization": f"Case {made['secret']}"}
    assert (await out.api("GET", f"/complaints/{made['ref']}", headers=link)).status == 200
    cookie = {"Cookie": f"bigear_session={token}", "X-CSRF-Token": csrf}
    notes = f"/cases/{case_id}/notes"
    assert (await out.api("POST", notes, json={"text": NOTE}, headers=cookie)).status == 201
    assert (await out.api("GET", f"/places?q={PHONE}")).status == 200
    assert (await out.api("GET", f"/cases?q={NAME}", headers=cookie)).status == 200
    new = {"old": password, "new": "another long password"}
    planted.add(new["new"])
    assert (await out.api("POST", "/password", json=new, headers=cookie)).status == 204
    body = json.dumps({"items": [{"id": "1", "text": TEXT, "contact_phone": PHONE}]}).encode()
    at = str(int(time.time()))
    mac = hmac.digest(HOOK_SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hex()
    signature = {"X-BigEar-Signature": f"t={at},v1={mac}"}
    planted.add(mac)
    assert (await out.api("POST", "/hooks/sms_120", data=body, headers=signature)).status == 200

    way.close()  # and now with everything going wrong
    for method, path, more in (
        ("POST", "/complaints", {"json": complaint | {"place": NAME}}),
        ("POST", "/session", {"json": {"login": "kim", "password": new["new"]}}),
        ("GET", f"/complaints/{made['ref']}", {"headers": link}),
        ("POST", notes, {"json": {"text": NOTE}, "headers": cookie}),
        ("POST", "/hooks/sms_120", {"data": body, "headers": signature}),
    ):
        reply = await out.api(method, path, **more)
        assert (reply.status, reply.code) == (503, "unavailable"), path
    way.open()
    assert (
        await out.api("POST", "/complaints", json=complaint | {"place": "다른 곳"})
    ).status == 201
    for client in out.clients.values():
        await client.close()

    logged = api.log.read_text("utf-8")
    for word in planted:
        assert word not in logged, word
    events = api.events()
    assert len([e for e in events if e["event"] == "request"]) > 12
    assert [e for e in events if e["level"] == "error" and "exception" in e]
    assert {e["route"] for e in events if "route" in e} >= {"/api/v1/complaints", "/api/v1/session"}


async def test_health_tells_whether_a_complaint_can_be_taken(
    api: Process, way: Way, door: Door
) -> None:
    out = Door(api.url, door.context)
    await ready(out)
    way.close()
    before = await door.rows()
    sick = await out.ask("GET", "/healthz")
    assert (sick.status, sick.code) == (503, "unavailable")
    refused = await out.api("POST", "/complaints", json={"text": "가로등이 꺼졌어요"})
    assert (refused.status, refused.code) == (503, "unavailable")
    assert await door.rows() == before
    way.open()
    await ready(out)
    taken = await out.api("POST", "/complaints", json={"text": "가로등이 꺼졌어요"})
    assert taken.status == 201
    for client in out.clients.values():
        await client.close()


async def test_metrics_are_for_a_scraper_on_this_machine(door: Door) -> None:
    await door.case()
    reply = await door.ask("GET", "/metrics")
    assert reply.status == 200 and reply.headers["Content-Type"].startswith("text/plain")
    told = reply.raw.decode()
    assert "bigear_outbox_rows " in told and "bigear_http_requests_total" in told
    await door.api("GET", "/services")
    assert 'route="/api/v1/services"' in (await door.ask("GET", "/metrics")).raw.decode()
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}):
        away = await door.ask("GET", "/metrics", headers=headers)
        assert (away.status, away.code) == (404, "not_found")
    assert (await door.ask("GET", "/metrics", source="127.0.0.2")).status == 404


async def test_every_answer_carries_the_guards_of_a_page(door: Door) -> None:
    for path in ("/", "/api/v1/session", "/api/v1/nowhere", "/healthz"):
        headers = (await door.ask("GET", path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and "object-src 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
