"""Backup, restore and roles one by one, as docs/install.md says them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from hub.home import Home
from hub.servers import postgres_environment
from hub.settings import CLONE
from tests.conftest import _execute, with_database
from tests.docs.conftest import free_port

INSTALL = (CLONE / "docs" / "install.md").read_text(encoding="utf-8")
ROLES = ("api", "gateway", "worker", "connectors")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def databases(servers: dict[str, str]) -> Iterator[list[str]]:
    """URLs of three empty databases: two as the page makes them, owned by a role that may do nothing
    else; one bare, of a superuser, as the embedded one is."""
    server, role = servers["database"], f"owner_{os.getpid()}"
    names = [f"install_{os.getpid()}_{n}" for n in range(3)]
    asyncio.run(_execute(server, f"CREATE ROLE {role} LOGIN PASSWORD '{role}'"))
    for name in names:
        asyncio.run(_execute(server, f'CREATE DATABASE "{name}"'))
    extensions = re.findall(r"CREATE EXTENSION \w+", INSTALL)
    assert len(extensions) == 2
    for name in names[:2]:
        asyncio.run(_execute(server, f'ALTER DATABASE "{name}" OWNER TO {role}'))
        asyncio.run(_execute(with_database(server, name), ";".join(extensions)))
    parts = urlsplit(server)
    host = parts.netloc.rpartition("@")[2]
    owned = urlunsplit(parts._replace(netloc=f"{role}:{role}@{host}"))
    yield [
        with_database(url, name) for url, name in zip((owned, owned, server), names, strict=True)
    ]
    for name in names:
        asyncio.run(_execute(server, f'DROP DATABASE "{name}" WITH (FORCE)'))
    asyncio.run(_execute(server, f"DROP ROLE {role}"))


def environ(servers: dict[str, str], database: str, home: Path) -> dict[str, str]:
    """A machine with these servers. PostgreSQL's programs are those of the tests' own server, where
    that is an embedded one."""
    given = {k: v for k, v in os.environ.items() if not k.startswith("BIGEAR_")}
    if "home" in servers:
        given |= postgres_environment(Home(Path(servers["home"])))
    return given | {
        "BIGEAR_HOME": str(home),
        "BIGEAR_DATABASE_URL": database,
        "BIGEAR_REDIS_URL": servers["redis"],
        "BIGEAR_HTTP_PORT": str(free_port()),
        "BIGEAR_LIVE_PORT": str(free_port()),
        "LC_ALL": "C.UTF-8",
    }


def bigear(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", *words],
        cwd=CLONE,
        env=env,
        capture_output=True,
        text=True,
    )


def test_roles_run_one_by_one_and_a_backup_holds_all_of_it(
    servers: dict[str, str], databases: list[str], tmp_path: Path
) -> None:
    env = environ(servers, databases[0], tmp_path / "home")
    migrated = bigear(env, "migrate")
    assert "the database is ready" in migrated.stdout, migrated.stderr
    assert "first_users.txt" in migrated.stdout
    assert "the pages are ready" in migrated.stdout
    roles = [
        subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "run", role],
            cwd=CLONE,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for role in ROLES
    ]
    backup = tmp_path / "backup"
    try:
        _answers(f"http://127.0.0.1:{env['BIGEAR_HTTP_PORT']}/healthz")
        _answers(f"http://127.0.0.1:{env['BIGEAR_HTTP_PORT']}/")
        _until(lambda: _count(databases[0], "work_case") >= 3)  # samples, through every role
        done = bigear(env, "backup", str(backup))
        assert done.returncode == 0, done.stderr
        again = bigear(env, "backup", str(backup))
        assert "[backup.not_empty]" in again.stderr
    finally:
        for role in roles:
            role.send_signal(signal.SIGTERM)
        assert [role.wait(30) for role in roles] == [0, 0, 0, 0]

    assert backup.stat().st_mode & 0o077 == 0
    for name, database in zip(("other", "third"), databases[1:], strict=True):
        other = environ(servers, database, tmp_path / name)
        assert "[backup.none]" in bigear(other, "restore", str(tmp_path)).stderr
        restored = bigear(other, "restore", str(backup))
        assert restored.returncode == 0, restored.stderr
        assert _count(database, "work_case") >= 3
        examined = bigear(other, "doctor")
        assert examined.returncode == 0, examined.stdout + examined.stderr
        same = (tmp_path / "home/secrets/check", tmp_path / name / "secrets/check")
        assert same[0].read_text() == same[1].read_text()
        assert "[restore.not_empty]" in bigear(other, "restore", str(backup)).stderr


def test_the_page_names_only_what_there_is() -> None:
    commands = set(re.findall(r"\./bigear ([a-z]+)", INSTALL))
    assert commands == {"migrate", "pages", "run", "backup", "restore", "doctor"}
    for command in commands:
        assert (CLONE / "hub" / "cli" / f"{command}.py").exists()
    settings = (CLONE / "hub" / "settings.py").read_text(encoding="utf-8")
    assert all(name in settings for name in set(re.findall(r"BIGEAR_[A-Z_]+", INSTALL)))
    for link in re.findall(r"\]\(([^)]+)\)", INSTALL):
        assert (CLONE / "docs" / link).exists(), link


def test_a_unit_and_what_is_done_before_it_stand_on_the_same_home() -> None:
    for unit in (CLONE / "docs" / "systemd").iterdir():
        told = unit.read_text(encoding="utf-8").replace("\\\n#", "")
        [home] = re.findall(r"^Environment=(BIGEAR_HOME=\S+)$", told, re.MULTILINE)
        for line in told.splitlines():
            if line.startswith("#") and "/opt/bigear/bigear " in line:
                assert f" {home} " in line, unit.name


def _answers(url: str) -> None:
    def answered() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    _until(answered)


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 200
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)


def _count(url: str, table: str) -> int:
    async def ask() -> int:
        connection = await asyncpg.connect(url)
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
        finally:
            await connection.close()

    return asyncio.run(ask())
