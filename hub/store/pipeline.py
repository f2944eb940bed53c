"""The stages of an item in PostgreSQL: claim a batch, write what the stage found, move on.

A claim is a row lock with SKIP LOCKED inside the stage's own transaction: a worker that dies lets go
of its items unchanged, and two workers never hold the same one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from hub.model.labels import Label, Labels, Span
from hub.store.cases import HEADS
from hub.store.pool import Connection


@dataclass(frozen=True, slots=True)
class ClaimedItem:
    """An item in the hands of one worker, with what its next stage needs."""

    id: int
    ref: str
    kind: str
    version: int
    mark: str | None
    platform: str
    account: str | None
    language_hint: str | None
    text: str
    place: str | None
    lat: float | None
    lon: float | None
    area: str | None
    district: str | None
    service: str | None
    intent: str | None
    intent_confidence: float | None
    urgency: str | None
    abstain: bool | None
    corrected: bool  # something that routing asks for
    received_at: datetime


async def waiting(connection: Connection, stages: Sequence[str]) -> set[str]:
    """Which of these stages have items that wait to be taken on."""
    rows = await connection.fetch(
        """
        SELECT s.stage FROM unnest($1::text[]) AS s (stage) WHERE EXISTS (
            SELECT 1 FROM item i WHERE i.stage = s.stage AND i.stage <> 'routed'
            AND (i.retry_at IS NULL OR i.retry_at <= now()))
        """,
        list(stages),
    )
    return {row["stage"] for row in rows}


async def claim(
    connection: Connection, stage: str, limit: int, only: int | None = None
) -> list[ClaimedItem]:
    """Up to ``limit`` items that finished ``stage``, oldest first, locked for this transaction."""
    rows = await connection.fetch(
        """
        SELECT i.id, i.ref, i.kind, i.version, i.mark, i.platform, i.account, i.language_hint,
               t.text, t.place,
               CASE WHEN i.point_given THEN ST_Y(i.point) END AS lat,
               CASE WHEN i.point_given THEN ST_X(i.point) END AS lon,
               i.area, i.district, l.service, l.intent, l.intent_confidence, l.urgency, l.abstain,
               l.corrected - 'abuse' <> '{}' AS corrected,
               i.received_at
        FROM item i
        JOIN item_text t ON t.item_id = i.id
        LEFT JOIN item_label l ON l.item_id = i.id
        WHERE i.stage = $1 AND i.stage <> 'routed' AND (i.retry_at IS NULL OR i.retry_at <= now())
          AND ($3::bigint IS NULL OR i.id = $3)
        ORDER BY i.id LIMIT $2
        FOR UPDATE OF i SKIP LOCKED
        """,
        stage,
        limit,
        only,
    )
    return [ClaimedItem(*row.values()) for row in rows]


@dataclass(frozen=True, slots=True)
class StoredLabels:
    """What an item is labelled as, be it by the model or by a person."""

    service: str
    service_confidence: float
    intent: str
    urgency: str


async def save_labels(
    connection: Connection, labelled: Sequence[tuple[int, Labels]]
) -> dict[int, StoredLabels]:
    """Store the labels of a batch; a head that a person corrected stays as they said. Returns what each
    item has now."""
    stays = ", ".join(
        f"{name} = CASE WHEN old.corrected ? '{head}' THEN old.{name} ELSE excluded.{name} END"
        for head in HEADS
        for name in (head, f"{head}_confidence")
    )
    rows = await connection.fetch(
        f"""
        INSERT INTO item_label AS old (
            item_id, item_version, service, service_confidence, intent, intent_confidence, urgency,
            urgency_confidence, language, language_confidence, places, abstain, model,
            alternatives, model_service, reasons, abuse, abuse_confidence)
        SELECT item_id, version, service, service_confidence, intent, intent_confidence, urgency,
               urgency_confidence, language, language_confidence, places::jsonb, abstain, model,
               alternatives::jsonb, service, reasons::jsonb, abuse, abuse_confidence
        FROM unnest($1::bigint[], $2::text[], $3::float8[], $4::text[], $5::float8[],
                    $6::text[], $7::float8[], $8::text[], $9::float8[], $10::text[],
                    $11::bool[], $12::text[], $13::text[], $14::text[], $15::text[], $16::float8[])
             AS fresh(item_id, service, service_confidence, intent, intent_confidence, urgency,
                      urgency_confidence, language, language_confidence, places, abstain, model,
                      alternatives, reasons, abuse, abuse_confidence)
        JOIN item ON item.id = item_id
        ON CONFLICT (item_id) DO UPDATE SET
            item_version = excluded.item_version, {stays},
            language = excluded.language, language_confidence = excluded.language_confidence,
            places = excluded.places, abstain = excluded.abstain, model = excluded.model,
            alternatives = excluded.alternatives, model_service = excluded.model_service,
            reasons = excluded.reasons, labelled_at = clock_timestamp()
        RETURNING item_id, service, service_confidence, intent, urgency
        """,
        [item_id for item_id, _ in labelled],
        [labels.service.code for _, labels in labelled],
        [labels.service.confidence for _, labels in labelled],
        [labels.intent.code for _, labels in labelled],
        [labels.intent.confidence for _, labels in labelled],
        [labels.urgency.code for _, labels in labelled],
        [labels.urgency.confidence for _, labels in labelled],
        [labels.language.code for _, labels in labelled],
        [labels.language.confidence for _, labels in labelled],
        # As text: asyncpg would take lists in a list for an array of two dimensions.
        [_as_json(labels.places) for _, labels in labelled],
        [labels.abstain for _, labels in labelled],
        [labels.model for _, labels in labelled],
        [_as_json(labels.alternatives) for _, labels in labelled],
        [_as_json(labels.reasons) for _, labels in labelled],
        [labels.abuse and labels.abuse.code for _, labels in labelled],
        [labels.abuse and labels.abuse.confidence for _, labels in labelled],
    )
    await finish(connection, [item_id for item_id, _ in labelled], "labelled")
    return {item_id: StoredLabels(*heads) for item_id, *heads in rows}


def _as_json(parts: Sequence[Label] | Sequence[Span]) -> str:
    return json.dumps([asdict(part) for part in parts])


@dataclass(frozen=True, slots=True)
class Location:
    """Where an item is: area and district codes, and a point (WGS 84 degrees) if one is known."""

    item_id: int
    area: str | None
    district: str | None
    approximate: bool
    how: str
    candidates: tuple[str, ...]
    lat: float | None
    lon: float | None

    @property
    def placeless(self) -> bool:
        """Whether nothing in it says where: no area, not even several possible ones."""
        return self.area is None and not self.candidates


async def save_locations(connection: Connection, located: Sequence[Location]) -> None:
    """Store where a batch is. A point that the reporter gave is never replaced by a guess."""
    await connection.execute(
        """
        UPDATE item SET area = n.area, district = n.district,
            previous_district = CASE WHEN item.district IS DISTINCT FROM n.district
                                     THEN item.district ELSE item.previous_district END,
            approximate = n.approximate,
            placeless = n.placeless, located_how = n.how, candidates = n.candidates::jsonb,
            point = CASE WHEN item.point_given THEN item.point
                         ELSE ST_SetSRID(ST_MakePoint(n.lon, n.lat), 4326) END,
            stage = 'located', attempts = 0, retry_at = NULL
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bool[], $5::bool[], $6::text[],
                    $7::text[], $8::float8[], $9::float8[])
             AS n (id, area, district, approximate, placeless, how, candidates, lat, lon)
        WHERE item.id = n.id
        """,
        [n.item_id for n in located],
        [n.area for n in located],
        [n.district for n in located],
        [n.approximate for n in located],
        [n.placeless for n in located],
        [n.how for n in located],
        [json.dumps(n.candidates) for n in located],
        [n.lat for n in located],
        [n.lon for n in located],
    )


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case about to be opened for an item, where the rules sent it."""

    item_id: int
    kind: str
    mark: str | None
    state: str
    agency: str | None
    rule: str
    deadline_at: datetime | None


async def open_cases(connection: Connection, cases: Sequence[OpenedCase]) -> dict[int, int]:
    """Open one case an item; item id → case id. An item that has a case already is left out."""
    rows = await connection.fetch(
        """
        INSERT INTO work_case (item_id, kind, mark, state, agency, rule, deadline_at)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                             $6::text[], $7::timestamptz[])
        ON CONFLICT (item_id) DO NOTHING RETURNING item_id, id
        """,
        [c.item_id for c in cases],
        [c.kind for c in cases],
        [c.mark for c in cases],
        [c.state for c in cases],
        [c.agency for c in cases],
        [c.rule for c in cases],
        [c.deadline_at for c in cases],
    )
    return {row["item_id"]: row["id"] for row in rows}


async def finish(connection: Connection, item_ids: Sequence[int], stage: str) -> None:
    """Note that these items have reached a stage; their failures are forgotten."""
    await connection.execute(
        "UPDATE item SET stage = $2, attempts = 0, retry_at = NULL WHERE id = ANY($1)",
        item_ids,
        stage,
    )


async def put_off(connection: Connection, item_id: int) -> int:
    """After a failure: try again in 1, 2, 4 … at most 64 seconds; returns the failures so far."""
    attempts: int = await connection.fetchval(
        """
        UPDATE item SET attempts = attempts + 1,
            retry_at = now() + make_interval(secs => power(2, least(attempts, 6)))
        WHERE id = $1 RETURNING attempts
        """,
        item_id,
    )
    return attempts


async def cases_of(connection: Connection, item_ids: Sequence[int]) -> Mapping[int, int]:
    """item id → case id, of those that have one."""
    rows = await connection.fetch(
        "SELECT item_id, id FROM work_case WHERE item_id = ANY($1)", item_ids
    )
    return {row["item_id"]: row["id"] for row in rows}
