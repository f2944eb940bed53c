"""The hub's home: the one folder with its servers, data, secrets and photos, and its layout."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hub.model.errors import BigEarError

DATABASE = "bigear"
SOCKET_PATH_MAX_BYTES = 90  # the kernel takes 107; PostgreSQL adds "/.s.PGSQL.5432.lock"


class HomeUnusable(BigEarError):
    """The home cannot be made or written to; ``details`` hold its ``home`` and the ``reason``."""

    code = "home.unusable"


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below one home. Creating a ``Home`` touches nothing on disk."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def areas(self) -> Path:
        """Shapes and places that the city imported."""
        return self.root / "areas"

    @property
    def models(self) -> Path:
        """The versions of the classifier that the city made, a folder each."""
        return self.root / "models"

    @property
    def photos(self) -> Path:
        return self.root / "photos"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def build(self) -> Path:
        """Where what a read-only clone would hold is made."""
        return self.root / "build"

    @property
    def first_users(self) -> Path:
        """Logins and passwords of the first users, readable by the home's owner only."""
        return self.secrets / "first_users.txt"

    @property
    def running(self) -> Path:
        """Written by a running ``bigear up``: its ports; removed when it stops."""
        return self.root / "running.json"

    @property
    def servers(self) -> Path:
        """Software, data and sockets of the embedded servers.

        Root's servers run as an unprivileged user, who cannot pass a folder closed to others
        (``/root``); then they live below ``/var/lib`` under a name made from the home's path.
        """
        if os.geteuid() == 0 and not open_to_all(self.root):
            return Path("/var/lib/bigear-servers") / self._short_name
        return self.root / "servers"

    @property
    def sockets(self) -> Path:
        """Folder of the servers' unix sockets, short enough for the kernel."""
        folder = self.servers / "sockets"
        if len(os.fsencode(folder)) <= SOCKET_PATH_MAX_BYTES - len("/.s.PGSQL.5432"):
            return folder
        return Path(f"/tmp/bigear-{os.geteuid()}-{self._short_name}")  # noqa: S108 - owner is checked

    @property
    def _short_name(self) -> str:
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self.redis_socket))}?db=0"

    @property
    def database_url(self) -> str:
        """URL of the embedded database; makes its password on first use."""
        password = self.secret("database_password")
        sockets = quote(str(self.sockets), safe="")
        return f"postgresql://{DATABASE}:{password}@/{DATABASE}?host={sockets}"

    def create(self) -> None:
        """Make the home and the folders below it that only its owner may read. Raises
        ``HomeUnusable``."""
        with self._usable():
            self.root.mkdir(parents=True, exist_ok=True)
            self.lock.touch(0o600)
            for folder in (self.secrets, self.photos, self.logs, self.models):
                folder.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise HomeUnusable(home=str(self.root), reason=str(problem)) from None

    def secret(self, name: str) -> str:
        """The secret ``name`` (256 random bits, hexadecimal), made on first use, readable by its
        owner only. Raises ``HomeUnusable``."""
        path = self.secrets / name
        with self._usable():
            if not path.exists():
                self._make_secret(path)
            return path.read_text(encoding="ascii").strip()

    def _make_secret(self, path: Path) -> None:
        self.create()
        descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=self.secrets)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)  # of two processes at once, the first one's secret holds
        except FileExistsError:
            pass
        finally:
            Path(fresh).unlink()

    def agency_secret(self, code: str) -> str:
        """What the hub signs an agency's webhook with, made on first use."""
        return self.secret("agency_" + quote(code, safe=""))

    def ports(self) -> dict[str, int]:
        """``http`` and ``live`` of the hub running on this home; empty when none does."""
        try:
            found = json.loads(self.running.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {name: int(found[name]) for name in ("http", "live") if name in found}


def open_to_all(folder: Path) -> bool:
    """Whether a stranger may pass through every existing folder on the way to ``folder``."""
    for step in (folder, *folder.parents):
        try:
            if not step.stat().st_mode & stat.S_IXOTH:
                return False
        except FileNotFoundError:
            continue
    return True


def default_home() -> Path:
    """``/var/lib/bigear`` for root, ``~/.local/share/bigear`` (XDG) for others."""
    if os.geteuid() == 0:
        return Path("/var/lib/bigear")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "bigear"
