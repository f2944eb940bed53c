"""What the hub is told from outside: read once from the environment and the home.

========================= =====================================================================
``BIGEAR_HOME``           folder of everything the hub keeps
``BIGEAR_DATABASE_URL``   a PostgreSQL of one's own (PostGIS installed in it); else the embedded one
``BIGEAR_REDIS_URL``      a Redis or Valkey of one's own; else the embedded one
``BIGEAR_LISTEN``         address to listen on (127.0.0.1)
``BIGEAR_HTTP_PORT``      port of pages and API (8311)
``BIGEAR_LIVE_PORT``      port of the websocket (8312)
``BIGEAR_CONFIG``         folder of the rule books (the clone's ``config/``, or the wheel's)
``BIGEAR_PAGES``          folder of the built pages
``BIGEAR_MODEL``          weights file, version's folder, or folder of a Hugging Face sequence
                          classifier for this process's workers, whichever version is promoted
``BIGEAR_DATA``           folder of training and replay data, if there is one
========================= =====================================================================
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub.home import Home, default_home
from hub.model.errors import BigEarError

HTTP_PORT = 8311
LIVE_PORT = 8312
_HUB = Path(__file__).resolve().parent
_BUNDLED = _HUB / "bundled"  # only in an installed package
CLONE = _HUB.parent


class BadSetting(BigEarError):
    """A setting that cannot be used; ``details`` hold its ``name`` and ``value``."""

    code = "setting.invalid"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. URLs carry passwords: never log one."""

    home: Home
    database_url: str
    redis_url: str
    embedded_database: bool
    embedded_redis: bool
    listen: str
    http_port: int
    live_port: int
    config: Path
    pages: Path
    data: Path | None
    model: Path | None = None


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from ``environ`` and the home. Raises ``BadSetting``."""
    home = Home(Path(environ.get("BIGEAR_HOME") or default_home()).expanduser().absolute())
    database_url = environ.get("BIGEAR_DATABASE_URL", "")
    redis_url = environ.get("BIGEAR_REDIS_URL", "")
    ports = home.ports()
    data, model = environ.get("BIGEAR_DATA", ""), environ.get("BIGEAR_MODEL", "")
    return Settings(
        home=home,
        database_url=database_url or home.database_url,
        redis_url=redis_url or home.redis_url,
        embedded_database=not database_url,
        embedded_redis=not redis_url,
        listen=environ.get("BIGEAR_LISTEN") or "127.0.0.1",
        http_port=_port(environ, "BIGEAR_HTTP_PORT", ports.get("http", HTTP_PORT)),
        live_port=_port(environ, "BIGEAR_LIVE_PORT", ports.get("live", LIVE_PORT)),
        config=_folder(environ, "BIGEAR_CONFIG", CLONE / "config", _BUNDLED / "config"),
        pages=_folder(environ, "BIGEAR_PAGES", _pages_of_clone(home), _BUNDLED / "pages"),
        data=Path(data).absolute() if data else None,
        model=Path(model).absolute() if model else None,
    )


def in_clone() -> bool:
    """Whether this code runs from a clone, not from an installed wheel."""
    return (CLONE / "pyproject.toml").is_file() and (CLONE / "dashboard").is_dir()


def _pages_of_clone(home: Home) -> Path:
    """Built in the clone, or in the home when the clone may not be written to."""
    in_clone = CLONE / "dashboard" / "web" / "dist"
    in_home = home.build / "dashboard" / "web" / "dist"
    return in_home if in_home.is_dir() else in_clone


def _port(environ: Mapping[str, str], name: str, otherwise: int) -> int:
    value = environ.get(name, "")
    if not value:
        return otherwise
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 65535:
        raise BadSetting(name=name, value=value)
    return int(value)


def _folder(environ: Mapping[str, str], name: str, in_clone: Path, in_wheel: Path) -> Path:
    if chosen := environ.get(name, ""):
        return Path(chosen).absolute()
    return in_wheel if in_wheel.is_dir() else in_clone
