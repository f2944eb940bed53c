"""The migrations build exactly the declared tables, and the database refuses undeclared moves."""

from __future__ import annotations

from hub.store.schema import differences_at


async def test_migrated_database_equals_the_declared_tables(database_url: str) -> None:
    assert await differences_at(database_url) == []
