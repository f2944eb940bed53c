"""PostgreSQL and PostGIS from Debian's own packages, unpacked into a folder, not installed.

No wheel carries PostGIS. Debian's packages do, and PostgreSQL finds its files relative to its
binary, so a tree unpacked anywhere runs. apt works without root in folders of its own and still
checks Debian's signatures.
"""

from __future__ import annotations

import fnmatch
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hub.servers.owner import ServerSetup
from hub.supervise import die_with_parent

WANTED = ("postgresql-15", "postgresql-client-15", "postgresql-15-postgis-3")
NOT_NEEDED = (
    "libgdal*",
    "libsfcgal*",
    "libllvm*",
    "perl*",
    "postgresql-common*",
    "postgresql-client-common",
    "ssl-cert",
)
"""Rasters, 3D solids, the JIT compiler and Debian's cluster scripts: hundreds of MB, never used."""
SPACE_BYTES = 500 * 1024 * 1024
"""Lists and archives (110 MiB), what they unpack to (200 MiB), and a database that can grow."""
PROGRAMS = ("postgres", "initdb", "psql", "pg_dump", "pg_restore", "pg_ctl")
_LIBRARIES = ("postgis-3", "pg_trgm", "btree_gist", "unaccent")

Say = Callable[[str], None]


def supported() -> bool:
    """Whether this machine is the one known: Debian 12 on x86-64."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    known = release.get("ID") == "debian" and release.get("VERSION_ID") == "12"
    return known and platform.machine() == "x86_64"


def environment(software: Path) -> dict[str, str]:
    """Environment in which the programs below ``software`` find their libraries and projections."""
    usr = software / "usr"
    libraries = usr / "lib" / "x86_64-linux-gnu"
    folders = [libraries, libraries / "blas", libraries / "lapack"]
    folders.append(software / "lib" / "x86_64-linux-gnu")
    proj = usr / "share" / "proj"
    found = {
        "LC_ALL": "C.UTF-8",
        "PATH": f"{program(software, '')}:/usr/bin:/bin",
        "LD_LIBRARY_PATH": ":".join(map(str, folders)),
    }
    if proj.is_dir():
        found |= {"PROJ_DATA": str(proj), "PROJ_LIB": str(proj)}
    return found


def program(software: Path, name: str) -> Path:
    """Path of one of PostgreSQL's programs."""
    return software / "usr" / "lib" / "postgresql" / "15" / "bin" / name


def _extensions(software: Path) -> Path:
    return software / "usr" / "share" / "postgresql" / "15" / "extension"


def works(software: Path) -> bool:
    """Whether the unpacked programs still run (a system upgrade may have taken a library away)."""
    return program(software, "postgres").exists() and not _missing_libraries(software)


def unpack(software: Path, say: Say) -> None:
    """Download and unpack everything into ``software``. Raises ``ServerSetup``."""
    fresh = software.with_name(f".{software.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    free = shutil.disk_usage(software.parent).free
    if free < SPACE_BYTES:
        raise ServerSetup(
            reason=f"{software.parent} has {free >> 20} MiB left and needs {SPACE_BYTES >> 20};"
            " make room, or choose another folder with BIGEAR_HOME=…"
        )
    tree = fresh / "tree"
    tree.mkdir(parents=True)
    for folder in (software.parent, fresh, tree):
        folder.chmod(0o755)
    apt = _Apt(fresh / "apt")
    say("PostgreSQL and PostGIS: reading Debian's package lists")
    apt.update()
    for not_needed in (NOT_NEEDED, ()):
        packages = apt.closure(WANTED, not_needed)
        say(f"PostgreSQL and PostGIS: downloading {len(packages)} packages of Debian")
        for archive in apt.download(packages, say):
            _call(["dpkg-deb", "-x", str(archive), str(tree)])
        missing = _missing_libraries(tree)
        if not missing:
            break
    else:
        raise ServerSetup(reason=f"libraries not found: {', '.join(sorted(missing))}")
    control = _extensions(tree) / "postgis.control"
    if not control.exists():  # Debian makes this link when it installs
        control.symlink_to("postgis-3.control")
    shutil.rmtree(software, ignore_errors=True)
    tree.rename(software)
    shutil.rmtree(fresh)


class _Apt:
    """apt with lists and archives of its own; sources and keys are the system's."""

    def __init__(self, folder: Path) -> None:
        self._archives = folder / "archives"
        for part in ("state/lists/partial", "cache/archives/partial", "archives"):
            (folder / part).mkdir(parents=True)
        options = {
            "Dir::State": folder / "state",
            "Dir::State::lists": folder / "state" / "lists",
            "Dir::State::status": "/var/lib/dpkg/status",
            "Dir::Cache": folder / "cache",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        self._options = [
            word for key, value in options.items() for word in ("-o", f"{key}={value}")
        ]

    def update(self) -> None:
        _call(["apt-get", *self._options, "update"])

    def closure(self, wanted: Iterable[str], not_needed: Sequence[str]) -> list[str]:
        """``wanted`` and all they depend on, less what is installed, breadth first."""
        installed = _installed()
        chosen: dict[str, None] = {}
        front = list(wanted)
        while front:
            chosen |= dict.fromkeys(front)
            text = _call(["apt-cache", *self._options, "depends", "--important", *front])
            front = [
                name
                for name in dict.fromkeys(_first_choices(text, installed))
                if name not in chosen
                and not any(fnmatch.fnmatch(name, pattern) for pattern in not_needed)
            ]
        return list(chosen)

    def download(self, packages: Sequence[str], say: Say) -> list[Path]:
        """The packages' archives, checked by apt against Debian's signed lists."""
        argv = ["apt-get", *self._options, "download", *packages]
        with subprocess.Popen(
            argv,
            cwd=self._archives,
            env=_plain_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no thread holds a lock
        ) as process:
            try:
                lines = _followed(process, len(packages), say)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            raise ServerSetup(reason="apt-get download failed:\n" + "".join(lines[-15:]))
        return sorted(self._archives.glob("*.deb"))


def _followed(process: subprocess.Popen[str], total: int, say: Say) -> list[str]:
    """All that apt prints, saying every two seconds how many packages have come."""
    assert process.stdout is not None
    lines, said_at, count = [], time.monotonic(), 0
    for line in process.stdout:
        lines.append(line)
        count += line.startswith("Get:")
        if time.monotonic() - said_at > 2:
            say(f"PostgreSQL and PostGIS: {count} of {total}")
            said_at = time.monotonic()
    return lines


def _first_choices(text: str, installed: set[str]) -> list[str]:
    """Of ``apt-cache depends`` output: the first alternative of every dependency that nothing
    installed meets (for a virtual package, written ``<name>``, its first provider)."""
    groups: list[list[str]] = []
    joined = False  # the line before ended in "or"
    for line in text.splitlines():
        mark, _, name = line.strip().partition(": ")
        if mark.lstrip("|") in {"Depends", "PreDepends"}:
            if not joined:
                groups.append([])
            groups[-1].append(name)
            joined = mark.startswith("|")
        elif line.startswith("    ") and groups:
            groups[-1].append(line.strip())
    choices = []
    for group in groups:
        real = [name.split(":")[0] for name in group if not name.startswith("<")]
        if real and not installed.intersection(real):
            choices.append(real[0])
    return choices


def _installed() -> set[str]:
    """Packages of the system; PostgreSQL's own do not count, for they must lie in one tree."""
    listing = _call(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\\n"])
    names = {line.split()[1] for line in listing.splitlines() if line.startswith("ii")}
    return {name for name in names if not name.startswith("postgresql-")}


def _missing_libraries(software: Path) -> set[str]:
    library = software / "usr" / "lib" / "postgresql" / "15" / "lib"
    files = [program(software, name) for name in PROGRAMS]
    files += [library / f"{name}.so" for name in _LIBRARIES]
    needed = [*files, *(_extensions(software) / f"{name}.control" for name in _LIBRARIES)]
    absent = {str(path) for path in needed if not path.exists()}
    if absent:
        return absent
    env = _plain_environment() | environment(software)
    text = _call(["ldd", *map(str, files)], env)
    return {line.split()[0] for line in text.splitlines() if "not found" in line}


def _plain_environment() -> dict[str, str]:
    return os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": "", "DEBIAN_FRONTEND": "noninteractive"}


def _call(argv: Sequence[str], env: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            list(argv),
            check=False,
            env=env or _plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            umask=0o022,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    except FileNotFoundError:
        raise ServerSetup(reason=f"{argv[0]} is not on this machine") from None
    if done.returncode != 0:
        raise ServerSetup(reason=f"{argv[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout
