"""Which schema a database has, and whether that is the newest, asked without loading Alembic."""

from __future__ import annotations

import glob
from pathlib import Path

from hub.store.pool import Connection

_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


def newest() -> str:
    """The revision of the newest migration: their files begin with it, in order."""
    return max(path.name for path in _MIGRATIONS.glob("[0-9]*.py")).split("_")[0]


def is_known(revision: str) -> bool:
    """Whether there is a migration to that revision: else a newer version of the hub made it."""
    return any(_MIGRATIONS.glob(f"{glob.escape(revision)}_*.py"))


async def current(connection: Connection) -> str | None:
    """The revision that a database is at; None for one that was never migrated."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision
