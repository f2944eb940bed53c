"""Label: what was received gets its service, intent, urgency, language and place spans."""

from __future__ import annotations

import asyncio

from hub.flow.ground import Ground, change
from hub.flow.receive import RECEIVED
from hub.ports.labeller import Labeller
from hub.store import pipeline


async def label(ground: Ground, labeller: Labeller, limit: int, only: int | None = None) -> int:
    """Label up to ``limit`` received items (or that one); how many.

    The model runs in a thread, the rows stay locked meanwhile: a worker that dies lets go of them
    unlabelled. A head that a person corrected stays as they said, in the fact as in the tables.
    """
    async with change(ground, f"model:{labeller.model}") as tx:
        claimed = await pipeline.claim(tx.connection, "received", limit, only)
        if not claimed:
            return 0
        labelled = await asyncio.to_thread(labeller.label, [item.text for item in claimed])
        stored = await pipeline.save_labels(
            tx.connection,
            [(item.id, labels) for item, labels in zip(claimed, labelled, strict=True)],
        )
        for item, labels in zip(claimed, labelled, strict=True):
            tx.record(
                "item.labelled",
                "item",
                item.id,
                item.version,
                {
                    "ref": item.ref,
                    "service": stored[item.id].service,
                    "service_confidence": round(stored[item.id].service_confidence, 4),
                    "intent": stored[item.id].intent,
                    "urgency": stored[item.id].urgency,
                    "language": labels.language.code,
                    "abstain": labels.abstain,
                    "model": labels.model,
                },
            )
        tx.wake(RECEIVED)
    return len(claimed)
