"""The commands work on the same ground as the use cases, in a home of their own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub.cli import main
from tests.flow.conftest import (
    city,
    ground,
    ground_url,
    model,
    open_case,
    staff,
    stamp_all,
    work_off,
)

__all__ = [
    "Beside",
    "Bigear",
    "ask",
    "beside",
    "bigear",
    "city",
    "ground",
    "ground_url",
    "model",
    "open_case",
    "settled",
    "staff",
    "stamp_all",
    "work_off",
]

Bigear = Callable[..., tuple[int, str, str]]
Beside = Callable[..., Awaitable[tuple[int, str]]]


def ask(url: str, query: str, *args: Any) -> list[tuple[Any, ...]]:
    """Rows, from a test that has no loop of its own."""

    async def fetch() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(query, *args)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


@pytest.fixture
def settled(city_url: str) -> None:
    """A hub that has staff: it makes no first users, which takes a second or two."""
    ask(
        city_url,
        "INSERT INTO staff_user (login, name, password_hash) VALUES ('lee', 'Lee', '-')",
    )


@pytest.fixture
def bigear(
    city_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bigear:
    """Run a command: its exit code, standard output and standard error."""
    monkeypatch.setenv("BIGEAR_DATABASE_URL", city_url)
    monkeypatch.setenv("BIGEAR_REDIS_URL", redis_url)
    monkeypatch.setenv("BIGEAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*words: str | Path) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def beside(
    ground_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Beside:
    """Run a command on the ``ground`` of a test whose own loop goes on: its exit code, and all that
    it said. It runs in a thread, where no signal handler can be set."""
    monkeypatch.setenv("BIGEAR_DATABASE_URL", ground_url)
    monkeypatch.setenv("BIGEAR_REDIS_URL", redis_url)
    monkeypatch.setenv("BIGEAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    async def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, words)
        told = capsys.readouterr()
        return code, told.out + told.err

    return run
