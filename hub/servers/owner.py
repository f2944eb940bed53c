"""Whose processes the servers are: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.model.errors import BigEarError
from hub.supervise import User


class ServerSetup(BigEarError):
    """The embedded servers cannot be made; ``details['reason']`` says why and what to do."""

    code = "servers.setup"


def server_user() -> User | None:
    """``nobody`` when we are root, ourselves (None) otherwise."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return User(nobody.pw_uid, nobody.pw_gid)


def owned_folder(path: Path, user: User | None, mode: int = 0o700) -> None:
    """Make ``path`` a folder of ``user`` with exactly ``mode``. Raises ``ServerSetup`` when a
    stranger's folder or a link stands there (it may lie in /tmp)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=mode, exist_ok=True)
    status = path.lstat()
    owner = os.geteuid() if user is None else user.uid
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {owner, os.geteuid()}:
        raise ServerSetup(reason=f"{path} belongs to someone else")
    path.chmod(mode)
    if user is not None:
        os.chown(path, user.uid, user.gid)


def run_as(user: User | None, argv: Sequence[str], env: Mapping[str, str], stdin: str = "") -> str:
    """Run a short program to its end; its output. Raises ``ServerSetup`` with it on failure."""
    done = subprocess.run(  # noqa: PLW1510 - the exit code is looked at below
        list(argv),
        env=dict(env),
        cwd="/",
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        umask=0o077,
        user=None if user is None else user.uid,
        group=None if user is None else user.gid,
        extra_groups=None if user is None else [],
    )
    if done.returncode != 0:
        raise ServerSetup(reason=f"{argv[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout
