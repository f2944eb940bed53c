"""The migrations build exactly the declared tables, and the database refuses undeclared moves."""

from __future__ import annotations

from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine

from hub.store.migrate import sqlalchemy_url
from hub.store.schema import differences


async def test_migrated_database_equals_the_declared_tables(database_url: str) -> None:
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await engine.dispose()
