"""Overdue: a case whose deadline has passed while its clock was running is marked, once."""

from __future__ import annotations

from hub.flow.casework import summary
from hub.flow.ground import Ground, change
from hub.store import cases

BATCH = 200


async def mark_overdue(ground: Ground) -> int:
    """Mark what is overdue now; how many."""
    async with change(ground) as tx:
        ids = await cases.overdue_now(tx.connection, BATCH)
        for case_id in ids:
            case = await cases.lock(tx.connection, case_id)
            version = await cases.update(tx.connection, case_id, overdue=True)
            tx.record("case.overdue", "case", case_id, version, summary(case, overdue=True))
    return len(ids)
