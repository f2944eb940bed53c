"""Samples: take them all away again."""

from __future__ import annotations

from hub.flow.ground import Ground, change
from hub.store import accounts, samples


async def clear(ground: Ground) -> int:
    """Delete all samples, and play no more; how many they were. Open pages are told, so that they
    vanish there too."""
    async with change(ground) as tx:
        await accounts.end_samples(tx.connection)
        cleared = await samples.clear(tx.connection)
        for sample in cleared:
            if sample.case_id is not None and sample.version is not None:
                tx.record(
                    "samples.cleared",
                    "case",
                    sample.case_id,
                    sample.version,
                    {
                        "ref": sample.ref,
                        "kind": sample.kind,
                        "state": sample.state,
                        "mark": sample.mark,
                        "agency": sample.agency,
                        "district": sample.district,
                        "item": sample.item_id,
                    },
                )
    return len(cleared)
