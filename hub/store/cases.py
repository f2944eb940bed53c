"""Cases in PostgreSQL: locked, read whole, changed; the state itself is guarded by a trigger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from hub.model.errors import Conflict, NotFound
from hub.model.kinds import COMPLAINT
from hub.store.pool import Connection


@dataclass(frozen=True, slots=True)
class LockedCase:
    """What deciding about a case needs, read under its row lock."""

    id: int
    item_id: int
    ref: str
    kind: str
    state: str
    version: int
    mark: str | None
    agency: str | None
    assignee: int | None
    rule: str
    deadline_at: datetime | None
    overdue: bool
    answers: int
    received_at: datetime
    area: str | None
    district: str | None
    service: str | None
    intent: str | None
    urgency: str | None
    abuse: str | None
    intent_confidence: float | None
    closed_at: datetime | None
    erased: bool


_LOCK = """
    SELECT c.id, c.item_id, i.ref, c.kind, c.state, c.version, c.mark, c.agency, c.assignee,
           c.rule, c.deadline_at, c.overdue, c.answers, i.received_at, i.area, i.district, l.service,
           l.intent, l.urgency, l.abuse, l.intent_confidence, c.closed_at,
           i.erased_at IS NOT NULL
    FROM work_case c
    JOIN item i ON i.id = c.item_id
    LEFT JOIN item_label l ON l.item_id = c.item_id
    WHERE {where}
    FOR UPDATE OF c
"""


async def lock(connection: Connection, case_id: int) -> LockedCase:
    """The case, locked until the transaction ends. Raises NotFound."""
    row = await connection.fetchrow(_LOCK.format(where="c.id = $1"), case_id)
    if row is None:
        raise NotFound("case.not_found")
    return LockedCase(*row.values())


async def lock_by_ref(connection: Connection, ref: str, *, wait: bool = True) -> LockedCase:
    """The same, by what people call it. Raises NotFound; without ``wait``, Conflict when somebody
    else has it."""
    statement = _LOCK.format(where="i.ref = $1") + ("" if wait else " NOWAIT")
    try:
        row = await connection.fetchrow(statement, ref)
    except asyncpg.LockNotAvailableError:
        raise Conflict from None
    if row is None:
        raise NotFound("case.not_found")
    return LockedCase(*row.values())


async def lock_merged_into(connection: Connection, case_id: int) -> list[LockedCase]:
    """The cases that were merged into this one, locked."""
    rows = await connection.fetch(_LOCK.format(where="c.merged_into = $1"), case_id)
    return [LockedCase(*row.values()) for row in rows]


async def update(connection: Connection, case_id: int, **columns: Any) -> int:
    """Write columns of a locked case; returns its new version.

    The names come from the code, never from a request. Raises asyncpg.CheckViolationError when the
    state's move is not declared.
    """
    names = list(columns)
    assignments = "".join(f", {name} = ${n}" for n, name in enumerate(names, start=2))
    version: int = await connection.fetchval(
        f"UPDATE work_case SET version = version + 1, updated_at = now(){assignments}"
        " WHERE id = $1 RETURNING version",
        case_id,
        *(columns[name] for name in names),
    )
    return version


HEADS = ("service", "intent", "urgency", "abuse")
"""What a person can correct."""


async def correct_labels(
    connection: Connection,
    item_id: int,
    labels: Mapping[str, str | None],
    *,
    undo: bool = False,
) -> None:
    """Replace labels by what a person says, with confidence 1. Who says again what stood before they
    corrected this text takes the correction back: the label is whose it was, as sure as it was.

    ``undo``: so does one that said of a label that it is right. Raises Conflict while there are labels
    of an edit of which nobody has been told yet: what is said then is said of those before."""
    row = await connection.fetchrow(
        "SELECT * FROM item_label WHERE item_id = $1 FOR UPDATE", item_id
    )
    if row is None:
        return
    # Only now: whoever labels an edit moves the item on in the same transaction.
    stage = await connection.fetchval("SELECT stage FROM item WHERE id = $1", item_id)
    if stage in ("labelled", "located"):
        raise Conflict
    corrected, text = row["corrected"], row["item_version"]
    columns: dict[str, Any] = {}
    for head, code in labels.items():
        said, stood, confidence = corrected.get(head), row[head], 1.0
        if said is None or said["text"] != text:
            corrected[head] = {
                "text": text,
                "before": {"code": stood, "confidence": row[f"{head}_confidence"], "said": said},
            }
        elif (undo or code != stood) and code == said["before"]["code"]:
            confidence = said["before"]["confidence"]
            corrected[head] = said["before"]["said"]
        columns |= {head: code, f"{head}_confidence": confidence}
    columns["corrected"] = {head: said for head, said in corrected.items() if said}
    # All at once: to write the row again in this transaction, PostgreSQL would lock the item, which
    # somebody may have who waits for this case.
    assignments = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=2))
    await connection.execute(
        f"UPDATE item_label SET {assignments} WHERE item_id = $1", item_id, *columns.values()
    )


async def add_message(
    connection: Connection,
    case_id: int,
    kind: str,
    author: int | None,
    text: str,
    salt: bytes,
) -> tuple[int, datetime]:
    """Store an answer, a note or an addition; its id and time."""
    row = await connection.fetchrow(
        "INSERT INTO case_message (case_id, kind, author, text, salt)"
        " VALUES ($1, $2, $3, $4, $5) RETURNING id, created_at",
        case_id,
        kind,
        author,
        text,
        salt,
    )
    assert row is not None
    return row["id"], row["created_at"]


# In words, not as a parameter: else it does not match the partial index, and every case that was ever
# closed on time is read, every few seconds.
_CLOCK_RUNS = "state IN ({})".format(", ".join(f"'{state}'" for state in COMPLAINT.clock))


async def overdue_now(connection: Connection, limit: int) -> list[int]:
    """Cases whose deadline has passed in a state in which the clock runs, not yet marked; locked.

    Samples and checks are nobody's to be late with.
    """
    rows = await connection.fetch(
        "SELECT id FROM work_case WHERE deadline_at < now() AND NOT overdue AND mark IS NULL"
        f" AND {_CLOCK_RUNS} ORDER BY deadline_at LIMIT $1 FOR UPDATE SKIP LOCKED",
        limit,
    )
    return [row["id"] for row in rows]
