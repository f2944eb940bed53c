"""Signing in, staying in, and what another page, address or person cannot do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from ipaddress import ip_network
from typing import Any

import argon2
import pytest

from hub.flow import people
from hub.model.people import Grant
from hub.store import people as stored_people
from tests.api.conftest import Door, Opener, Reply

PUBLIC = "https://hub.example.org"


@pytest.fixture
async def kim(door: Door) -> str:
    """The password of an agent whose login is ``kim``."""
    user_id, password = await people.add_user(door.ground, "kim", "Kim", [Grant("agent")])
    async with door.ground.db.acquire() as connection:
        await stored_people.settle(connection, user_id)
    return password


@pytest.fixture
async def strict(open_door: Opener) -> AsyncIterator[Door]:
    """The door with the limits as they are."""
    async with open_door() as one:
        yield one


async def sign_in(door: Door, login: str, password: str, **more: Any) -> Reply:
    body = {"login": login, "password": password}
    return await door.api("POST", "/session", json=body, **more)


async def test_signing_in_gives_a_session_that_only_http_can_read(door: Door, kim: str) -> None:
    reply = await sign_in(door, "kim", kim)
    assert reply.status == 200
    morsel = SimpleCookie(reply.headers["Set-Cookie"])["bigear_session"]
    assert morsel["httponly"] and morsel["samesite"] == "Strict" and morsel["path"] == "/"
    assert int(morsel["max-age"]) == 12 * 3600 and not morsel["secure"]
    assert reply.headers["Cache-Control"] == "no-store"
    me = await door.api("GET", "/session", headers={"Cookie": f"bigear_session={morsel.value}"})
    assert me.body["user"]["login"] == "kim" and "token" not in me.body
    stored = await door.ground.db.fetchval("SELECT token_digest FROM staff_session")
    assert stored == people.token_digest(morsel.value)


async def test_behind_https_the_cookie_never_leaves_it(open_door: Opener, kim: str) -> None:
    async with open_door(public_url=PUBLIC) as door:
        reply = await sign_in(door, "kim", kim, headers={"Origin": PUBLIC})
        assert SimpleCookie(reply.headers["Set-Cookie"])["bigear_session"]["secure"]
        assert "max-age=" in reply.headers["Strict-Transport-Security"]
        assert reply.body["live_url"] == "wss://hub.example.org/live"


async def test_a_wrong_login_is_told_like_a_wrong_password(
    door: Door, kim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disabled, _ = await people.add_user(door.ground, "lee", "Lee", [Grant("agent")])
    async with door.ground.db.acquire() as connection:
        await stored_people.disable(connection, disabled)
    verified: list[str] = []
    verify = people._verify

    async def watched(hashed: str, password: str) -> bool:
        verified.append(hashed)
        return await verify(hashed, password)

    monkeypatch.setattr(people, "_verify", watched)
    replies = [
        await sign_in(door, login, password)
        for login, password in (
            ("kim", "wrong"),
            ("nobody", "wrong"),
            ("lee", "wrong"),
            ("KIM", kim),
            ("", ""),
        )
    ]
    assert {(reply.status, reply.raw) for reply in replies} == {(401, replies[0].raw)}
    assert replies[0].code == "session.wrong"
    # The same toil for each, so that the time tells nothing either.
    assert len(verified) == len(replies)
    assert len({repr(argon2.extract_parameters(hashed)) for hashed in verified}) == 1
    assert await door.ground.db.fetchval("SELECT count(*) FROM staff_session") == 0


async def test_failures_elsewhere_do_not_keep_the_owner_out(
    strict: Door, kim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "_hasher", argon2.PasswordHasher(1, 8, 1))  # fifty tries, quickly
    tries = [await sign_in(strict, "kim", "guess", source="127.0.0.2") for _ in range(50)]
    assert [reply.status for reply in tries[:8]] == [401] * 8
    assert {reply.status for reply in tries[8:]} == {429}
    assert int(tries[-1].headers["Retry-After"]) >= 1
    assert tries[-1].body["error"]["retry_after_s"] == int(tries[-1].headers["Retry-After"])
    assert (await sign_in(strict, "kim", kim, source="127.0.0.2")).status == 429
    assert (await sign_in(strict, "kim", kim)).status == 200


async def test_one_address_cannot_try_many_names(strict: Door) -> None:
    too_long = "x" * 201  # refused without the toil of a hash, and counted all the same
    tries = [await sign_in(strict, f"user{n}", too_long) for n in range(45)]
    assert [reply.status for reply in tries].count(401) == 40
    assert tries[-1].status == 429


async def test_a_cookie_alone_changes_nothing(door: Door) -> None:
    me = await door.staff(Grant("agent"))
    _, case_id = await door.case()
    path, body = f"/cases/{case_id}/notes", {"text": "확인"}
    for sent, code in ((None, "session.csrf"), ("", "session.csrf"), ("x" * 32, "session.csrf")):
        headers = me.cookie | ({} if sent is None else {"X-CSRF-Token": sent})
        reply = await door.api("POST", path, json=body, headers=headers)
        assert (reply.status, reply.code) == (403, code)
    other = await door.staff(Grant("agent"))
    reply = await door.api(
        "POST", path, json=body, headers=me.cookie | {"X-CSRF-Token": other.csrf}
    )
    assert reply.code == "session.csrf"
    assert await door.ground.db.fetchval("SELECT count(*) FROM case_message") == 0
    good = me.cookie | {"X-CSRF-Token": me.csrf}
    assert (await door.api("POST", path, json=body, headers=good)).status == 201
    assert (await door.api("POST", path, json=body, headers=me.bearer)).status == 201
    assert (await door.api("GET", f"/cases/{case_id}", headers=me.cookie)).status == 200
    assert (await door.api("DELETE", "/session", headers=me.cookie)).code == "session.csrf"


async def test_a_page_elsewhere_is_refused_and_told_nothing(open_door: Opener) -> None:
    async with open_door(public_url=PUBLIC, rate_scale=1000.0) as door:
        me = await door.staff(Grant("agent"))
        own = door.url
        for origin, allowed in (
            (own, True),
            (PUBLIC, True),
            ("https://evil.example", False),
            (own + ".evil.example", False),
            ("https://hub.example.org.evil.example", False),
            ("http://127.0.0.1:1", False),
            ("null", False),
        ):
            reply = await door.api(
                "POST", "/complaints", json={"text": origin}, headers={"Origin": origin}
            )
            assert (reply.status == 201) == allowed, origin
            assert allowed or reply.code == "session.origin"
            assert not [name for name in reply.headers if name.startswith("Access-Control")]
            signing = await sign_in(door, "nobody", "x" * 201, headers={"Origin": origin})
            assert (signing.code == "session.wrong") == allowed
        headers = me.cookie | {"X-CSRF-Token": me.csrf, "Origin": "https://evil.example"}
        assert (await door.api("DELETE", "/session", headers=headers)).code == "session.origin"


async def test_a_new_password_ends_the_other_sessions_and_opens_the_house(
    door: Door, kim: str
) -> None:
    async with door.ground.db.acquire() as connection:
        found = await stored_people.credentials(connection, "kim")
        assert found is not None
        await stored_people.set_password(
            connection, found.user_id, found.password_hash, must_change=True
        )
    here, there = [(await sign_in(door, "kim", kim)).body["token"] for _ in range(2)]
    bearer = {"Authorization": f"Bearer {here}"}
    refused = await door.api("GET", "/cases", headers=bearer)
    assert (refused.status, refused.code) == (403, "session.must_change_password")
    new = "correct horse battery"
    body = {"old": kim, "new": new}
    assert (await door.api("POST", "/password", json=body, headers=bearer)).status == 204
    assert (await door.api("GET", "/cases", headers=bearer)).status == 200
    other = await door.api("GET", "/cases", headers={"Authorization": f"Bearer {there}"})
    assert (other.status, other.code) == (401, "session.required")
    assert (await sign_in(door, "kim", kim)).status == 401
    assert (await sign_in(door, "kim", new)).status == 200


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE staff_session SET expires_at = now() - interval '1 second'",
        "UPDATE staff_session SET ended_at = now()",
        "UPDATE staff_user SET disabled = true",
        "DELETE FROM staff_session",
    ],
)
async def test_a_session_that_is_over_opens_nothing(door: Door, end: str) -> None:
    me = await door.staff(Grant("admin"))
    assert (await door.api("GET", "/cases", headers=me.bearer)).status == 200
    await door.ground.db.execute(end)
    assert (await door.api("GET", "/cases", headers=me.bearer)).status == 401
    assert (await door.api("GET", "/session", headers=me.bearer)).body["user"] is None


async def test_signing_out_ends_this_session_alone_and_takes_the_cookie(door: Door) -> None:
    me, other = await door.staff(Grant("agent")), await door.staff(Grant("agent"))
    reply = await door.api("DELETE", "/session", headers=me.cookie | {"X-CSRF-Token": me.csrf})
    assert reply.status == 204
    assert SimpleCookie(reply.headers["Set-Cookie"])["bigear_session"].value == ""
    assert (await door.api("GET", "/cases", headers=me.bearer)).status == 401
    assert (await door.api("GET", "/cases", headers=other.bearer)).status == 200


async def test_a_role_taken_away_is_gone_with_the_next_request(door: Door) -> None:
    me = await door.staff(Grant("admin"))
    await door.ground.db.execute("DELETE FROM staff_grant WHERE user_id = $1", me.who.user_id)
    reply = await door.api("GET", "/cases", headers=me.bearer)
    assert (reply.status, reply.code) == (403, "permission.denied")


async def ask_ten(door: Door, forwarded: list[str]) -> list[int]:
    """Statuses of requests to a route of ten a time, each with the next X-Forwarded-For."""
    return [
        (await door.api("POST", "/password", headers={"X-Forwarded-For": value})).status
        for value in forwarded
    ]


async def test_a_forged_address_buys_no_new_tries(strict: Door) -> None:
    statuses = await ask_ten(strict, [f"198.51.100.{n}" for n in range(12)])
    assert statuses == [401] * 10 + [429] * 2


async def test_a_trusted_proxy_is_believed_as_far_as_it_wrote(open_door: Opener) -> None:
    proxies = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"))
    async with open_door(trusted_proxies=proxies) as door:
        apart = await ask_ten(door, [f"198.51.100.{n}" for n in range(12)])
        assert apart == [401] * 12
        forged = await ask_ten(door, [f"203.0.113.{n}, 198.51.100.99" for n in range(11)])
        assert forged == [401] * 10 + [429]
        chained = await ask_ten(door, ["203.0.113.1, 198.51.100.98, 10.1.2.3"] * 11)
        assert chained == [401] * 10 + [429]
        house = await ask_ten(door, [f"2001:db8:1:2::{n}" for n in range(1, 12)])
        assert house == [401] * 10 + [429]  # one subscriber has the whole /64


async def test_a_dead_redis_takes_no_limit_away(open_door: Opener) -> None:
    async with open_door(redis_url="redis://127.0.0.1:1") as door:
        replies = [await door.api("POST", "/password") for _ in range(12)]
        assert [reply.status for reply in replies] == [401] * 10 + [429] * 2
        assert int(replies[-1].headers["Retry-After"]) >= 1
