"""Complain: a citizen's complaint from the form or the API becomes an item with a private link."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

from hub.flow import once
from hub.flow.ground import Ground, change
from hub.flow.receive import Received, store_batch
from hub.model.errors import BadInput
from hub.model.items import MAX_TEXT_CHARS, Contact, Inbound, Point, composed
from hub.model.people import REPORTER
from hub.store import items

DOUBLE_WINDOW = timedelta(minutes=10)
"""Without an idempotency key, the same source, text and place within this is the same complaint."""

MAX_PHOTOS = 5


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the form sends, checked. ``source`` is ``web``, ``app`` or ``api``; the point lies inside
    the city (the caller asked the area index)."""

    source: str
    text: str
    point: Point | None = None
    place: str = ""
    language: str = ""
    contact: Contact | None = None
    photos: tuple[str, ...] = ()
    account: str = ""
    mark: str | None = None


async def complain(ground: Ground, complaint: Complaint, *, key: str | None = None) -> Received:
    """Store the complaint with its photos; safe when this returns.

    ``key``: the client's idempotency key. The same key and body is answered as the first time,
    private link included, since only the same client knows the key. Without one, the same source,
    text and place within ten minutes is answered with the first one's reference and no secret.
    Raises BadInput for an empty text or a photo that is unknown or already given away, Conflict
    ``idempotency.mismatch`` for a key that came with another body.
    """
    complaint = replace(complaint, text=composed(complaint.text), place=composed(complaint.place))
    _check(complaint)
    content, sent = _content_digest(complaint), msgspec.json.encode(complaint)
    async with change(ground, REPORTER) as tx:
        if key is not None:
            answer = await once.answer_of(tx.connection, key, sent)
            if answer is not None:
                ref, secret = msgspec.json.decode(answer, type=tuple[str, str])
                return Received(0, ref, secret, False)
        else:
            since = datetime.now(UTC) - DOUBLE_WINDOW
            first = await items.same_content(tx.connection, content, since)
            if first is not None:
                return Received(0, first, None, False)
        [received] = await store_batch(
            tx, [_inbound(complaint)], with_secret=True, content_digest=content
        )
        if complaint.photos:
            given = await items.attach_photos(tx.connection, received.item_id, complaint.photos)
            if given != len(complaint.photos):
                raise BadInput("photo.unknown", field="photos")
        if key is not None:
            answer = msgspec.json.encode((received.ref, received.secret))
            await once.keep(tx.connection, key, sent, answer)
    return received


def _check(complaint: Complaint) -> None:
    if not complaint.text.strip():
        raise BadInput("text.empty", field="text")
    if len(complaint.text) > MAX_TEXT_CHARS:
        raise BadInput("text.too_long", field="text", limit=MAX_TEXT_CHARS)
    if len(set(complaint.photos)) != len(complaint.photos) or len(complaint.photos) > MAX_PHOTOS:
        raise BadInput("photo.too_many", field="photos", limit=MAX_PHOTOS)


def _inbound(complaint: Complaint) -> Inbound:
    return Inbound(
        kind="complaint",
        platform=complaint.source,
        external_id=secrets.token_urlsafe(18),  # the hub's own: nobody else names a complaint
        text=complaint.text,
        created_at=datetime.now(UTC),
        account=complaint.account,
        language=complaint.language,
        contact=complaint.contact,
        point=complaint.point,
        place=complaint.place,
        mark=complaint.mark,
    )


def _content_digest(complaint: Complaint) -> bytes:
    """Source, text and place: what makes two complaints the same matter."""
    point = complaint.point
    content = [
        complaint.source,
        complaint.text.strip(),
        complaint.place.strip(),
        [round(point.lat, 5), round(point.lon, 5)] if point else None,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).digest()
