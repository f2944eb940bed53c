"""Whether a database is the one that the tables declare: used by migrations, their test and doctor."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from hub.store.migrate import sqlalchemy_url
from hub.store.tables import metadata


def _ours(_: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out what PostGIS made, and the partitions of the log of facts."""
    if kind == "table" and reflected and compare_to is None:
        return name not in ("spatial_ref_sys", "alembic_version") and not (name or "").startswith(
            "fact_from_"
        )
    return True


def compare_options() -> dict[str, Any]:
    """How Alembic compares: types and server defaults too."""
    return {"include_object": _ours, "compare_type": True}


def differences(connection: Connection) -> list[Any]:
    """What the database has otherwise than declared; empty when the two are equal."""
    context = MigrationContext.configure(connection, opts=compare_options())
    return list(compare_metadata(context, metadata))


async def differences_at(database_url: str) -> list[Any]:
    """The same of the database at that URL. Raises OSError when it cannot be reached."""
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(differences)
    finally:
        await engine.dispose()
