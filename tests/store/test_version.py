"""The schema's version, told without Alembic, is the one that Alembic would tell."""

from __future__ import annotations

import asyncpg
from alembic.script import ScriptDirectory

from hub.store import version
from hub.store.migrate import alembic_config


def test_the_newest_is_alembics_head() -> None:
    assert version.newest() == ScriptDirectory.from_config(alembic_config()).get_current_head()


async def test_a_migrated_database_is_at_the_newest(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await version.current(connection) == version.newest()
    finally:
        await connection.close()


async def test_an_empty_database_has_none(pg_server: str) -> None:
    connection = await asyncpg.connect(pg_server)
    try:
        assert await version.current(connection) is None
    finally:
        await connection.close()
