"""The embedded servers themselves: found by other commands, and safe against kill -9."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from hub import servers as embedded
from hub.cli._standing import standing
from hub.home import Home
from hub.settings import CLONE, read_settings
from hub.supervise import Supervisor

BOTH = ("postgres", "valkey")


async def test_a_command_finds_the_servers_of_the_running_hub(running_home: str) -> None:
    settings = read_settings({"BIGEAR_HOME": running_home})
    async with standing(settings):
        connection = await asyncpg.connect(settings.database_url)
        assert await connection.fetchval("SELECT version()")
        await connection.close()
        async with Redis.from_url(settings.redis_url) as redis:
            assert await redis.ping()


def test_a_home_in_use_is_not_started_twice(running_home: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "servers", "--", "true"],
        cwd=CLONE,
        env=os.environ | {"BIGEAR_HOME": running_home, "LC_ALL": "C"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "[home.in_use]" in done.stderr
    assert "Traceback" not in done.stderr


async def test_killed_servers_come_back_with_what_they_had(
    second_home: Home, tmp_path: Path
) -> None:
    embedded.prepare(second_home, BOTH, print)
    supervisor = Supervisor(tmp_path / "logs", print)
    await supervisor.start(embedded.children(second_home, BOTH))
    try:
        connection = await asyncpg.connect(second_home.database_url)
        await connection.execute("CREATE TABLE kept (word text)")
        await connection.execute("INSERT INTO kept VALUES ('귀')")
        async with Redis.from_url(second_home.redis_url) as redis:
            await redis.set("kept", "ear")
        killed = supervisor.pids()
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        connection.terminate()
        async with asyncio.timeout(20):
            while set(supervisor.pids().values()) & set(killed.values()) or not all(
                [await embedded.reachable(second_home, name) for name in BOTH]
            ):
                await asyncio.sleep(0.05)
        connection = await asyncpg.connect(second_home.database_url)
        assert await connection.fetchval("SELECT word FROM kept") == "귀"
        await connection.close()
        async with Redis.from_url(second_home.redis_url) as redis:
            assert await redis.get("kept") == b"ear"
    finally:
        await supervisor.stop()
    assert not await embedded.reachable(second_home, "postgres")
    assert not await embedded.reachable(second_home, "valkey")
