"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK = 0x0B16_EA12  # one migration at a time, whoever starts it


def sqlalchemy_url(database_url: str) -> str:
    """The same address, for SQLAlchemy's asyncpg dialect."""
    scheme, rest = database_url.split("://", 1)
    del scheme
    return f"postgresql+asyncpg://{rest}"


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file; ``connection`` is the one to migrate over."""
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    # Alembic splits and interpolates these options; a path may hold '%' or spaces.
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


async def upgrade(database_url: str) -> None:
    """Run every migration that is missing, in one transaction, alone by an advisory lock.

    Raises OSError or sqlalchemy.exc.DBAPIError when the server is away or refuses.
    """
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=pool.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await connection.run_sync(lambda c: command.upgrade(alembic_config(c), "head"))
    finally:
        await engine.dispose()


async def is_empty(database_url: str) -> bool:
    """Whether no migration was ever run there. Raises OSError, asyncpg.PostgresError."""
    connection = await asyncpg.connect(database_url)
    try:
        return bool(
            await connection.fetchval("SELECT to_regclass('public.alembic_version') IS NULL")
        )
    finally:
        await connection.close()
