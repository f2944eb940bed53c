"""A case as it stands, what was last said of it, and a way past all rules to where a test wants it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hub.flow.ground import Ground
from hub.flow.receive import receive
from hub.model.cases import CaseRecord
from hub.model.items import Batch, Inbound, Operation
from hub.store import reading


async def tell(ground: Ground, text: str, *, op: Operation = "create", number: str = "1") -> int:
    """A post of a platform, or what its author made of it since; its item's id."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    told = Inbound(kind="post", platform="rss", external_id=number, text=text, created_at=at, op=op)
    [received] = await receive(ground, Batch((told,)))
    return received.item_id


async def of_item(ground: Ground, item_id: int) -> CaseRecord:
    async with ground.db.acquire() as connection:
        ref = await connection.fetchval("SELECT ref FROM item WHERE id = $1", item_id)
        record = await reading.record_of_ref(connection, ref)
    assert record is not None
    return record


async def now(ground: Ground, case_id: int) -> CaseRecord:
    async with ground.db.acquire() as connection:
        [record] = await reading.records(connection, [case_id])
    return record


async def newest(ground: Ground, case: CaseRecord) -> tuple[str, dict[str, object]]:
    """Type and data of the newest fact about a case."""
    row = await ground.db.fetchrow(
        "SELECT type, data FROM outbox WHERE subject = 'case' AND subject_id = $1"
        " ORDER BY id DESC LIMIT 1",
        str(case.id),
    )
    assert row is not None
    return row["type"], row["data"]


async def waiting(ground: Ground) -> None:
    """Until somebody waits for a lock that somebody else has."""
    async with asyncio.timeout(10):
        while not await ground.db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)


async def put(ground: Ground, case_id: int, **columns: object) -> None:
    """Put a case where a test wants it, past all rules."""
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=2))
    async with ground.db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            f"UPDATE work_case SET {names} WHERE id = $1", case_id, *columns.values()
        )
