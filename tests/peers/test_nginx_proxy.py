"""docs/nginx.conf, with Debian's nginx in front of a whole hub: one origin, TLS, true addresses."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from hub.settings import CLONE
from tests.docs.conftest import Hub, free_port, running_hub
from tests.live import Line
from tests.peers.conftest import nginx

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Site:
    """The hub as people reach it."""

    hub: Hub
    origin: str
    plain_port: int
    tls: ssl.SSLContext

    @property
    def live(self) -> str:
        return self.origin.replace("https", "wss") + "/live"

    def session(self, source: str = "127.0.0.1") -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self.tls, local_addr=(source, 0))
        return aiohttp.ClientSession(connector=connector)


@pytest.fixture(scope="module")
def site(
    servers: dict[str, str], nginx_program: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    folder.chmod(0o755)
    port, plain_port = free_port(), free_port()
    origin = f"https://localhost:{port}"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    network = {"public_url": origin, "trusted_proxies": ["127.0.0.1/32"]}
    with running_hub(servers, folder, network) as hub:
        conf = (CLONE / "docs" / "nginx.conf").read_text(encoding="utf-8")
        for there, here in [
            ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;"),
            ("server_name hub.example.org;", "server_name localhost;"),
            ("/etc/ssl/certs/hub.example.org.pem", str(folder / "cert.pem")),
            ("/etc/ssl/private/hub.example.org.key", str(folder / "key.pem")),
            ("127.0.0.1:8311;", f"127.0.0.1:{hub.http};"),
            ("127.0.0.1:8312;", f"127.0.0.1:{hub.live};"),
        ]:
            assert there in conf
            conf = conf.replace(there, here)
        with nginx(nginx_program, folder, conf, port):
            tls = ssl.create_default_context(cafile=str(folder / "cert.pem"))
            yield Site(hub, origin, plain_port, tls)


async def test_pages_load_and_every_part_of_them(site: Site) -> None:
    async with site.session() as session:
        async with session.get(f"{site.origin}/") as page:
            assert page.status == 200
            text = await page.text()
            assert page.headers["Strict-Transport-Security"]
        parts = re.findall(r'(?:src|href)="(/assets/[^"]+)"', text)
        assert parts
        for part in parts:
            async with session.get(site.origin + part) as answer:
                assert answer.status == 200
                assert len(await answer.read()) > 100


async def test_plain_http_leads_to_tls(site: Site) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{site.plain_port}/staff", allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"][:8]) == (301, "https://")


async def test_a_session_and_the_live_window_are_of_one_origin(site: Site) -> None:
    async with (
        site.session() as session,
        session.post(
            f"{site.origin}/api/v1/session",
            json={"login": "supervisor", "password": site.hub.first_password("supervisor")},
            headers={"Origin": site.origin},
        ) as answer,
    ):
        assert answer.status == 200, await answer.text()
        told = await answer.json()
        cookie = answer.cookies["bigear_session"]
    assert told["live_url"] == site.live
    assert cookie["secure"]
    assert cookie["httponly"]
    for origin, login in [(site.origin, "supervisor"), ("https://elsewhere.example", None)]:
        headers = {"Cookie": f"bigear_session={cookie.value}"}
        async with connect(
            site.live, ssl=site.tls, origin=Origin(origin), additional_headers=headers
        ) as live:
            await live.send(json.dumps({"type": "hello"}))
            hello = json.loads(await live.recv())
            assert (hello.get("user") or {}).get("login") == login


async def test_a_complaint_is_followed_live(site: Site) -> None:
    async with site.session() as session:
        body = {"text": "보도블록이 깨졌어요", "lat": 37.5663, "lon": 126.9018}
        async with session.post(f"{site.origin}/api/v1/complaints", json=body) as answer:
            assert answer.status == 201
            made = await answer.json()
        async with connect(site.live, ssl=site.tls) as live:
            key = {"ref": made["ref"], "secret": made["secret"]}
            topic = f"public:case:{made['ref']}"
            await live.send(json.dumps({"type": "hello", "case": key}))
            await live.send(json.dumps({"type": "subscribe", "id": 1, "topic": topic}))
            one = Line(live)
            frames = [await one.hear() for _ in range(2)]
            assert [frame["type"] for frame in frames] == ["hello", "snapshot"]
            while not any("case" in c for c in frames[-1].get("changes", ())):
                if frames[-1].get("cases"):
                    break
                frames.append(await one.hear())
            async with session.post(
                f"{site.origin}/api/v1/complaints/{made['ref']}/additions",
                json={"text": "아직도 그래요"},
                headers={"Authorization": f"Case {made['secret']}"},
            ) as answer:
                assert answer.status == 201, await answer.text()
            seen: list[str] = []
            while "아직도 그래요" not in seen:
                changes = (await one.hear())["changes"]
                seen += [c["message"]["text"] for c in changes if "message" in c]


async def test_a_page_of_another_origin_may_send_nothing(site: Site) -> None:
    async with (
        site.session() as session,
        session.post(
            f"{site.origin}/api/v1/complaints",
            json={"text": "x"},
            headers={"Origin": "https://elsewhere.example"},
        ) as answer,
    ):
        assert (await answer.json())["error"]["code"] == "session.origin"


async def test_limits_count_by_the_clients_address_whatever_the_client_says(site: Site) -> None:
    """Wrong passwords from one address, each with another X-Forwarded-For, close that address's way
    and nobody else's, also not that of the hub's own neighbour, the proxy."""

    async def attempt(source: str, claimed: str) -> int:
        async with (
            site.session(source) as session,
            session.post(
                f"{site.origin}/api/v1/session",
                json={"login": "agent", "password": "wrong"},
                headers={"X-Forwarded-For": claimed},
            ) as answer,
        ):
            return answer.status

    statuses = [await attempt("127.0.0.2", f"198.51.100.{n}") for n in range(9)]
    assert statuses == [401] * 8 + [429]
    assert await attempt("127.0.0.3", "127.0.0.2") == 401
    assert await attempt("127.0.0.2", "127.0.0.3") == 429
