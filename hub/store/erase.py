"""What is stored of a person, and taking it away: by item, by author, by contact."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.store.pool import Connection

MIN_NEEDLE_BYTES = 6
"""A name shorter than this (two Hangul) would be found in payloads of anybody."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What is stored of one person in one item. ``names``: everything by which they are known."""

    item_id: int
    ref: str
    kind: str
    platform: str
    received_at: datetime
    case_id: int | None
    erased: bool
    photos: int
    messages: int
    names: tuple[str, ...]


def erased_key(external_id: str) -> str:
    """What stays of a platform's id: enough to know the item again, should it be sent once more."""
    return "erased:" + hashlib.sha256(external_id.encode()).hexdigest()


_TRACES = """
    SELECT i.id AS item_id, i.ref, i.kind, i.platform, i.received_at, c.id AS case_id,
           i.erased_at IS NOT NULL AS erased,
           (SELECT count(*) FROM photo p WHERE p.item_id = i.id)::int AS photos,
           (SELECT count(*) FROM case_message m
            WHERE m.case_id = c.id AND m.text IS NOT NULL)::int AS messages,
           array_remove(array_remove(ARRAY[t.author_id, t.author_name, t.contact_name,
                                           t.contact_email, t.contact_phone], NULL), '') AS names
    FROM item i LEFT JOIN work_case c ON c.item_id = i.id LEFT JOIN item_text t ON t.item_id = i.id
    WHERE {where} ORDER BY i.id
"""


async def of_ref(connection: Connection, ref: str) -> list[Traces]:
    """Of the item that people call ``ref``."""
    return await _traces(connection, "i.ref = $1", ref)


async def of_case(connection: Connection, case_id: int) -> list[Traces]:
    """Of the item behind a case."""
    return await _traces(connection, "c.id = $1", case_id)


async def of_author(connection: Connection, platform: str, author_id: str) -> list[Traces]:
    """Of everything that somebody wrote on a platform."""
    return await _traces(connection, "i.platform = $1 AND t.author_id = $2", platform, author_id)


async def of_contact(connection: Connection, contact: str) -> list[Traces]:
    """Of everybody who left this e-mail address (in whatever case) or telephone (by its digits)."""
    if "@" in contact:
        return await _traces(connection, "lower(t.contact_email) = lower($1)", contact)
    digits = "".join(sign for sign in contact if sign.isdigit())
    where = "$1 <> '' AND regexp_replace(t.contact_phone, '\\D', '', 'g') = $1"
    return await _traces(connection, where, digits)


async def also_by(connection: Connection, item_ids: Sequence[int]) -> list[str]:
    """References of other items by the same author or with the same contact."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT i.ref FROM item i JOIN item_text t ON t.item_id = i.id
        JOIN item_text own ON own.item_id = ANY($1)
        JOIN item oi ON oi.id = own.item_id
        WHERE i.id <> ALL($1)
          AND ((i.platform = oi.platform AND t.author_id = nullif(own.author_id, ''))
               OR lower(t.contact_email) = lower(own.contact_email)
               OR t.contact_phone = own.contact_phone)
        ORDER BY i.ref
        """,
        list(item_ids),
    )
    return [row["ref"] for row in rows]


async def lock(connection: Connection, item_ids: Sequence[int]) -> None:
    """Hold these items until the transaction ends: no stage of the pipeline has them meanwhile."""
    await connection.fetch(
        "SELECT id FROM item WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(item_ids)
    )


_FORGET = """
    version = version + 1, content_digest = NULL, thread = NULL, parent = NULL,
    stage = 'routed', attempts = 0, retry_at = NULL,
    point_given = false, approximate = area IS NOT NULL,
    point = (SELECT a.point FROM area a WHERE a.code = item.area)
"""
"""What an item forgets of whoever wrote it. No stage takes it on: nothing is left to read."""


async def erase_item(connection: Connection, item_id: int) -> int:
    """Delete everything of a person in one locked item; its new version.

    What stays: codes, states, labels, times, and the area, whose point takes the place of the
    reporter's. A later edit by the platform finds no text to replace.
    """
    await connection.execute("DELETE FROM item_text WHERE item_id = $1", item_id)
    await _drop_pieces(connection, item_id)
    await _hide_keys(connection, item_id)
    await connection.execute(
        "UPDATE case_message SET text = NULL, salt = NULL"
        " WHERE case_id = (SELECT id FROM work_case WHERE item_id = $1)",
        item_id,
    )
    version: int = await connection.fetchval(
        f"UPDATE item SET {_FORGET}, erased_at = now() WHERE id = $1 RETURNING version", item_id
    )
    return version


async def empty_item(connection: Connection, item_id: int, salt: bytes, digest: str) -> int | None:
    """Take everything of its author out of an item that they deleted on its platform; its new version,
    None where that was done before. What staff said on its case stays, and so does what was read of it.
    """
    found = await connection.fetchval(
        "SELECT 1 FROM item WHERE id = $1 AND erased_at IS NULL AND deleted_at IS NULL FOR UPDATE",
        item_id,
    )
    if not found:
        return None
    await connection.execute(
        "UPDATE item_text SET text = '', salt = $2, place = NULL, author_id = NULL,"
        " author_name = NULL, contact_name = NULL, contact_email = NULL, contact_phone = NULL,"
        " url = NULL, raw = '{}' WHERE item_id = $1",
        item_id,
        salt,
    )
    await _drop_pieces(connection, item_id)
    await _hide_keys(connection, item_id)
    version: int = await connection.fetchval(
        f"UPDATE item SET {_FORGET}, deleted_at = now(), text_digest = $2"
        " WHERE id = $1 RETURNING version",
        item_id,
        digest,
    )
    return version


async def _drop_pieces(connection: Connection, item_id: int) -> None:
    """Forget the pieces of its text that stand among an item's labels."""
    await connection.execute(
        "UPDATE item_label SET places = '[]', reasons = '[]' WHERE item_id = $1", item_id
    )


async def _hide_keys(connection: Connection, item_id: int) -> None:
    """Keep of the platform's ids, which often name their author, only what knows the item again."""
    rows = await connection.fetch(
        "SELECT platform, external_id FROM item_key WHERE item_id = $1"
        " AND external_id NOT LIKE 'erased:%'",
        item_id,
    )
    for row in rows:
        await connection.execute(
            "UPDATE item_key SET external_id = $3 WHERE platform = $1 AND external_id = $2",
            row["platform"],
            row["external_id"],
            erased_key(row["external_id"]),
        )


async def drop_photos(connection: Connection, item_ids: Sequence[int]) -> list[str]:
    """Delete the rows of these items' photos; the SHA-256 of the files that they named."""
    rows = await connection.fetch(
        "DELETE FROM photo WHERE item_id = ANY($1) RETURNING sha256", list(item_ids)
    )
    return sorted({row["sha256"] for row in rows})


async def quarantined(
    connection: Connection, names: Iterable[str], platforms: Sequence[str] | None
) -> list[int]:
    """Ids of payloads in quarantine that hold one of these names, as UTF-8 or escaped in JSON.

    ``platforms`` None: whoever sent them.
    """
    needles = {form for name in names for form in (name, json.dumps(name)[1:-1])}
    found = [needle.encode() for needle in needles if len(needle.encode()) >= MIN_NEEDLE_BYTES]
    rows = await connection.fetch(
        """
        SELECT id FROM quarantine WHERE ($2::text[] IS NULL OR platform = ANY($2))
          AND EXISTS (SELECT 1 FROM unnest($1::bytea[]) AS needle WHERE position(needle IN raw) > 0)
        """,
        found,
        platforms,
    )
    return [row["id"] for row in rows]


async def drop_quarantined(connection: Connection, ids: Sequence[int]) -> None:
    """Delete these payloads."""
    await connection.execute("DELETE FROM quarantine WHERE id = ANY($1)", list(ids))


async def _traces(connection: Connection, where: str, *values: object) -> list[Traces]:
    rows = await connection.fetch(_TRACES.format(where=where), *values)
    return [Traces(**(dict(row) | {"names": tuple(row["names"])})) for row in rows]
