"""The hub's own messages as the classifier learns from them: texts that may be used, and what staff
said of their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.store.pool import Connection

# Never: what a person erased or deleted, samples and checks. Only the newest text is kept, so what was
# said of one before an edit is left out, however small the edit: one word can make it another service.
# Who sends a case back to triage says as much as who names another agency: that the rules' is wrong.
# An agency by hand that the rules had named themselves was only given back; what they named for the
# model's labels is in the newest fact (or one still on its way into the log) with a book's version. One
# that was undone was never said.
_DECIDED = "rule IN ('by_hand', 'triage.by_hand')"
_BY_HAND = f"(coalesce(c.{_DECIDED}, false) AND c.agency IS DISTINCT FROM hand.led_to)"
_DONE = "coalesce(c.state IN ('resolved', 'closed') AND c.closed_at > l.labelled_at, false)"
_SPOKEN = f"(cardinality(said.corrected) > 0 OR {_BY_HAND})"
# Few among all that a hub ever got: found by themselves, not by going through all the others.
_PERHAPS_SPOKEN = f"""
    i.id IN (SELECT item_id FROM item_label WHERE corrected <> '{{}}'
             UNION ALL SELECT item_id FROM work_case WHERE {_DECIDED})
"""
# Inside of the subquery: as a condition of the join it would have the facts of every case read. A note
# makes no new version: it would stand between a move and the undoing of it.
_NAMED = f"""
    c.{_DECIDED} AND subject = 'case' AND subject_id = c.id::text AND type <> 'case.noted'
"""
_TOLD = f"""
    SELECT i.id, i.ref, t.text, l.service, l.intent, l.urgency, said.corrected, said.outdated,
           {_BY_HAND} AS by_hand, CASE WHEN hand.at > l.labelled_at THEN c.agency END AS agency,
           {_DONE} AND NOT l.abstain AS done
    FROM item i
    JOIN item_text t ON t.item_id = i.id
    JOIN item_label l ON l.item_id = i.id
    LEFT JOIN work_case c ON c.item_id = i.id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(head) FILTER (WHERE newest), '{{}}') AS corrected,
               coalesce(array_agg(head) FILTER (WHERE NOT newest), '{{}}') AS outdated
        FROM (SELECT key AS head, (value ->> 'text')::int = i.version AS newest
              FROM jsonb_each(l.corrected) WHERE key <> 'abuse') heads
    ) said
    CROSS JOIN LATERAL (
        SELECT max(at) FILTER (WHERE type = 'case.rerouted' AND data ->> 'rule' = 'by_hand'
                               AND next IS DISTINCT FROM 'case.restored') AS at,
               (array_agg(data ->> 'agency' ORDER BY version DESC)
                FILTER (WHERE data ? 'config'))[1] AS led_to
        FROM (SELECT *, lead(type) OVER (ORDER BY version) AS next
              FROM (SELECT at, type, version, data FROM fact WHERE {_NAMED}
                    UNION ALL
                    SELECT at, type, version, data FROM outbox WHERE {_NAMED}) every) facts
    ) hand
    WHERE i.erased_at IS NULL AND i.deleted_at IS NULL AND i.mark IS NULL AND btrim(t.text) <> ''
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A message and its labels as they stand. ``corrected``: the heads that a person set for this
    text; ``outdated``: for one before it; ``by_hand``: a person chose another agency than the rules,
    or triage; ``agency`` is that one, None if they read an older text; ``done``: somebody worked by
    this text's labels to the end."""

    id: int
    ref: str
    text: str
    service: str
    intent: str
    urgency: str
    corrected: Sequence[str]
    outdated: Sequence[str]
    by_hand: bool
    agency: str | None
    done: bool


async def newest(connection: Connection, limit: int) -> list[Told]:
    """Up to ``limit`` messages: first those that staff said something of, at most half of it, then
    the rest; of both the newest."""
    spoken = await connection.fetch(
        f"{_TOLD} AND {_PERHAPS_SPOKEN} AND {_SPOKEN} ORDER BY i.id DESC LIMIT $1", (limit + 1) // 2
    )
    rest = await connection.fetch(
        f"{_TOLD} AND NOT {_SPOKEN} ORDER BY i.id DESC LIMIT $1", limit - len(spoken)
    )
    return [Told(*row.values()) for row in [*spoken, *rest]]


async def judged(connection: Connection, limit: int) -> list[Told]:
    """The newest ``limit`` messages that staff said something of, or worked on to the end."""
    rows = await connection.fetch(
        f"{_TOLD} AND ({_SPOKEN} OR {_DONE}) ORDER BY i.id DESC LIMIT $1", limit
    )
    return [Told(*row.values()) for row in rows]
