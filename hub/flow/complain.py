"""Complain: a citizen's complaint from the form or the API becomes an item with a private link."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hub.flow.ground import Ground, change
from hub.flow.receive import Received, store_batch
from hub.model.errors import BadInput
from hub.model.items import MAX_TEXT_CHARS, Contact, Inbound, Point
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


async def complain(ground: Ground, complaint: Complaint, *, keyed: bool) -> Received:
    """Store the complaint with its photos; safe when this returns.

    ``keyed`` says that an idempotency key guards it, so that doubles are not looked for. A double is
    answered with the first one's reference and no secret. Raises BadInput for an empty text or a
    photo that is unknown or already given away.
    """
    _check(complaint)
    content = None if keyed else _content_digest(complaint)
    async with change(ground, "reporter") as tx:
        if content is not None:
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
    point = complaint.point
    content = [
        complaint.source,
        complaint.text.strip(),
        complaint.place.strip(),
        [round(point.lat, 5), round(point.lon, 5)] if point else None,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).digest()
