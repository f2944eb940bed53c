"""Bad input: a clear refusal with a stable code, nothing half-written, and the door stays open."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.flow import accounts
from hub.model.people import Grant
from hub.net.signature import HEADER, sign
from tests.api.conftest import MAPO, Door, raw_request

GOOD = {"text": "가로등이 꺼졌어요", "lat": MAPO.lat, "lon": MAPO.lon}
JSON = {"Content-Type": "application/json"}

BODIES: dict[str, tuple[bytes, int, str]] = {
    "not UTF-8": ('{"text": "가로등"}'.encode("euc-kr"), 400, "input.encoding"),
    "UTF-16": ('{"text": "a"}'.encode("utf-16"), 400, "input.encoding"),
    "not JSON": (b"text=hello", 400, "input.json"),
    "empty": (b"", 400, "input.json"),
    "cut off": (b'{"text": "a', 400, "input.json"),
    "two documents": (b'{"text": "a"}{"text": "b"}', 400, "input.json"),
    "not an object": (b'["text"]', 400, "input.invalid"),
    "unknown field": (b'{"text": "a", "admin": true}', 400, "input.unknown_field"),
    "unknown field inside": (b'{"text": "a", "contact": {"fax": "1"}}', 400, "input.unknown_field"),
    "missing field": (b'{"place": "a"}', 400, "input.missing"),
    "wrong type": (b'{"text": 5}', 400, "input.invalid"),
    "null for a text": (b'{"text": null}', 400, "input.invalid"),
    "empty text": (b'{"text": ""}', 400, "input.invalid"),
    "blank text": (b'{"text": " \\n\\t "}', 400, "text.empty"),
    "too long a text": (json.dumps({"text": "a" * 20_001}).encode(), 400, "input.invalid"),
    "NUL": (b'{"text": "a\\u0000b"}', 400, "input.encoding"),
    "NUL in a name": (b'{"text": "a", "b\\u0000": 1}', 400, "input.encoding"),
    "raw NUL": (b'{"text": "a\x00b"}', 400, "input.json"),
    "a lone surrogate, raw": (b'{"text": "a\xed\xa0\x80b"}', 400, "input.encoding"),
    "a lone surrogate, escaped": (b'{"text": "a\\ud800b"}', 400, "input.json"),
    "a low surrogate, escaped": (b'{"text": "a\\udc00b"}', 400, "input.json"),
    "deep arrays": (b"[" * 100_000 + b"]" * 100_000, 400, "input.json"),
    "deep objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 400, "input.json"),
    "nested a little": (b'{"text": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "input.json"),
    "NaN": (b'{"text": "a", "lat": NaN, "lon": 127.0}', 400, "input.json"),
    "Infinity": (b'{"text": "a", "lat": Infinity, "lon": 127.0}', 400, "input.json"),
    "beyond a float": (b'{"text": "a", "lat": 1e999, "lon": 127.0}', 400, "input.json"),
    "a huge integer": (b'{"text": "a", "lat": 1' + b"0" * 5000 + b"}", 400, "input.json"),
    "no such latitude": (b'{"text": "a", "lat": 91, "lon": 127.0}', 400, "input.invalid"),
    "lat without lon": (b'{"text": "a", "lat": 37.5}', 400, "place.invalid"),
    "lon without lat": (b'{"text": "a", "lon": 127.0}', 400, "place.invalid"),
    "in the sea": (b'{"text": "a", "lat": 37.5, "lon": 124.0}', 400, "place.outside_city"),
    "at null island": (b'{"text": "a", "lat": 0, "lon": 0}', 400, "place.outside_city"),
    "six photos": (
        json.dumps({"text": "a", "photos": list("abcdef")}).encode(),
        400,
        "input.invalid",
    ),
    "one photo twice": (b'{"text": "a", "photos": ["x", "x"]}', 400, "photo.too_many"),
    "a photo nobody has": (b'{"text": "a", "photos": ["x"]}', 400, "photo.unknown"),
    "a language": (b'{"text": "a", "language": "Korean"}', 400, "input.invalid"),
    "a language and a line": (b'{"text": "a", "language": "ko\\n"}', 400, "input.invalid"),
    "an account and a line": (b'{"text": "a", "account": "sms\\n"}', 400, "input.invalid"),
    "too large": (b'{"text": "' + b"a" * 262_144 + b'"}', 413, "input.too_large"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body_is_refused_and_changes_nothing(door: Door, name: str) -> None:
    raw, status, code = BODIES[name]
    before = await door.rows()
    reply = await door.api("POST", "/complaints", data=raw, headers=JSON)
    assert (reply.status, reply.code) == (status, code)
    assert reply.body["error"]["message_ko"] not in ("", code)
    assert reply.body["error"]["message_en"] not in ("", code)
    assert await door.rows() == before
    assert (await door.api("POST", "/complaints", json=GOOD)).status == 201


async def test_a_refusal_names_the_field(door: Door) -> None:
    for raw, field in (
        (b'{"text": "a", "admin": true}', "admin"),
        (b'{"text": "a", "contact": {"fax": "1"}}', "contact.fax"),
        (b'{"place": "a"}', "text"),
        (b'{"text": "a", "lat": "north"}', "lat"),
        (b'{"text": "a", "lat": 37.5}', "lon"),
    ):
        reply = await door.api("POST", "/complaints", data=raw, headers=JSON)
        assert reply.body["error"]["field"] == field


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_another_media_type_is_refused(door: Door, media: str) -> None:
    reply = await door.api(
        "POST", "/complaints", data=json.dumps(GOOD).encode(), headers={"Content-Type": media}
    )
    assert (reply.status, reply.code) == (415, "input.media_type")


async def test_a_body_without_a_length_is_cut_off_at_its_limit(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"a" * 16_384

    before = await door.rows()
    reply = await door.api("POST", "/complaints", data=endless(), headers=JSON)
    assert (reply.status, reply.code) == (413, "input.too_large")
    assert await door.rows() == before


async def test_a_compressed_body_counts_as_what_it_unfolds_to(door: Door) -> None:
    packed = gzip.compress(b'{"text": "' + b"a" * 50_000_000 + b'"}')
    headers = JSON | {"Content-Encoding": "gzip"}
    reply = await door.api("POST", "/complaints", data=packed, headers=headers)
    assert (reply.status, reply.code) == (413, "input.too_large")
    reply = await door.api("POST", "/complaints", data=b"no gzip", headers=headers)
    assert (reply.status, reply.code) == (400, "input.encoding")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("lat=37.5&lat=37.6&lon=127", "input.repeated"),
        ("lat=37.5&lon=127&debug=1", "input.unknown_field"),
        ("&".join(f"q{n}" for n in range(65)), "input.invalid"),
        ("lat=37.5", "input.missing"),
        ("lat=nan&lon=127", "input.invalid"),
        ("lat=inf&lon=127", "input.invalid"),
        ("lat=37,5&lon=127", "input.invalid"),
        ("lat=37.5&lon=124", "place.outside_city"),
        ("lat=%00&lon=127", "input.encoding"),
        ("lat=%ED%A0%80&lon=127", "input.encoding"),
        ("lat=%FF&lon=127", "input.encoding"),
    ],
)
async def test_a_bad_query_is_refused(door: Door, query: str, code: str) -> None:
    reply = await door.api("GET", f"/areas/at?{query}")
    assert (reply.status, reply.code) == (400, code)


async def test_a_query_where_none_belongs_is_refused(door: Door) -> None:
    reply = await door.api("GET", "/services?%F0%9F%98%80=1")
    assert (reply.status, reply.code) == (400, "input.unknown_field")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cases/0",
        "/api/v1/cases/99999999999999999999",
        "/api/v1/cases/1e3",
        "/api/v1/complaints/abc",
        "/api/v1/complaints/%00",
        "/api/v1/nowhere",
        "/assets/" + "a" * 5000,
        "/assets/..%2f..%2fsecrets",
        "/assets/.env",
        "/%ed%a0%80",
        "/c/" + "A" * 41,
    ],
)
async def test_a_path_that_is_none_is_not_found(door: Door, path: str) -> None:
    reply = await door.ask("GET", path)
    assert (reply.status, reply.code) == (404, "not_found")


async def test_another_method_is_refused_and_told_which_there_are(door: Door) -> None:
    reply = await door.api("PUT", "/complaints")
    assert (reply.status, reply.code) == (405, "input.method")
    assert reply.headers["Allow"] == "POST"


HEADERS: list[tuple[str, str, bytes, int]] = [
    # what is sent, where, with which header, and the answer's status
    ("POST", "/api/v1/complaints", b"Idempotency-Key: \xff\xfe\xfd\xfc\xff\xfe\xfd\xfc", 400),
    ("POST", "/api/v1/complaints", b"Idempotency-Key: short", 400),
    ("POST", "/api/v1/complaints", b"X-BigEar-Check: \xff\xfe", 201),
    ("POST", "/api/v1/complaints", b"Authorization: Bearer \xff\xfe", 201),
    ("POST", "/api/v1/complaints", b"Cookie: bigear_session=\xff\xfe", 201),
    ("POST", "/api/v1/complaints", b"Origin: http://[", 403),
    ("POST", "/api/v1/complaints", b"Origin: null", 403),
    ("GET", "/api/v1/complaints/ABCDE-FGHJK", b"Authorization: Case \xff\xfe", 404),
    ("GET", "/api/v1/session", b"X-Forwarded-For: \xff\xfe, , ;", 200),
]


@pytest.mark.parametrize(("method", "path", "header", "status"), HEADERS)
async def test_a_strange_header_brings_nothing_down(
    door: Door, method: str, path: str, header: bytes, status: int
) -> None:
    body = json.dumps(GOOD).encode() if method == "POST" else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
    length = b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = await raw_request(door, head + header + length + body)
    assert int(answer.split(b" ", 2)[1]) == status


async def test_a_host_that_is_none_breaks_out_of_no_header(door: Door) -> None:
    request = b"GET /api/v1/session HTTP/1.1\r\nHost: a; script-src *\r\nConnection: close\r\n\r\n"
    answer = await raw_request(door, request)
    assert b"script-src *" not in answer and b"ws://localhost:8312/live" in answer


EDIT: list[tuple[str, dict[str, Any], str]] = [
    ("/password", {"old": "x", "new": "short"}, "password.too_short"),
    ("/password", {"old": "x", "new": "y" * 201}, "password.too_long"),
    ("/password", {"old": "x" * 12, "new": "x" * 12}, "password.same"),
    ("/password", {"old": "x", "new": "y" * 12}, "password.wrong"),
]


@pytest.mark.parametrize(("path", "body", "code"), EDIT)
async def test_a_bad_new_password_is_refused(
    door: Door, path: str, body: dict[str, Any], code: str
) -> None:
    me = await door.staff()
    reply = await door.api("POST", path, json=body, headers=me.bearer)
    assert (reply.status, reply.code) == (400, code)


OWN = "mapo_gu"
CORRECTIONS: dict[str, dict[str, Any]] = {
    "labels": {"urgency": "high"},
    "agency": {"agency": "metro", "reason": "지하철역 안입니다"},
    "undo": {},
}
BAD_CORRECTIONS: list[tuple[str, dict[str, Any], int, str]] = [
    *(
        (end, {"version": version}, 400, "input.invalid")
        for end in CORRECTIONS
        for version in (-1, 0, 2**31, -(2**63) - 1, 2**64, 10**400, 1.5, "1", True, None, [1])
    ),
    *((end, {"version": 2**31 - 1}, 409, "case.version") for end in CORRECTIONS),
    *((end, {"admin": True}, 400, "input.unknown_field") for end in CORRECTIONS),
    *((end, {"version": "\ud800"}, 400, "input.json") for end in CORRECTIONS),
    *(
        ("labels", {"urgency": code}, 400, "input.invalid")
        for code in ("", "high ", "high\n", "급함", "a" * 65)
    ),
    *(("labels", {"urgency": code}, 400, "label.unknown") for code in ("HIGH", "__doc__")),
    ("labels", {"urgency": None, "reroute": True}, 400, "label.none"),
    ("labels", {"urgency": "high", "service": "no_such"}, 400, "label.unknown"),
    ("labels", {"reroute": "yes"}, 400, "input.invalid"),
    *(("agency", {"agency": code}, 400, "agency.unknown") for code in ("METRO", "triage")),
    *(("agency", {"agency": code}, 400, "input.invalid") for code in ("@district", "metro\n")),
    ("agency", {"agency": OWN}, 400, "agency.same"),
    ("agency", {"reason": " \n"}, 400, "move.needs_reason"),
    ("agency", {"reason": "a" * 2001}, 400, "input.invalid"),
    ("agency", {"reason": "\ud800"}, 400, "input.json"),
    ("agency", {"reason": "\x00"}, 400, "input.encoding"),
]


async def test_a_bad_correction_is_refused_and_changes_nothing(door: Door) -> None:
    _, case_id = await door.case()
    await door.give(case_id, OWN)
    agent = await door.staff(Grant("agent", OWN))
    path, who = f"/cases/{case_id}", agent.bearer | JSON
    low = {"version": 1, "urgency": "low"}
    assert (await door.api("POST", f"{path}/labels", json=low, headers=who)).status == 200
    before = (await door.api("GET", path, headers=who)).body, await door.rows()
    version = before[0]["case"]["version"]
    for end, bad, status, code in BAD_CORRECTIONS:
        raw = json.dumps({"version": version} | CORRECTIONS[end] | bad)
        reply = await door.api("POST", f"{path}/{end}", data=raw.encode(), headers=who)
        assert (reply.status, reply.code) == (status, code), (end, bad)
    for end, good in CORRECTIONS.items():
        for headers, status, code in (
            ({}, 401, "session.required"),
            (agent.cookie, 403, "session.csrf"),
            (agent.cookie | {"X-CSRF-Token": agent.token}, 403, "session.csrf"),
        ):
            body = good | {"version": version}
            reply = await door.api("POST", f"{path}/{end}", json=body, headers=headers)
            assert (reply.status, reply.code) == (status, code), (end, headers)
    assert ((await door.api("GET", path, headers=who)).body, await door.rows()) == before


@pytest.mark.parametrize("ends", [("undo", "undo"), ("labels", "undo"), ("agency", "undo")])
async def test_of_two_corrections_at_once_one_counts(door: Door, ends: tuple[str, str]) -> None:
    _, case_id = await door.case()
    await door.give(case_id, OWN)
    who = (await door.staff(Grant("agent"))).bearer
    low = {"version": 1, "urgency": "low"}
    assert (await door.api("POST", f"/cases/{case_id}/labels", json=low, headers=who)).status == 200
    replies = await asyncio.gather(
        *(
            door.api(
                "POST",
                f"/cases/{case_id}/{end}",
                json={"version": 2} | CORRECTIONS[end],
                headers=who,
            )
            for end in ends
        )
    )
    assert sorted(reply.code for reply in replies) == ["", "case.version"]
    after = (await door.api("GET", f"/cases/{case_id}", headers=who)).body["case"]
    assert after["version"] == 3


HOOK_SECRET = "the shared secret of a gateway"
PUSHES: dict[str, bytes] = {
    "nothing": b"",
    "not UTF-8": '{"items": [{"id": "1", "text": "가"}]}'.encode("euc-kr"),
    "no items": b'{"items": []}',
    "unknown field": b'{"items": [{"id": "1", "text": "a", "admin": true}]}',
    "NUL": b'{"items": [{"id": "1", "text": "a\\u0000"}]}',
    "a lone surrogate": b'{"items": [{"id": "1", "text": "a\\ud800"}]}',
    "the year 10000": b'{"items": [{"id": "1", "text": "a", "at": "10000-01-01T00:00:00Z"}]}',
    "the end of time": b'{"items": [{"id": "1", "text": "a", "at": "9999-12-31T23:59:59-23:59"}]}',
    "the beginning": b'{"items": [{"id": "1", "text": "a", "at": "0001-01-01T00:00:00+23:59"}]}',
    "no offset": b'{"items": [{"id": "1", "text": "a", "at": "2026-01-01T00:00:00"}]}',
    "lat without lon": b'{"items": [{"id": "1", "text": "a", "lat": 37.5}]}',
    "Infinity": b'{"items": [{"id": "1", "text": "a", "lat": Infinity, "lon": 127}]}',
    "one good, one bad": b'{"items": [{"id": "1", "text": "a"}, {"id": "2"}]}',
    "deep": b'{"items": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
}


@pytest.mark.parametrize("name", PUSHES)
async def test_a_bad_push_is_refused_whole_and_kept_for_the_engineer(door: Door, name: str) -> None:
    await accounts.enable(door.ground, "sms_120", {}, HOOK_SECRET)
    before = await door.rows()
    header = {HEADER: sign(HOOK_SECRET, int(time.time()), PUSHES[name])}
    reply = await door.api("POST", "/hooks/sms_120", data=PUSHES[name], headers=header)
    assert (reply.status, reply.code) == (400, "payload.invalid")
    after = await door.rows()
    assert {table for table in after if after[table] != before[table]} <= {
        "quarantine",
        "push",
        "outbox",
    }
    assert (after["quarantine"], after["item"]) == (before["quarantine"] + 1, before["item"])


async def test_a_push_that_is_not_signed_leaves_nothing(door: Door) -> None:
    await accounts.enable(door.ground, "sms_120", {}, HOOK_SECRET)
    body, now = b'{"items": [{"id": "1", "text": "a"}]}', int(time.time())
    before = await door.rows()
    for signature, code in (
        (None, "signature.missing"),
        ("t=1,v1=00", "signature.invalid"),
        (sign("another", now, body), "signature.invalid"),
        (sign(HOOK_SECRET, now, body + b" "), "signature.invalid"),
        (sign(HOOK_SECRET, now - 301, body), "signature.expired"),
        (sign(HOOK_SECRET, now + 400, body), "signature.expired"),
    ):
        headers = {HEADER: signature} if signature else {}
        reply = await door.api("POST", "/hooks/sms_120", data=body, headers=headers)
        assert (reply.status, reply.code) == (401, code)
        assert await door.rows() == before
