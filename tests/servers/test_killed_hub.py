"""A whole hub, as `./run` starts it, whose processes are killed with -9."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.home import Home
from hub.settings import CLONE

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


def environment(home: Home) -> dict[str, str]:
    """The home's own servers, on ports that are free."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BIGEAR_")}
    return inherited | {"BIGEAR_HOME": str(home.root), "LC_ALL": "C.UTF-8"}


@contextmanager
def running(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """A hub on ``home`` that has said where it is; what it says goes to ``output`` beside it."""
    with (
        home.root.with_name("output").open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "up"],
            cwd=CLONE,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            eventually(lambda: holder(home) == process.pid or process.poll() is not None)
            assert process.poll() is None, said(home)
            yield process
        finally:
            process.terminate()


def holder(home: Home) -> int:
    """Process id of the hub that said last where it is."""
    return int(json.loads(home.running.read_text())["pid"]) if home.running.exists() else 0


def said(home: Home) -> str:
    return home.root.with_name("output").read_text()


def eventually(condition: Callable[[], bool], within_s: float = 120) -> float:
    """Wait for it; how long it took, in seconds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s
        time.sleep(0.05)
    return time.monotonic() - began


def is_well(home: Home) -> bool:
    ports = home.ports()
    if not ports:
        return False
    connection = http.client.HTTPConnection("127.0.0.1", ports["http"], timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def check(home: Home) -> None:
    """A complaint, a post and an exercise go through the running hub."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "up", "--check"],
        cwd=CLONE,
        env=environment(home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "checking that one" in done.stderr


def children(pid: int) -> dict[int, str]:
    """Every process below ``pid``, with its command line."""
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid and state != "Z":
            found |= {int(folder.name): words} | children(int(folder.name))
    return found


def one(pids: dict[int, str], part: str) -> int:
    (pid,) = (pid for pid, words in pids.items() if part in words)
    return pid


def test_servers_and_api_killed_at_once_are_well_again(second_home: Home) -> None:
    with running(second_home) as hub:
        before = children(hub.pid)
        killed = [one(before, part) for part in ("bin/postgres", "valkey-server", "run api")]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not set(killed) & set(children(hub.pid)))
        took_s = eventually(lambda: is_well(second_home))
        print(f"postgres, valkey and api killed at once: well again after {took_s:.1f} s")
        check(second_home)
        told = said(second_home)
    for name in ("postgres", "valkey", "api"):
        assert f"{name} ended (SIGKILL)" in told
    assert "Traceback" not in told


def test_a_killed_hub_leaves_nothing_running_and_starts_again(second_home: Home) -> None:
    with running(second_home) as hub:
        check(second_home)
        left = children(hub.pid)
        assert len(left) > 6
        hub.kill()
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), within_s=30)
    assert holder(second_home) == hub.pid  # its file still stands there
    with running(second_home):
        check(second_home)


def test_a_machine_that_went_down_leaves_files_that_are_in_nobodys_way(second_home: Home) -> None:
    """As after a power cut: pid and socket files stand there, some naming a process of another."""
    with running(second_home) as hub:
        for pid in (*children(hub.pid), hub.pid):  # the supervisor last: nothing is shut down
            os.kill(pid, signal.SIGSTOP)
        for pid in (*children(hub.pid), hub.pid):
            os.kill(pid, signal.SIGKILL)
    pid_file = next(second_home.servers.glob("postgres-data/15/postmaster.pid"))
    pid_file.write_text(pid_file.read_text().replace(pid_file.read_text().split()[0], "1", 1))
    assert second_home.redis_socket.exists()
    second_home.lock.write_text("1\n")
    with running(second_home):
        check(second_home)
