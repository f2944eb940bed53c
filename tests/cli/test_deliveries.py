"""`bigear deliveries` lists what failed, sends it again, and shows a secret that stays the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.cli import main
from hub.flow.city import CityNow
from hub.flow.ground import Ground
from hub.store import deliveries

Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def command(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run `bigear deliveries` with these words: its exit code, and all that it said."""
    monkeypatch.setenv("BIGEAR_HOME", str(tmp_path))
    monkeypatch.setenv("BIGEAR_DATABASE_URL", database_url)
    monkeypatch.setenv("BIGEAR_REDIS_URL", redis_url)

    async def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, ["deliveries", *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


async def test_what_failed_is_listed_and_sent_again(
    command: Run, ground: Ground, city: CityNow
) -> None:
    async with ground.db.acquire() as connection:
        await deliveries.enqueue(
            connection, "case", "webhook", [(1, "metro", 3), (2, "fire", 1), (3, "metro", 1)]
        )
    await ground.db.execute(
        "UPDATE delivery SET state = 'failed', error_code = 'http.404', done_at = now()"
        " WHERE subject_id < 3"
    )
    await ground.db.execute("UPDATE delivery SET state = 'sent' WHERE subject_id = 3")
    code, told = await command("list")
    assert code == 0 and told.count("http.404") == 2 and "sent" not in told
    assert "sent" in (await command("list", "--all"))[1]
    code, told = await command("retry", "--agency", "metro")
    assert code == 0 and told.startswith("1 ")
    states = await ground.db.fetch("SELECT target, state FROM delivery ORDER BY subject_id")
    assert [tuple(row) for row in states] == [
        ("metro", "queued"),
        ("fire", "failed"),
        ("metro", "sent"),
    ]
    assert (await command("retry", "999999"))[0] == 1


async def test_an_agency_s_secret_is_made_once_and_only_for_an_agency(
    command: Run, city: CityNow, tmp_path: Path
) -> None:
    code, first = await command("secret", "metro")
    assert code == 0 and len(first.strip()) == 64
    assert (await command("secret", "metro"))[1] == first
    [file] = (tmp_path / "secrets").glob("agency_*")
    assert file.stat().st_mode & 0o077 == 0
    code, told = await command("secret", "../check")
    assert code == 1 and "[agency.unknown]" in told
