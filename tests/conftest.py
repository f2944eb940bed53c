"""Real servers for the tests that need them.

``./test`` starts one PostgreSQL and one Valkey for the whole run and names them in
``BIGEAR_TEST_DATABASE_URL`` and ``BIGEAR_TEST_REDIS_URL``; a bare ``pytest`` starts its own the
first time a test asks. Tests get a migrated database cloned from a template, emptied between
tests: real commits, so that locks, notifications and commit order are what they are in life.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from redis import Redis

from hub.bus.bell import Bell
from hub.flow import configure
from hub.flow.ground import Ground
from hub.store.migrate import upgrade
from hub.store.pool import open_pool
from hub.supervise import die_with_parent

CLONE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """``database`` and ``redis``: URLs of servers that the tests may do anything to; ``home`` is
    theirs when they were started here."""
    given = {
        "database": os.environ.get("BIGEAR_TEST_DATABASE_URL", ""),
        "redis": os.environ.get("BIGEAR_TEST_REDIS_URL", ""),
    }
    if all(given.values()):
        yield given
        return
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BIGEAR_")}
    home = os.environ.get("BIGEAR_TEST_HOME") or str(CLONE / ".tools" / "test-home")
    with subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "servers", "--volatile"],
        cwd=CLONE,
        env=inherited | {"BIGEAR_HOME": home},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - pytest has one thread
    ) as process:
        assert process.stdout is not None
        lines = [shlex.split(process.stdout.readline()) for _ in range(2)]
        urls = dict(words[1].split("=", 1) for words in lines if len(words) == 2)
        if len(urls) != 2:
            pytest.fail(f"the servers did not start; see {home}/logs")
        yield {
            "database": urls["BIGEAR_DATABASE_URL"],
            "redis": urls["BIGEAR_REDIS_URL"],
            "home": home,
        }
        process.terminate()


@pytest.fixture(scope="session")
def pg_server(servers: dict[str, str]) -> str:
    """URL of the PostgreSQL server (of its maintenance database)."""
    return servers["database"]


@pytest.fixture(scope="session")
def pg_template(pg_server: str) -> Iterator[str]:
    """Name of a migrated database to clone with ``CREATE DATABASE … TEMPLATE``."""
    name = f"template_{os.getpid()}"
    asyncio.run(_execute(pg_server, f'CREATE DATABASE "{name}"'))
    asyncio.run(_make_template(with_database(pg_server, name)))
    yield name
    asyncio.run(_execute(pg_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def pg_clone(pg_server: str, pg_template: str) -> Iterator[str]:
    """URL of this session's clone. Tests ask for ``database_url``, which is emptied for them."""
    name = f"test_{os.getpid()}"
    asyncio.run(
        _execute(pg_server, f'CREATE DATABASE "{name}" TEMPLATE "{pg_template}" STRATEGY file_copy')
    )
    yield with_database(pg_server, name)
    asyncio.run(_execute(pg_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
def database_url(pg_clone: str) -> Iterator[str]:
    """URL of a migrated database that holds nothing but what the migrations put there."""
    yield pg_clone
    asyncio.run(_empty(pg_clone))


@pytest.fixture(scope="session")
def pg_city(pg_server: str, pg_template: str) -> Iterator[str]:
    """URL of this session's clone with the default city in it. Tests ask for ``city_url``."""
    name = f"city_{os.getpid()}"
    asyncio.run(
        _execute(pg_server, f'CREATE DATABASE "{name}" TEMPLATE "{pg_template}" STRATEGY file_copy')
    )
    url = with_database(pg_server, name)
    asyncio.run(_seed(url))
    yield url
    asyncio.run(_execute(pg_server, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
def city_url(pg_city: str) -> Iterator[str]:
    """URL of a database that holds the default city as a first start leaves it, without users."""
    yield pg_city
    asyncio.run(_empty(pg_city))


@pytest.fixture
def redis_url(servers: dict[str, str]) -> Iterator[str]:
    """URL of an empty Valkey."""
    with Redis.from_url(servers["redis"]) as redis:
        redis.flushdb()
        yield servers["redis"]


@pytest.fixture
def data_folder() -> Path:
    """``$BIGEAR_DATA``; the test is skipped where there is none."""
    folder = os.environ.get("BIGEAR_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("BIGEAR_DATA does not name a folder of training and replay data")
    return Path(folder)


def with_database(url: str, name: str) -> str:
    """The same server's URL for the database ``name``."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _make_template(url: str) -> None:
    await upgrade(url)
    await _remember(url)


async def _seed(url: str) -> None:
    pool = await open_pool(url, size=1)
    await configure.seed(Ground(pool, Bell("redis://unused")), CLONE / "config")
    await pool.close()
    await _remember(url)


async def _remember(url: str) -> None:
    """Keep a copy of every row that is there now: emptying puts it back."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP SCHEMA IF EXISTS at_birth CASCADE; CREATE SCHEMA at_birth")
        for table in await _tables(connection, "public"):
            if await connection.fetchval(f'SELECT EXISTS (SELECT 1 FROM public."{table}")'):
                await connection.execute(
                    f'CREATE TABLE at_birth."{table}" AS TABLE public."{table}"'
                )
    finally:
        await connection.close()


async def _empty(url: str) -> None:
    """DELETE is the cheapest (2 ms; TRUNCATE 35). As a replica no trigger or key stands against."""
    connection = await asyncpg.connect(url)
    try:
        tables = await _tables(connection, "public")
        born_full = await _tables(connection, "at_birth")
        statements = ["SET session_replication_role = replica", "SET lock_timeout = '10s'"]
        statements += [f'DELETE FROM public."{name}"' for name in tables]
        statements += [
            f'INSERT INTO public."{name}" OVERRIDING SYSTEM VALUE SELECT * FROM at_birth."{name}"'
            for name in born_full
        ]
        await connection.execute(";".join(statements))
    finally:
        await connection.close()


async def _tables(connection: asyncpg.Connection[asyncpg.Record], schema: str) -> list[str]:
    """Tables of ours: not partitions, which go with their parents, and not PostGIS's."""
    rows = await connection.fetch(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
             AND c.relname NOT IN ('spatial_ref_sys', 'alembic_version')
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        """,
        schema,
    )
    return [row["relname"] for row in rows]
