"""Samples: items that nobody sent, played while a city tries the hub."""

from __future__ import annotations

from dataclasses import dataclass

from hub.store.pool import Connection


@dataclass(frozen=True, slots=True)
class ClearedSample:
    """A sample's item and case as they stood last; ``case_id`` and what hangs on it None before it
    was routed."""

    item_id: int
    ref: str
    kind: str
    mark: str
    case_id: int | None
    version: int | None
    state: str | None
    agency: str | None
    district: str | None


async def any_left(connection: Connection) -> bool:
    """Whether any sample is stored."""
    return bool(
        await connection.fetchval("SELECT EXISTS (SELECT 1 FROM item WHERE mark = 'sample')")
    )


async def clear(connection: Connection) -> list[ClearedSample]:
    """Delete all samples with everything that hangs on them; what they were."""
    # Locked first: what a worker or a person is changing right now is told of as it ends up.
    await connection.execute("SELECT 1 FROM item WHERE mark = 'sample' ORDER BY id FOR UPDATE")
    await connection.execute("SELECT 1 FROM work_case WHERE mark = 'sample' ORDER BY id FOR UPDATE")
    rows = await connection.fetch(
        """
        SELECT i.id, i.ref, i.kind, i.mark, c.id AS case_id, c.version, c.state, c.agency,
               i.district
        FROM item i LEFT JOIN work_case c ON c.item_id = i.id
        WHERE i.mark = 'sample' ORDER BY i.id
        """
    )
    cleared = [ClearedSample(*row.values()) for row in rows]
    await connection.execute(
        "DELETE FROM item WHERE id = ANY($1)", [sample.item_id for sample in cleared]
    )
    return cleared
