"""A hub of the tests' own, started as anybody starts one, and its people."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.supervise import die_with_parent

CLONE = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 120
PASSWORD = "seven tall lanterns"


@dataclass(frozen=True)
class RunningHub:
    """Where it is, and who may sign in. ``first_passwords``: login → what the first start gave.
    ``environment``: what its commands are run with."""

    url: str
    live_url: str
    pid: int
    first_passwords: dict[str, str]
    environment: Mapping[str, str]

    def bigear(self, *words: str, **more: str) -> str:
        """What a command answers that must succeed; ``more`` goes into its environment."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words],
            cwd=CLONE,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def role_pid(self, role: str) -> int:
        """The process of one role, as it is now."""
        found = self.pids(role)
        if not found:
            raise LookupError(role)
        return found[0]

    def pids(self, name: str) -> list[int]:
        """The processes of one role or server (``postgres``, ``valkey-server``), as they are now."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
                title = (folder / "comm").read_text().strip()
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.pid and (words[-3:-1] == [b"run", name.encode()] or title == name):
                found.append(int(folder.name))
        return sorted(found)


def for_many(folder: Path) -> Path:
    """The default city's rule books in a new folder, with many people behind the tests' one address."""
    shutil.copytree(CLONE / "config", folder)
    hub = folder / "hub.toml"
    told = hub.read_text(encoding="utf-8")
    assert "rate_scale = 1.0" in told
    hub.write_text(told.replace("rate_scale = 1.0", "rate_scale = 1000.0"), encoding="utf-8")
    return folder


@contextmanager
def running_hub(
    home: Path,
    database_url: str = "",
    redis_url: str = "",
    *,
    workers: int = 1,
    config: Path | None = None,
) -> Iterator[RunningHub]:
    """Start a hub, on servers that run already or (where no URL is given) on its own; stop it at
    the end. ``config``: its rule books, in place of the clone's."""
    http, live = free_ports(2)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BIGEAR_")}
    mine = {
        "BIGEAR_HOME": str(home),
        "BIGEAR_DATABASE_URL": database_url,
        "BIGEAR_REDIS_URL": redis_url,
        "BIGEAR_HTTP_PORT": str(http),
        "BIGEAR_LIVE_PORT": str(live),
    }
    if config is not None:
        mine["BIGEAR_CONFIG"] = str(config)
    environment = inherited | mine
    with (
        (home / "output").open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "up", "--workers", str(workers)],
            cwd=CLONE,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - pytest has one thread
        ) as process,
    ):
        try:
            _wait(process, home)
            passwords = _passwords(home / "secrets" / "first_users.txt")
            yield RunningHub(
                f"http://127.0.0.1:{http}",
                f"ws://127.0.0.1:{live}/",
                process.pid,
                passwords,
                environment,
            )
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], home: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while not (home / "running.json").exists():
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError((home / "output").read_text()[-2_000:])
        time.sleep(0.05)


def _passwords(file: Path) -> dict[str, str]:
    lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    return {words[0]: words[1] for words in lines if len(words) >= 2 and len(words[1]) >= 12}


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody holds now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
