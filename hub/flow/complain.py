"""Complain: a citizen's complaint from the form or the API becomes an item with a private link."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.flow.ground import Ground, change
from hub.flow.receive import Received, store_batch
from hub.model.errors import BadInput, Conflict
from hub.model.items import MAX_TEXT_CHARS, Contact, Inbound, Point, composed
from hub.model.people import REPORTER
from hub.store import idempotency, items

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
    content, whole = _content_digest(complaint), _whole_digest(complaint)
    async with change(ground, REPORTER) as tx:
        if key is not None:
            answered = await idempotency.find(tx.connection, _digest(key))
            if answered is not None:
                if answered[0] != whole:
                    raise Conflict("idempotency.mismatch")
                ref, secret = msgspec.json.decode(_unseal(key, answered[1]), type=tuple[str, str])
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
            sealed = _seal(key, answer)
            await idempotency.keep(tx.connection, _digest(key), whole, sealed)
    return received


def _digest(key: str) -> bytes:
    return hashlib.sha256(b"key:" + key.encode()).digest()


def _cipher(key: str) -> ChaCha20Poly1305:
    """A cipher only the holder of the idempotency key can make (RFC 5869, RFC 8439)."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"bigear idempotency").derive(key.encode())
    return ChaCha20Poly1305(derived)


def _seal(key: str, answer: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + _cipher(key).encrypt(nonce, answer, None)


def _unseal(key: str, sealed: bytes) -> bytes:
    return _cipher(key).decrypt(sealed[:12], sealed[12:], None)


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


def _whole_digest(complaint: Complaint) -> bytes:
    """All of it: what makes two requests the same request."""
    return hashlib.sha256(msgspec.json.encode(complaint)).digest()
