"""What the documents tell an engineer to type is typed here, against a whole running hub."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from PIL import Image

from hub.model.texts import catalogue
from hub.settings import CLONE
from tests.docs.conftest import Hub

DOCS = CLONE / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
SHELL = "\n".join(re.findall(r"^```sh\n(.*?)^```$", API, re.MULTILINE | re.DOTALL))

pytestmark = pytest.mark.timeout(300)  # the first of them waits for a whole hub to start

needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")),
    reason="the documents' commands use curl and openssl, and one of them is not installed",
)


def test_the_whole_hub_runs_on_servers_of_ones_own(hub: Hub) -> None:
    """Those of another home, named by URL: a complaint, a post and an exercise go through."""
    said = hub.bigear("up", "--check")
    assert "all arrived where they belong" in said
    kept = {path.name for path in hub.home.iterdir()}
    assert not kept & {"postgres", "valkey"}


@needs_curl
def test_every_command_of_the_api_page_does_what_it_says(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("f00d" * 16)
    hub.bigear("accounts", "enable", "sms_120", "--secret-file", str(tmp_path / "secret"))
    Image.new("RGB", (64, 48), "red").save(tmp_path / "photo.jpg")
    done = subprocess.run(
        ["sh", "-euc", SHELL.replace("http://127.0.0.1:8311", hub.url)],
        cwd=tmp_path,
        env=os.environ | {"LOGIN": "supervisor", "PASSWORD": hub.first_password("supervisor")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert set(answer(tmp_path, "made")) == {"ref", "secret", "url"}
    assert (answer(tmp_path, "photo")["width"], answer(tmp_path, "photo")["height"]) == (64, 48)
    assert answer(tmp_path, "followed")["text"] == "보도블록이 깨져서 걸려 넘어졌어요"
    assert answer(tmp_path, "added")["text"] == "사진도 찍었습니다"
    assert answer(tmp_path, "pushed") == {"new": 1, "known": 0, "unknown": 0}
    assert answer(tmp_path, "refused")["error"]["code"] == "input.unknown_field"
    assert answer(tmp_path, "refused")["error"]["field"] == "colour"
    assert json.loads((tmp_path / "cases.json").read_text())


def answer(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / f"{name}.json").read_text()))


def test_every_code_and_field_that_the_page_names_exists() -> None:
    codes = re.findall(r"`([a-z_]+\.[a-z_]+|internal|conflict|unavailable|not_found)`", API)
    assert len(codes) > 20
    assert [code for code in codes if f"error.{code}" not in catalogue("en")] == []
    for sample in re.findall(r"^```json\n(.*?)^```$", API, re.MULTILINE | re.DOTALL):
        json.loads(sample)


@needs_curl
def test_the_command_line_client(hub: Hub, tmp_path: Path) -> None:
    def client(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [DOCS / "clients" / "bigear.sh", *words],
            env={"PATH": "/usr/bin:/bin", "HUB": hub.url},
            capture_output=True,
            text=True,
        )

    words = 'He said "off",\n\tthen \\ left: 가로등이 꺼졌어요'
    sent = client("send", words, "37.5663", "126.9018")
    ref, secret = sent.stdout.split()
    while not (shown := json.loads(client("show", ref, secret).stdout))["case"]:
        time.sleep(0.2)
    assert shown["text"] == words.replace("\t", " ")
    added = client("add", ref, secret, "아직도요")
    assert json.loads(added.stdout)["text"] == "아직도요"
    refused = client("show", ref, "wrong")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["code"] == "case.not_found"
    outside = client("send", "too far", "35.1", "129.0")
    assert (outside.returncode, "place.outside_city" in outside.stdout) == (1, True)

    (tmp_path / "secret").write_text("beef" * 16)
    (tmp_path / "push.json").write_text('{"items": [{"id": "1", "text": "from a shell"}]}')
    hub.bigear("accounts", "enable", "line_city", "--secret-file", str(tmp_path / "secret"))
    pushed = client("push", "line_city", str(tmp_path / "secret"), str(tmp_path / "push.json"))
    assert json.loads(pushed.stdout)["new"] == 1
    assert client().returncode == 2
    assert "bigear.sh send TEXT" in client().stderr


async def test_the_python_client_sees_every_change_once_through_losses_of_the_line(
    hub: Hub,
) -> None:
    """It stands behind a line that is cut again and again, and follows one's own complaint."""
    made = await _post(
        hub,
        "/complaints",
        {"text": "마포구 상암동 가로등이 꺼졌어요", "lat": 37.5789, "lon": 126.8895},
    )
    cutter = _Cutter(hub.live)
    server = await asyncio.start_server(cutter.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        str(DOCS / "clients" / "follow.py"),
        f"ws://127.0.0.1:{port}/live",
        f"public:case:{made['ref']}",
        f"ref={made['ref']}",
        f"secret={made['secret']}",
        stdout=asyncio.subprocess.PIPE,
        limit=1024 * 1024,
    )
    try:
        assert client.stdout is not None
        frame = json.loads(await _line(client.stdout))
        assert frame["type"] == "snapshot"
        while not _holds_case(frame):
            frame = json.loads(await _line(client.stdout))
        for n in range(4):
            await cutter.cut()
            await _post(
                hub, f"/complaints/{made['ref']}/additions", {"text": f"{n}"}, made["secret"]
            )
        seen: list[str] = []
        while len(seen) < 4:
            frame = json.loads(await _line(client.stdout))
            assert frame["type"] == "facts"
            seen += [c["message"]["text"] for c in frame["changes"] if c.get("message")]
        assert seen == ["0", "1", "2", "3"]
        assert cutter.lines > 1
    finally:
        client.kill()
        await client.wait()
        await cutter.cut()
        server.close()
        await server.wait_closed()


def test_the_python_client_is_short_and_says_why_it_is_refused(hub: Hub) -> None:
    source = (DOCS / "clients" / "follow.py").read_text(encoding="utf-8")
    body = source.split("async def follow")[1].split("async def main")[0]
    assert len([line for line in body.splitlines() if line.strip()]) <= 18
    refused = subprocess.run(
        [
            sys.executable,
            DOCS / "clients" / "follow.py",
            f"ws://127.0.0.1:{hub.live}/live",
            "queue:mapo_gu",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    assert "PermissionError" in refused.stderr


def _holds_case(frame: dict[str, Any]) -> bool:
    """Whether a snapshot, or one of the changes, shows the complaint as a case already."""
    return bool(frame.get("cases")) or any("case" in c for c in frame.get("changes", ()))


class _Cutter:
    """Carries bytes between a client and the hub, until it is told to cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self.lines = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self.lines += 1
        self._writers += [writer, back]
        await asyncio.gather(_pipe(reader, back), _pipe(there, writer))

    async def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(65_536):
            writer.write(block)
            await writer.drain()
    except (ConnectionError, OSError):
        pass
    finally:
        writer.close()


async def _line(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(60):
        return await reader.readline()


async def _post(hub: Hub, path: str, body: dict[str, Any], secret: str = "") -> dict[str, Any]:
    import aiohttp

    headers = {"Authorization": f"Case {secret}"} if secret else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{hub.url}/api/v1{path}", json=body) as answer,
    ):
        assert answer.status < 300, await answer.text()
        return dict(await answer.json())


async def test_what_was_pushed_is_in_the_database_that_was_named(hub: Hub) -> None:
    connection = await asyncpg.connect(hub.environ["BIGEAR_DATABASE_URL"])
    try:
        assert await connection.fetchval("SELECT count(*) FROM item") > 3
    finally:
        await connection.close()
