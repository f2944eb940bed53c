"""Samples: items that nobody sent, played while a city tries the hub."""

from __future__ import annotations

from hub.store.pool import Connection


async def any_left(connection: Connection) -> bool:
    """Whether any sample is stored."""
    return bool(
        await connection.fetchval("SELECT EXISTS (SELECT 1 FROM item WHERE mark = 'sample')")
    )


async def clear(connection: Connection) -> list[tuple[int, int | None]]:
    """Delete all samples with everything that hangs on them: (item id, case id) of each."""
    rows = await connection.fetch(
        """
        WITH gone AS (
            SELECT i.id, c.id AS case_id FROM item i LEFT JOIN work_case c ON c.item_id = i.id
            WHERE i.mark = 'sample'
        ), deleted AS (DELETE FROM item WHERE id IN (SELECT id FROM gone))
        SELECT id, case_id FROM gone
        """
    )
    return [(row["id"], row["case_id"]) for row in rows]
