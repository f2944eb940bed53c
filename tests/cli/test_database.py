"""A database that the hub cannot use is a line that says what to do, never a traceback."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.cli.conftest import Bigear, ask
from tests.conftest import _execute, with_database


@pytest.fixture
def bare(pg_server: str) -> Iterator[str]:
    """URL of an empty database, without extensions, of a role that is no superuser."""
    name = f"bare_{os.getpid()}"
    asyncio.run(_execute(pg_server, f"CREATE ROLE {name} LOGIN PASSWORD '{name}'"))
    asyncio.run(_execute(pg_server, f"CREATE DATABASE {name} OWNER {name}"))
    yield with_database(as_user(pg_server, name, name), name)
    asyncio.run(_execute(pg_server, f"DROP DATABASE {name} WITH (FORCE)"))
    asyncio.run(_execute(pg_server, f"DROP ROLE {name}"))


def as_user(url: str, name: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.netloc.rpartition('@')[2]}"))


def test_a_database_that_cannot_be_used_is_told_in_words(
    bigear: Bigear, bare: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url, words, code in (
        ("mysql://127.0.0.1/bigear", ("users", "list"), "database.url"),
        (as_user(bare, "nobody_here", "wrong"), ("users", "list"), "database.denied"),
        (with_database(bare, "nowhere"), ("doctor",), "database.unknown"),
        (bare, ("migrate",), "database.setup"),
        (bare, ("run", "api"), "database.tables"),
    ):
        monkeypatch.setenv("BIGEAR_DATABASE_URL", url)
        exit_code, out, err = bigear(*words)
        assert (exit_code, out) == (1, "") and f"[{code}]" in err, (words, out, err)
        assert "reason: " in err


@pytest.mark.usefixtures("settled")
def test_a_database_of_a_newer_hub_is_left_alone(bigear: Bigear, city_url: str) -> None:
    [(revision,)] = ask(city_url, "SELECT version_num FROM alembic_version")
    ask(city_url, "UPDATE alembic_version SET version_num = '9999'")
    try:
        code, _, err = bigear("users", "list")
        assert code == 1 and "[database.newer]" in err and "9999" in err
        code, out, _ = bigear("doctor")
        [line] = [line for line in out.splitlines() if " tables " in line]
        assert code == 1 and line.startswith("WRONG") and "newer version" in line
    finally:
        ask(city_url, "UPDATE alembic_version SET version_num = $1", revision)
