"""A whole hub as a person starts it, on a PostgreSQL and a Valkey that belong to somebody else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.settings import CLONE
from hub.supervise import die_with_parent
from tests.conftest import _execute, with_database

START_S = 240.0


@dataclass(frozen=True, slots=True)
class Hub:
    """A running hub: its ports, its home, and the environment in which commands reach it."""

    http: int
    live: int
    home: Path
    environ: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    def first_password(self, login: str) -> str:
        """What the first start printed for that login."""
        lines = (self.home / "secrets" / "first_users.txt").read_text().splitlines()
        [line] = [line for line in lines if line.strip().startswith(f"{login} ")]
        return line.split()[1]

    def bigear(self, *words: str, given: str | None = None) -> str:
        """Run a command against it; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words],
            cwd=CLONE,
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextlib.contextmanager
def running_hub(
    servers: dict[str, str], folder: Path, network: Mapping[str, object] | None = None
) -> Iterator[Hub]:
    """`bigear up` on a new, empty database of the given servers; ``network`` replaces lines of that
    table of hub.toml. Ctrl-C at the end, and it must have ended well."""
    name = f"whole_{os.getpid()}_{time.monotonic_ns()}"
    asyncio.run(_execute(servers["database"], f'CREATE DATABASE "{name}"'))
    environ = {k: v for k, v in os.environ.items() if not k.startswith("BIGEAR_")} | {
        "BIGEAR_HOME": str(folder / "home"),
        "BIGEAR_DATABASE_URL": with_database(servers["database"], name),
        "BIGEAR_REDIS_URL": servers["redis"],
        "BIGEAR_HTTP_PORT": str(free_port()),
        "BIGEAR_LIVE_PORT": str(free_port()),
        "BIGEAR_CONFIG": str(_config(folder, network or {})),
    }
    log = folder / "up.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "up"],
            cwd=CLONE,
            env=environ,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - pytest has one thread
        )
    try:
        running = folder / "home" / "running.json"
        until = time.monotonic() + START_S
        while "Ctrl-C stops it." not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the hub did not start:\n{log.read_text()}")
            time.sleep(0.1)
        ports = json.loads(running.read_text())
        yield Hub(ports["http"], ports["live"], folder / "home", environ)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()
        asyncio.run(_execute(servers["database"], f'DROP DATABASE "{name}" WITH (FORCE)'))


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _config(folder: Path, network: Mapping[str, object]) -> Path:
    copy = folder / "config"
    shutil.copytree(CLONE / "config", copy)
    lines = (copy / "hub.toml").read_text(encoding="utf-8").splitlines()
    for name, value in network.items():
        at = next(n for n, line in enumerate(lines) if line.startswith(f"{name} ="))
        lines[at] = f"{name} = {json.dumps(value)}"
    (copy / "hub.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def hub(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One for all tests of a module."""
    with running_hub(servers, tmp_path_factory.mktemp("hub")) as one:
        yield one
