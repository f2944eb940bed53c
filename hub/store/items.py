"""Items in PostgreSQL: stored once by their key, taken on stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model.items import Inbound
from hub.store.erase import erased_key
from hub.store.pool import Connection


@dataclass(frozen=True, slots=True)
class NewItem:
    """An Inbound with what the hub gives it: its reference, its salt and digests."""

    inbound: Inbound
    ref: str
    secret_digest: bytes | None
    salt: bytes
    text_digest: str
    content_digest: bytes | None = None


async def known(
    connection: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """The item ids of those (platform, external id) keys that are already stored, erased ones too."""
    rows = await connection.fetch(
        """
        SELECT n.platform, n.external_id, k.item_id
        FROM unnest($1::text[], $2::text[], $3::text[]) AS n (platform, external_id, erased)
        JOIN item_key k ON k.platform = n.platform AND k.external_id IN (n.external_id, n.erased)
        """,
        [platform for platform, _ in keys],
        [external_id for _, external_id in keys],
        [erased_key(external_id) for _, external_id in keys],
    )
    return {(row["platform"], row["external_id"]): row["item_id"] for row in rows}


async def insert(connection: Connection, new: Sequence[NewItem]) -> dict[str, int]:
    """Store items with key, text and account in a few statements; returns ref → item id.

    An item whose key somebody else stored in the meantime is dropped again: its ref is missing from
    the answer.
    """
    ids = await _insert_items(connection, new)
    won = await connection.fetch(
        """
        INSERT INTO item_key (platform, external_id, item_id)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
        ON CONFLICT DO NOTHING RETURNING item_id
        """,
        [n.inbound.platform for n in new],
        [n.inbound.external_id for n in new],
        [ids[n.ref] for n in new],
    )
    kept = {row["item_id"] for row in won}
    if len(kept) < len(new):
        lost = [item_id for item_id in ids.values() if item_id not in kept]
        await connection.execute("DELETE FROM item WHERE id = ANY($1)", lost)
        ids = {ref: item_id for ref, item_id in ids.items() if item_id in kept}
    stored = [n for n in new if n.ref in ids]
    await _insert_texts(connection, stored, ids)
    await add_accounts(
        connection, [(ids[n.ref], n.inbound.account) for n in stored if n.inbound.account]
    )
    return ids


async def _insert_items(connection: Connection, new: Sequence[NewItem]) -> dict[str, int]:
    rows = await connection.fetch(
        """
        INSERT INTO item (ref, secret_digest, kind, platform, account, mark, language_hint, thread,
                          parent, created_at, content_digest, text_digest, point, point_given)
        SELECT ref, secret_digest, kind, platform, account, mark, language, thread, parent,
               created_at, content_digest, text_digest,
               ST_SetSRID(ST_MakePoint(lon, lat), 4326), lon IS NOT NULL
        FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::bytea[],
                    $12::text[], $13::float8[], $14::float8[])
             AS n (ref, secret_digest, kind, platform, account, mark, language, thread, parent,
                   created_at, content_digest, text_digest, lon, lat)
        RETURNING ref, id
        """,
        [n.ref for n in new],
        [n.secret_digest for n in new],
        [n.inbound.kind for n in new],
        [n.inbound.platform for n in new],
        [n.inbound.account or None for n in new],
        [n.inbound.mark for n in new],
        [n.inbound.language or None for n in new],
        [n.inbound.thread or None for n in new],
        [n.inbound.parent or None for n in new],
        [n.inbound.created_at for n in new],
        [n.content_digest for n in new],
        [n.text_digest for n in new],
        [n.inbound.point.lon if n.inbound.point else None for n in new],
        [n.inbound.point.lat if n.inbound.point else None for n in new],
    )
    return {row["ref"]: row["id"] for row in rows}


async def _insert_texts(
    connection: Connection, stored: Sequence[NewItem], ids: Mapping[str, int]
) -> None:
    await connection.execute(
        """
        INSERT INTO item_text (item_id, salt, text, place, author_id, author_name, contact_name,
                               contact_email, contact_phone, url, raw)
        SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::text[],
                             $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                             $11::jsonb[])
        """,
        [ids[n.ref] for n in stored],
        [n.salt for n in stored],
        [n.inbound.text for n in stored],
        [n.inbound.place or None for n in stored],
        [n.inbound.author.id if n.inbound.author else None for n in stored],
        [n.inbound.author.name if n.inbound.author else None for n in stored],
        [(n.inbound.contact.name or None) if n.inbound.contact else None for n in stored],
        [(n.inbound.contact.email or None) if n.inbound.contact else None for n in stored],
        [(n.inbound.contact.phone or None) if n.inbound.contact else None for n in stored],
        [n.inbound.url or None for n in stored],
        [n.inbound.raw for n in stored],
    )


async def add_accounts(connection: Connection, pairs: Sequence[tuple[int, str]]) -> None:
    """Note that items reached these accounts too; one post can reach two."""
    if pairs:
        await connection.execute(
            "INSERT INTO item_account SELECT * FROM unnest($1::bigint[], $2::text[])"
            " ON CONFLICT DO NOTHING",
            [item_id for item_id, _ in pairs],
            [account for _, account in pairs],
        )


async def attach_photos(connection: Connection, item_id: int, tokens: Sequence[str]) -> int:
    """Give uploaded photos to an item, in this order; returns how many were free to be given."""
    rows = await connection.fetch(
        """
        UPDATE photo SET item_id = $1, number = t.number
        FROM unnest($2::text[]) WITH ORDINALITY AS t (token, number)
        WHERE photo.token = t.token AND photo.item_id IS NULL
        RETURNING photo.id
        """,
        item_id,
        list(tokens),
    )
    return len(rows)


async def edit(
    connection: Connection, item_id: int, edited: Inbound, salt: bytes, digest: str
) -> int | None:
    """Put an edited text in place, and where it is if the edit says so: a point, words, or both then
    stand for both. The item, which goes through all stages again, gets a new version; None if the edit
    changes nothing, or came after a delete or an erasure."""
    row = await connection.fetchrow(
        """
        SELECT i.erased_at, i.deleted_at, t.text, t.place,
               CASE WHEN i.point_given THEN ST_Y(i.point) END AS lat,
               CASE WHEN i.point_given THEN ST_X(i.point) END AS lon
        FROM item i JOIN item_text t ON t.item_id = i.id WHERE i.id = $1 FOR UPDATE OF i
        """,
        item_id,
    )
    if row is None or row["erased_at"] or row["deleted_at"]:
        return None
    stood = (row["place"], row["lat"], row["lon"])
    where, point = stood, edited.point
    if point or edited.place:
        where = (edited.place or None, point and point.lat, point and point.lon)
    if (edited.text, where) == (row["text"], stood):
        return None
    await connection.execute(
        "UPDATE item_text SET text = $2, salt = $3, place = $4 WHERE item_id = $1",
        item_id,
        edited.text,
        salt,
        where[0],
    )
    version: int = await connection.fetchval(
        """
        UPDATE item SET version = version + 1, text_digest = $2, stage = 'received', attempts = 0,
            retry_at = NULL, point_given = $3::float8 IS NOT NULL,
            point = CASE WHEN $3::float8 IS NULL THEN point
                         ELSE ST_SetSRID(ST_MakePoint($4, $3), 4326) END
        WHERE id = $1 RETURNING version
        """,
        item_id,
        digest,
        where[1],
        where[2],
    )
    return version


async def lock_cursor(connection: Connection, account: str) -> Mapping[str, Any]:
    """An account's cursor, which is only this transaction's to move from here on."""
    cursor: dict[str, Any] | None = await connection.fetchval(
        "SELECT cursor FROM account_state WHERE account = $1 FOR UPDATE", account
    )
    return cursor or {}


async def set_cursor(
    connection: Connection, account: str, cursor: Mapping[str, Any] | None, unsupported: int
) -> None:
    """Move an account's cursor, in the transaction that stores what it points past."""
    await connection.execute(
        """
        INSERT INTO account_state (account, cursor, unsupported, health, enabled)
        VALUES ($1, $2, $3, 'connecting', false)
        ON CONFLICT (account) DO UPDATE SET cursor = coalesce($2, account_state.cursor),
            unsupported = account_state.unsupported + $3
        """,
        account,
        cursor,
        unsupported,
    )


async def same_content(
    connection: Connection, content_digest: bytes, since: datetime
) -> str | None:
    """The ref of the first item with the same source, text and place since then, unless its reporter
    took it back: who sends that again means it.

    Takes a lock on the digest until the transaction ends, so that two at once become one.
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock($1)", int.from_bytes(content_digest[:8], signed=True)
    )
    ref: str | None = await connection.fetchval(
        """
        SELECT i.ref FROM item i LEFT JOIN work_case c ON c.item_id = i.id
        WHERE i.content_digest = $1 AND i.received_at > $2 AND c.state IS DISTINCT FROM 'withdrawn'
        ORDER BY i.id LIMIT 1
        """,
        content_digest,
        since,
    )
    return ref
