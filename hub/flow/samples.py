"""Samples: take them all away again."""

from __future__ import annotations

from hub.flow.ground import Ground, change
from hub.store import accounts, samples


async def clear(ground: Ground) -> int:
    """Delete all samples, and play no more; how many they were. Open pages are told, so that they
    vanish there too."""
    async with change(ground) as tx:
        await accounts.end_samples(tx.connection)
        gone = await samples.clear(tx.connection)
        for item_id, case_id in gone:
            if case_id is not None:
                tx.record("samples.cleared", "case", case_id, 0, {"item": item_id})
    return len(gone)
