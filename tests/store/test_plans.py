"""What is asked often, or of a large table, reads only what it answers with: its plan says so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import asyncpg
import pytest

from hub.model.kinds import COMPLAINT
from hub.store import cases
from hub.store.pool import Connection, connect

Plan = dict[str, Any]


class Explained:
    """A connection that keeps the plans of what is fetched."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection: Connection = connection
        self.steps: list[Plan] = []

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        told = await self.connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *args)
        self.steps += _steps(told[0]["Plan"])
        return await self.connection.fetch(query, *args)


def _steps(plan: Plan) -> Iterator[Plan]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _steps(below)


@pytest.fixture
async def explained(database_url: str) -> AsyncIterator[Explained]:
    connection = await connect(database_url)
    await connection.set_type_codec("json", encoder=str, decoder=json.loads, schema="pg_catalog")
    yield Explained(connection)
    await connection.close()


async def fill(explained: Explained, *statements: str) -> None:
    """Put many rows in, without those that they would need beside them; the planner knows of them."""
    async with explained.connection.transaction():
        await explained.connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await explained.connection.execute(statement)
    await explained.connection.execute("ANALYZE")


async def test_looking_for_the_overdue_reads_no_case_that_is_not(explained: Explained) -> None:
    case = "INSERT INTO work_case (item_id, kind, rule, state, mark, overdue, deadline_at) SELECT"
    await fill(
        explained,
        f"{case} n, 'complaint', 'r', 'closed', NULL, n % 5 = 0, now() - n * interval '1 h'"
        " FROM generate_series(1, 5000) n",
        *(
            f"{case} 10000 + 100 * {place} + n, 'complaint', 'r', '{state}', {mark}, {overdue},"
            f" now() {sign} n * interval '1 h' FROM generate_series(1, 3) n"
            for place, (state, mark, overdue, sign) in enumerate(
                (state, mark, overdue, sign)
                for state in COMPLAINT.states
                for mark in ("NULL", "'sample'")
                for overdue in ("false", "true")
                for sign in "+-"
            )
        ),
    )
    found = await cases.overdue_now(cast("Connection", explained), 200)
    rows = await explained.connection.fetch(
        "SELECT state, mark, overdue, deadline_at < now() AS late FROM work_case WHERE id = ANY($1)",
        found,
    )
    assert sorted(row["state"] for row in rows) == sorted(3 * COMPLAINT.clock)
    assert {(row["mark"], row["overdue"], row["late"]) for row in rows} == {(None, False, True)}
    assert [s["Index Name"] for s in explained.steps if "Index Name" in s] == [
        "ix_work_case_deadline"
    ]
    assert all(not step.get("Rows Removed by Filter") for step in explained.steps)
