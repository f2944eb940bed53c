"""The hub's own messages as the classifier learns from them: texts that may be used, and what staff
said of their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.store.pool import Connection

DONE = ("resolved", "closed")
"""The states of a case in which somebody has worked by its labels to the end."""

# Never: what a person erased or deleted, samples and checks. A correction is a fact of its case (or
# still on its way into the log) that names what the label was before.
_TOLD = """
    SELECT i.id, i.ref, t.text, l.service, l.intent, l.urgency, l.abstain, c.state, c.agency, c.rule,
           array_remove(ARRAY[CASE WHEN said.service THEN 'service' END,
                              CASE WHEN said.intent THEN 'intent' END,
                              CASE WHEN said.urgency THEN 'urgency' END], NULL) AS corrected
    FROM item i
    JOIN item_text t ON t.item_id = i.id
    JOIN item_label l ON l.item_id = i.id
    LEFT JOIN work_case c ON c.item_id = i.id
    LEFT JOIN LATERAL (
        SELECT bool_or(f.data ? 'service_before') AS service,
               bool_or(f.data ? 'intent_before') AS intent,
               bool_or(f.data ? 'urgency_before') AS urgency
        FROM (SELECT data FROM fact
              WHERE subject = 'case' AND subject_id = c.id::text
                AND type IN ('case.relabelled', 'case.rerouted')
              UNION ALL
              SELECT data FROM outbox
              WHERE subject = 'case' AND subject_id = c.id::text
                AND type IN ('case.relabelled', 'case.rerouted')) f
    ) said ON l.corrected_by IS NOT NULL
    WHERE i.erased_at IS NULL AND i.deleted_at IS NULL AND i.mark IS NULL AND btrim(t.text) <> ''
"""
_SPOKEN = "(l.corrected_by IS NOT NULL OR c.rule IS NOT DISTINCT FROM 'by_hand')"


@dataclass(frozen=True, slots=True)
class Told:
    """A message and its labels as they stand. ``corrected``: the heads that a person set; ``rule``
    ``by_hand``: a person named the agency."""

    id: int
    ref: str
    text: str
    service: str
    intent: str
    urgency: str
    abstain: bool
    state: str | None
    agency: str | None
    rule: str | None
    corrected: Sequence[str]


async def newest(connection: Connection, limit: int) -> list[Told]:
    """Up to ``limit`` messages: first those that staff said something of, at most half of it, then
    the rest; of both the newest."""
    spoken = await connection.fetch(
        f"{_TOLD} AND {_SPOKEN} ORDER BY i.id DESC LIMIT $1", (limit + 1) // 2
    )
    rest = await connection.fetch(
        f"{_TOLD} AND NOT {_SPOKEN} ORDER BY i.id DESC LIMIT $1", limit - len(spoken)
    )
    return [Told(*row.values()) for row in [*spoken, *rest]]


async def judged(connection: Connection, limit: int) -> list[Told]:
    """The newest ``limit`` messages that staff said something of, or worked on to the end."""
    rows = await connection.fetch(
        f"{_TOLD} AND ({_SPOKEN} OR c.state = ANY($2)) ORDER BY i.id DESC LIMIT $1",
        limit,
        list(DONE),
    )
    return [Told(*row.values()) for row in rows]
