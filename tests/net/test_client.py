"""The way out: no address that somebody typed leads to this machine or its neighbours."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.net.client import MAX_RETRY_AFTER_S, Forbidden, Outside, is_allowed
from hub.ports.connector import AuthFailed, RateLimited, Rejected, Transient

LOOPBACK = ip_network("127.0.0.1/32")
KIB = 1024

FORBIDDEN = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",  # a carrier's own
    "169.254.169.254",  # the metadata of a cloud
    "192.0.0.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo to 127.0.0.1
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "localhost",
    "",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_address_that_is_not_public_is_allowed(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "210.89.160.88", "2606:4700::1111", "::ffff:1.1.1.1"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, ())


def test_the_allow_list_opens_exactly_what_it_names() -> None:
    named = (ip_network("10.1.2.0/24"), ip_network("fd00:1::/64"))
    assert is_allowed("10.1.2.255", named) and is_allowed("::ffff:10.1.2.1", named)
    assert is_allowed("fd00:1::1", named)
    for address in ("10.1.3.0", "10.1.1.255", "127.0.0.1", "fd00:2::1", "fe80::1"):
        assert not is_allowed(address, named)


@dataclass
class Answer:
    """What the server shall say."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Street:
    """A real server on loopback that remembers who came by."""

    url: str = ""
    port: int = 0
    asked: list[str] = field(default_factory=list)
    answer: Answer | None = None


@pytest.fixture
async def street() -> AsyncIterator[Street]:
    standing = Street()

    async def serve(request: web.Request) -> web.Response:
        standing.asked.append(request.path)
        if request.path == "/away":
            return web.Response(status=302, headers={"Location": request.query["to"]})
        if request.path == "/cookie":
            sent = request.headers.get("Cookie", "none")
            return web.Response(text=sent, headers={"Set-Cookie": "who=me; Path=/"})
        if said := standing.answer:
            return web.Response(status=said.status, headers=said.headers, body=said.body)
        return web.Response(text=request.headers.get("Authorization", "none"))

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    assert server.port is not None
    standing.port = server.port
    standing.url = f"http://127.0.0.1:{server.port}"
    yield standing
    await server.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "2130706433",  # 127.0.0.1 as one number
        "017700000001",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.1",
        "127.0.0.1.",
        "１２７.0.0.1",  # full-width digits
        "127。0。0。1",  # ideographic full stops
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "0",
        "0.0.0.0",
    ],
)
async def test_by_default_nothing_reaches_this_machine(street: Street, host: str) -> None:
    async with Outside() as outside:
        with pytest.raises(Forbidden):
            await outside.get(f"http://{host}:{street.port}/", {}, KIB)
    assert street.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/",
        "http://",
        "http:///path",
        "http://[::1",
        "http://user@127.0.0.1/",
        "http://example.org\\@127.0.0.1/",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://\ud800.org/",
        "",
    ],
)
async def test_what_is_no_web_address_is_refused(street: Street, url: str) -> None:
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        with pytest.raises(Rejected) as refused:
            await outside.get(url, {}, KIB)
    assert refused.value.code == "address.invalid"


async def test_the_allow_list_lets_through_what_it_names_and_no_redirect_beyond(
    street: Street,
) -> None:
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        answer = await outside.get(f"{street.url}/feed", {}, KIB)
        assert (answer.status, answer.body, answer.url) == (200, b"none", f"{street.url}/feed")
        named = await outside.get(f"http://localhost:{street.port}/feed", {}, KIB)
        assert named.status == 200
        followed = await outside.get(f"{street.url}/away?to=/feed", {}, KIB)
        assert (followed.status, followed.url) == (200, f"{street.url}/feed")
        for target in (
            f"http://127.0.0.2:{street.port}/",
            "http://169.254.169.254/latest/meta-data/",
            f"http://2130706434:{street.port}/",
            f"http://[::1]:{street.port}/",
        ):
            with pytest.raises(Forbidden):
                await outside.get(f"{street.url}/away?to={target}", {}, KIB)
        for target in ("file:///etc/passwd", "http://[::1"):
            with pytest.raises(Rejected):
                await outside.get(f"{street.url}/away?to={target}", {}, KIB)


async def test_redirects_come_to_an_end(street: Street) -> None:
    street.answer = Answer(302, {"Location": "/again"})
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        with pytest.raises(Rejected) as refused:
            await outside.get(f"{street.url}/round", {}, KIB)
    assert refused.value.code == "address.redirects"
    assert len(street.asked) == 6


async def test_no_cookie_is_carried_from_one_request_to_the_next(street: Street) -> None:
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        for _ in range(2):
            assert (await outside.get(f"{street.url}/cookie", {}, KIB)).body == b"none"


async def test_a_password_is_carried_to_nobody_else(street: Street) -> None:
    sent = {"authorization": "Bearer of one site"}
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        same = await outside.get(f"{street.url}/away?to=/feed", sent, KIB)
        assert same.body == b"Bearer of one site"
        other = f"http://localhost:{street.port}/feed"
        assert (await outside.get(f"{street.url}/away?to={other}", sent, KIB)).body == b"none"


async def test_an_answer_is_cut_off_at_its_limit_however_it_is_packed(street: Street) -> None:
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        for body, headers in (
            (b"a" * 2 * KIB, {}),
            (gzip.compress(b"a" * 20_000 * KIB), {"Content-Encoding": "gzip"}),
        ):
            street.answer = Answer(200, headers, body)
            with pytest.raises(Rejected) as refused:
                await outside.get(f"{street.url}/big", {}, KIB)
            assert refused.value.code == "answer.too_large"


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, AuthFailed),
        (403, {}, AuthFailed),
        (404, {}, Rejected),
        (429, {"Retry-After": "7"}, RateLimited),
        (503, {"Retry-After": "7"}, RateLimited),
        (500, {}, Transient),
        (503, {}, Transient),
    ],
)
async def test_every_refusal_of_the_other_side_has_its_meaning(
    street: Street, status: int, headers: dict[str, str], kind: type[Exception]
) -> None:
    street.answer = Answer(status, headers)
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        with pytest.raises(kind) as raised:
            await outside.get(f"{street.url}/", {}, KIB)
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("after", "wait_s"),
    [
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER_S),
        ("9" * 400, MAX_RETRY_AFTER_S),
        ("soon", 60.0),
        ("-7", 60.0),
        ("Mon, 01 Jan 2020 00:00:00 +99999999999999999999", 60.0),
        ("Mon, 99 Jan 2020 00:00:00 GMT", 60.0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("", 60.0),
    ],
)
async def test_whatever_the_other_side_says_of_when_to_come_back_is_a_time(
    street: Street, after: str, wait_s: float
) -> None:
    street.answer = Answer(429, {"Retry-After": after})
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        with pytest.raises(RateLimited) as raised:
            await outside.get(f"{street.url}/", {}, KIB)
    assert raised.value.retry_after_s == wait_s


async def test_where_nobody_listens_it_is_told_as_passing(street: Street) -> None:
    async with Outside(allowed_private=(LOOPBACK,)) as outside:
        with pytest.raises(Transient):
            await outside.get("http://127.0.0.1:1/", {}, KIB)
        with pytest.raises(Transient):
            await outside.get("http://nowhere.invalid/", {}, KIB)
