"""Start everything: servers, migrations, seed, every role under one supervisor; Ctrl-C stops it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

from hub import wiring
from hub.cli import pages
from hub.cli._standing import Stopped, embedded, prepared, started, stop_requested, until
from hub.cli._terminal import say
from hub.model.errors import BigEarError
from hub.settings import CLONE, Settings, in_clone, read_settings
from hub.supervise import AlreadyRunning, Child, Supervisor, die_with_parent, notify

PORTS_TRIED = 50


class PortTaken(BigEarError):
    """Neither the wanted port nor one of the next is free on ``details['listen']``."""

    code = "start.port"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--check",
        action="store_true",
        help="send a complaint, a post and an exercise through, say what came of them, and stop",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes (1)")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    wiring.refuse_bad_network(settings)  # else each role would be started again and again
    try:
        with prepared(settings, _pages_built(settings)):
            settings = _with_free_ports(read_settings())
            return asyncio.run(_up(settings, check=args.check, workers=args.workers))
    except AlreadyRunning:
        if not args.check:
            raise
        say("the hub is running already: checking that one")
        return asyncio.run(_check(read_settings()))


@contextlib.contextmanager
def _pages_built(settings: Settings) -> Iterator[None]:
    """Build the clone's pages, where they changed, beside what the block does: they are there at its
    end. In a process group of their own, so that all of it can be ended at once."""
    if not in_clone() or pages.are_built(settings.home):
        yield
        return
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "hub.cli", "pages"],
        env=os.environ | {"BIGEAR_HOME": str(settings.home.root), "PYTHONPATH": _python_path()},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - there is one thread yet
    ) as building:
        try:
            yield
            if building.wait() != 0:
                raise pages.PagesFailed(reason="why is said above")
        finally:
            if building.poll() is None:
                os.killpg(building.pid, signal.SIGKILL)


async def _up(settings: Settings, *, check: bool, workers: int) -> int:
    stop = stop_requested()
    try:
        async with started(settings) as supervisor:
            return await until(stop, _serve(settings, supervisor, check=check, workers=workers))
    except Stopped:
        say("stopped")
        return 0


async def _check(settings: Settings) -> int:
    from hub.cli import selfcheck  # it brings a client along that a plain start does not need

    return await selfcheck.run_check(settings)


async def _serve(settings: Settings, supervisor: Supervisor, *, check: bool, workers: int) -> int:
    first_time = not settings.home.first_users.exists()
    await wiring.prepare(settings)
    await supervisor.start(_roles(settings, workers))
    with _announced(settings):
        if check:
            return await _check(settings)
        notify.say_ready()
        _print_addresses(settings)
        if first_time and settings.home.first_users.exists():
            print(settings.home.first_users.read_text(encoding="utf-8"), flush=True)
        await asyncio.get_running_loop().create_future()  # until Ctrl-C
        return 0


def _roles(settings: Settings, workers: int) -> list[Child]:
    env = os.environ | {
        "BIGEAR_HOME": str(settings.home.root),
        "BIGEAR_LISTEN": settings.listen,
        "BIGEAR_HTTP_PORT": str(settings.http_port),
        "BIGEAR_LIVE_PORT": str(settings.live_port),
        "BIGEAR_PAGES": str(settings.pages),
        "BIGEAR_CONFIG": str(settings.config),
        "PYTHONPATH": _python_path(),
        "PYTHONUNBUFFERED": "1",
    }
    numbered = ["worker"] if workers == 1 else [f"worker-{n + 1}" for n in range(workers)]
    return [
        Child(
            name=name,
            argv=(sys.executable, "-m", "hub.cli", "run", name.split("-")[0]),
            env=env,
            after=tuple(embedded(settings)),
        )
        for name in ("api", "gateway", *numbered, "connectors")
    ]


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(CLONE), os.environ.get("PYTHONPATH")]))


def _with_free_ports(settings: Settings) -> Settings:
    """The wanted ports, or the next free ones where others hold them. Raises ``PortTaken``."""
    http = _free_port(settings.listen, settings.http_port, "BIGEAR_HTTP_PORT", ())
    live = _free_port(settings.listen, settings.live_port, "BIGEAR_LIVE_PORT", (http,))
    return dataclasses.replace(settings, http_port=http, live_port=live)


def _free_port(listen: str, wanted: int, variable: str, taken: tuple[int, ...]) -> int:
    tried = 1 if os.environ.get(variable) else PORTS_TRIED
    for port in range(wanted, wanted + tried):
        if port not in taken and _is_free(listen, port):
            return port
    raise PortTaken(listen=listen, port=wanted)


def _is_free(listen: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _announced(settings: Settings) -> Iterator[None]:
    """Other commands find the running hub's ports in its home."""
    ports = {"http": settings.http_port, "live": settings.live_port, "pid": os.getpid()}
    fresh = settings.home.running.with_suffix(".new")
    fresh.write_text(json.dumps(ports), encoding="utf-8")
    fresh.replace(settings.home.running)  # whole or not at all
    try:
        yield
    finally:
        settings.home.running.unlink(missing_ok=True)


def _print_addresses(settings: Settings) -> None:
    host = f"[{settings.listen}]" if ":" in settings.listen else settings.listen
    pages_url = f"http://{host}:{settings.http_port}"
    print(f"Big Ear   {pages_url}/         citizens")
    print(f"          {pages_url}/staff    staff")
    print(f"          ws://{host}:{settings.live_port}/live    live")
    print(f"home      {settings.home.root}   (logs in {settings.home.logs})")
    if settings.home.first_users.exists():
        print(f"sign in   with the logins and passwords of {settings.home.first_users}")
    print("Ctrl-C stops it.", flush=True)
