"""Debian's nginx: the installed one, or its package unpacked beside the tools of this clone."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.settings import CLONE
from hub.supervise import die_with_parent

MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    types {{ application/rss+xml xml; application/atom+xml atom; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {user_part}
}}
"""


@pytest.fixture(scope="session")
def nginx_program() -> str:
    """The program; the test is skipped, with the reason, where there is none to be had."""
    if found := shutil.which("nginx"):
        return found
    folder = CLONE / ".tools" / "nginx"
    program = folder / "usr" / "sbin" / "nginx"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["apt-get", "download", "nginx"], cwd=folder, check=True)
            [package] = folder.glob("nginx_*.deb")
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        except (OSError, ValueError, subprocess.CalledProcessError) as failed:
            pytest.skip(f"nginx is not installed, and Debian's package is not to be had: {failed}")
    return str(program)


@contextlib.contextmanager
def nginx(program: str, folder: Path, user_part: str, port: int) -> Iterator[None]:
    """nginx with these servers, listening on ``port`` of loopback until the end of the block."""
    conf = folder / "main.conf"
    conf.write_text(MAIN.format(folder=folder, user_part=user_part), encoding="utf-8")
    with (folder / "nginx.log").open("w") as log:
        process = subprocess.Popen(
            [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(conf)],
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - pytest has one thread
        )
    try:
        until = time.monotonic() + 20
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail((folder / "nginx.log").read_text() + (folder / "error.log").read_text())
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
