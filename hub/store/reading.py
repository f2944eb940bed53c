"""Reading cases whole: for snapshots, live facts, lists and pages, one statement each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model.cases import EXCERPT_CHARS, MASK_MARGIN, CaseRecord
from hub.model.kinds import COMPLAINT
from hub.model.labels import ABUSE, URGENCIES
from hub.store.pool import Connection

_RECORD = f"""
    SELECT c.id, c.item_id, c.version, i.ref, c.kind, c.state, i.received_at, c.updated_at, c.mark,
           i.platform, i.account, c.agency, c.previous_agency, i.area, i.district,
           i.previous_district, i.approximate, i.placeless,
           ST_Y(i.point) AS lat, ST_X(i.point) AS lon,
           l.service, l.service_confidence, l.intent, l.urgency, l.language, l.model,
           c.deadline_at, c.overdue, c.closed_at, c.assignee, u.name AS assignee_name, c.rule,
           CASE WHEN i.erased_at IS NULL THEN left(t.text, {EXCERPT_CHARS + MASK_MARGIN}) END AS text,
           (SELECT count(*) FROM photo p WHERE p.item_id = i.id)::int AS photos, c.answers,
           mi.ref AS merged_into,
           coalesce(l.abuse = '{ABUSE[0]}' AND i.erased_at IS NULL AND t.text <> '', false) AS abuse
    FROM work_case c
    JOIN item i ON i.id = c.item_id
    LEFT JOIN item_label l ON l.item_id = i.id
    LEFT JOIN item_text t ON t.item_id = i.id
    LEFT JOIN staff_user u ON u.id = c.assignee
    LEFT JOIN work_case mc ON mc.id = c.merged_into
    LEFT JOIN item mi ON mi.id = mc.item_id
"""

OPEN_STATES: tuple[str, ...] = COMPLAINT.open


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message of a case; ``text`` None once erased."""

    id: int
    case_id: int
    kind: str
    text: str | None
    created_at: datetime
    author_name: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an item is, for the holder of its private link."""

    item_id: int
    ref: str
    stage: str
    at: datetime
    case_id: int | None


async def records(connection: Connection, case_ids: Sequence[int]) -> list[CaseRecord]:
    """These cases, as they stand now; one that no longer exists is missing."""
    rows = await connection.fetch(_RECORD + "WHERE c.id = ANY($1)", list(case_ids))
    return [CaseRecord(*row.values()) for row in rows]


async def record_of_ref(connection: Connection, ref: str) -> CaseRecord | None:
    """The case that people call ``ref``; None before it is routed."""
    row = await connection.fetchrow(_RECORD + "WHERE i.ref = $1", ref)
    return CaseRecord(*row.values()) if row else None


async def open_in_queue(connection: Connection, agency: str | None, limit: int) -> list[CaseRecord]:
    """The open cases of an agency, or (None) of triage: emergencies, then the overdue, then
    the soonest due.

    Where there are more than ``limit``, none that presses is missing; the client orders them anyhow.
    """
    rows = await connection.fetch(
        _RECORD + "WHERE c.agency IS NOT DISTINCT FROM $1 AND c.state = ANY($2)"
        " ORDER BY (l.urgency IS NOT DISTINCT FROM $4) DESC, c.overdue DESC,"
        " c.deadline_at NULLS LAST, c.id DESC LIMIT $3",
        agency,
        list(OPEN_STATES),
        limit,
        URGENCIES[0],
    )
    return [CaseRecord(*row.values()) for row in rows]


async def open_in_district(
    connection: Connection, district: str, limit: int, *, checks: bool
) -> list[CaseRecord]:
    """The newest open cases in a district, those of self-checks only if ``checks``."""
    rows = await connection.fetch(
        _RECORD + "WHERE i.district = $1 AND c.state = ANY($2)"
        " AND ($4 OR c.mark IS DISTINCT FROM 'check') ORDER BY c.id DESC LIMIT $3",
        district,
        list(OPEN_STATES),
        limit,
        checks,
    )
    return [CaseRecord(*row.values()) for row in rows]


async def nearby(
    connection: Connection, case_id: int, radius_m: float, limit: int
) -> list[CaseRecord]:
    """Open cases within ``radius_m`` metres of a case's point, nearest first."""
    rows = await connection.fetch(
        _RECORD + "JOIN work_case own ON own.id = $1 JOIN item oi ON oi.id = own.item_id"
        " WHERE c.id <> $1 AND c.state = ANY($2) AND c.mark IS NOT DISTINCT FROM own.mark"
        " AND i.point && ST_Expand(oi.point, $3 / 80000.0)"
        " AND ST_DWithin(i.point::geography, oi.point::geography, $3)"
        " ORDER BY i.point <-> oi.point LIMIT $4",
        case_id,
        list(OPEN_STATES),
        radius_m,
        limit,
    )
    return [CaseRecord(*row.values()) for row in rows]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list of cases is asked for. ``agencies`` None: all; ``words`` begin a reference or, with
    ``in_texts``, stand in a text."""

    agencies: tuple[str, ...] | None = None
    with_triage: bool = True
    queue: str | None = None
    states: tuple[str, ...] = OPEN_STATES
    district: str | None = None
    service: str | None = None
    urgency: str | None = None
    assignee: int | None = None
    marks: bool = True
    words: str = ""
    in_texts: bool = False
    before: int | None = None
    limit: int = 50


FEW = 1_000
"""So many items that words are found in are looked up; where there are more, the newest cases are read
until enough of them have the words."""
# Each is found by its index; as conditions on the rows of two tables neither index is of use.
# References are in capitals (``hub.flow.receive``).
_BEGINS = "SELECT id FROM item WHERE ref LIKE upper($1) || '%'"
_HOLDS = "SELECT item_id FROM item_text WHERE text ILIKE '%' || $1 || '%'"


async def _with_words(connection: Connection, query: ListQuery) -> tuple[str, list[object]]:
    """The condition on cases that ``query.words`` make, and what stands for its ``$12``."""
    if not query.words:
        return "", []
    words = query.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    either = f"{_BEGINS} UNION ALL {_HOLDS}" if query.in_texts else _BEGINS
    some = await connection.fetch(f"{either} LIMIT {FEW + 1}", words)
    if len(some) <= FEW:
        return "AND i.id = ANY($12)", [[row["id"] for row in some]]
    in_texts = " OR t.text ILIKE '%' || $12 || '%'" if query.in_texts else ""
    return f"AND (i.ref LIKE upper($12) || '%'{in_texts})", [words]


async def list_cases(connection: Connection, query: ListQuery) -> list[CaseRecord]:
    """Cases, newest first. ``before``: only ids below it (the last one of the page before)."""
    condition, words = await _with_words(connection, query)
    rows = await connection.fetch(
        _RECORD
        + f"""
        WHERE c.state = ANY($1)
          AND ($2::text[] IS NULL OR c.agency = ANY($2) OR (c.agency IS NULL AND $3))
          AND ($4::text IS NULL OR coalesce(c.agency, 'triage') = $4)
          AND ($5::text IS NULL OR i.district = $5)
          AND ($6::text IS NULL OR l.service = $6)
          AND ($7::text IS NULL OR l.urgency = $7)
          AND ($8::bigint IS NULL OR c.assignee = $8)
          AND ($9 OR c.mark IS NULL)
          AND ($10::bigint IS NULL OR c.id < $10)
          {condition}
        ORDER BY c.id DESC LIMIT $11
        """,
        list(query.states),
        None if query.agencies is None else list(query.agencies),
        query.with_triage,
        query.queue,
        query.district,
        query.service,
        query.urgency,
        query.assignee,
        query.marks,
        query.before,
        query.limit,
        *words,
    )
    return [CaseRecord(*row.values()) for row in rows]


async def queue_total(connection: Connection, agency: str | None) -> int:
    """How many open cases an agency (None: triage) has, marked ones included."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM work_case"
            " WHERE agency IS NOT DISTINCT FROM $1 AND state = ANY($2)",
            agency,
            list(OPEN_STATES),
        )
    )


async def district_total(connection: Connection, district: str, *, checks: bool) -> int:
    """How many open cases lie in a district, those of self-checks only if ``checks``."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM work_case c JOIN item i ON i.id = c.item_id"
            " WHERE i.district = $1 AND c.state = ANY($2)"
            " AND ($3 OR c.mark IS DISTINCT FROM 'check')",
            district,
            list(OPEN_STATES),
            checks,
        )
    )


async def open_cases_brief(
    connection: Connection,
) -> list[tuple[int, int, str | None, str]]:
    """(id, version, agency, state) of every open case that counts: no samples, no checks."""
    rows = await connection.fetch(
        "SELECT id, version, agency, state FROM work_case WHERE state = ANY($1) AND mark IS NULL",
        list(OPEN_STATES),
    )
    return [tuple(row.values()) for row in rows]


async def messages(connection: Connection, case_ids: Sequence[int]) -> list[MessageRecord]:
    """Everything said on these cases, in order."""
    rows = await connection.fetch(
        "SELECT m.id, m.case_id, m.kind, m.text, m.created_at, u.name FROM case_message m"
        " LEFT JOIN staff_user u ON u.id = m.author WHERE m.case_id = ANY($1) ORDER BY m.id",
        list(case_ids),
    )
    return [MessageRecord(*row.values()) for row in rows]


async def messages_by_id(connection: Connection, message_ids: Sequence[int]) -> list[MessageRecord]:
    """These messages."""
    rows = await connection.fetch(
        "SELECT m.id, m.case_id, m.kind, m.text, m.created_at, u.name FROM case_message m"
        " LEFT JOIN staff_user u ON u.id = m.author WHERE m.id = ANY($1)",
        list(message_ids),
    )
    return [MessageRecord(*row.values()) for row in rows]


async def progress(
    connection: Connection, ref: str, secret_digest: bytes | None
) -> Progress | None:
    """How far an item is. With a digest: only for the holder of that secret."""
    row = await connection.fetchrow(
        """
        SELECT i.id, i.ref, i.stage,
               coalesce(c.opened_at, l.labelled_at, i.received_at), c.id AS case_id
        FROM item i LEFT JOIN item_label l ON l.item_id = i.id
        LEFT JOIN work_case c ON c.item_id = i.id
        WHERE i.ref = $1 AND ($2::bytea IS NULL OR i.secret_digest = $2)
        """,
        ref,
        secret_digest,
    )
    return Progress(*row.values()) if row else None


async def item_detail(connection: Connection, item_id: int) -> dict[str, Any] | None:
    """An item's texts, labels and location, every column that a page may need, before any view."""
    row = await connection.fetchrow(
        """
        SELECT i.located_how, i.candidates, i.erased_at, i.deleted_at, i.created_at, i.version,
               i.language_hint, t.text, t.place, t.author_id, t.author_name, t.contact_name,
               t.contact_email, t.contact_phone, t.url,
               l.service, l.service_confidence, l.intent, l.intent_confidence, l.urgency,
               l.urgency_confidence, l.language, l.language_confidence, l.places, l.abstain,
               l.model, l.alternatives, l.model_service, l.reasons, l.abuse,
               l.abuse_confidence, l.corrected,
               coalesce((SELECT jsonb_agg(jsonb_build_object('n', p.number, 'width', p.width,
                                          'height', p.height) ORDER BY p.number)
                         FROM photo p WHERE p.item_id = i.id), '[]') AS photos
        FROM item i LEFT JOIN item_text t ON t.item_id = i.id
        LEFT JOIN item_label l ON l.item_id = i.id
        WHERE i.id = $1
        """,
        item_id,
    )
    return dict(row) if row else None
