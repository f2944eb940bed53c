"""What is asked often, or of a large table, reads only what it answers with: its plan says so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import asyncpg
import pytest

from hub.model.kinds import COMPLAINT
from hub.store import cases, reading
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
    await explained.connection.execute("VACUUM (ANALYZE) item, item_text, work_case")


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


TEXT = """(ARRAY['가로등이 꺼졌어요', '하수구가 막혔어요', 'Street light', '100% 잠김'])[1 + n % 4]
    || ' ' || md5(n::text) || CASE WHEN n % 997 = 0 THEN ' 곰과 너구리가_나타남 Bear' ELSE '' END"""


@pytest.fixture
async def many_cases(explained: Explained) -> Explained:
    """8,000 cases: four texts, eight times with a rare animal."""
    numbers = "FROM generate_series(1, 8000) n"
    await fill(
        explained,
        "INSERT INTO item (id, ref, kind, platform, received_at, created_at, text_digest)"
        " OVERRIDING SYSTEM VALUE SELECT n, upper(left(md5(n::text), 5) || '-' || n), 'complaint',"
        f" 'web', now(), now(), '' {numbers}",
        f"INSERT INTO item_text (item_id, salt, text) SELECT n, '', {TEXT} {numbers}",
        "INSERT INTO work_case (item_id, kind, rule, state, agency) SELECT n, 'complaint', 'r',"
        f" CASE n % 5 WHEN 0 THEN 'closed' ELSE 'queued' END, 'metro' {numbers}",
    )
    return explained


@pytest.mark.parametrize("words", ["너구리가", "bear", "C81E7", "c81e7", "없는 말"])
async def test_words_are_found_by_the_index_of_texts_and_of_references(
    many_cases: Explained, words: str
) -> None:
    query = reading.ListQuery(words=words, in_texts=True)
    await reading.list_cases(cast("Connection", many_cases), query)
    used = {step["Index Name"] for step in many_cases.steps if "Index Name" in step}
    assert used >= {"ix_item_text_search", "uq_item_ref"}
    read = {s["Relation Name"] for s in many_cases.steps if s["Node Type"] == "Seq Scan"}
    assert not read & {"item", "item_text", "work_case"}


@pytest.mark.parametrize("in_texts", [True, False])
@pytest.mark.parametrize("few", [0, 5, 1_000])
async def test_the_same_is_found_whichever_way(
    many_cases: Explained, monkeypatch: pytest.MonkeyPatch, few: int, in_texts: bool
) -> None:
    monkeypatch.setattr(reading, "FEW", few)
    connection = many_cases.connection
    rows = await connection.fetch(
        "SELECT c.id, i.ref, t.text FROM work_case c JOIN item i ON i.id = c.item_id"
        " JOIN item_text t ON t.item_id = i.id WHERE c.state = 'queued' ORDER BY c.id DESC"
    )
    for words in (
        "너구리가",
        "곰",
        "너구",
        "가로등",
        "bear",
        "c8",
        "C81E7-2",
        "100%",
        "가_나",
        "_",
        "\\",
    ):
        expected = [
            row["id"]
            for row in rows
            if row["ref"].lower().startswith(words.lower())
            or (in_texts and words.lower() in row["text"].lower())
        ]
        query = reading.ListQuery(words=words, in_texts=in_texts, states=("queued",))
        found = await reading.list_cases(connection, query)
        assert [case.id for case in found] == expected[: query.limit], words
