"""A signed body to items; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from hub.model.items import Author, Contact, Inbound, Point
from hub.ports.connector import Unreadable

MAX_ITEMS = 200
Short = Annotated[str, Meta(max_length=500)]


class PushedItem(Struct, frozen=True, forbid_unknown_fields=True):
    """One item as a system pushes it. ``id`` is unique in that system."""

    id: Annotated[str, Meta(min_length=1, max_length=300)]
    text: Annotated[str, Meta(max_length=20_000)] = ""
    op: Literal["create", "edit", "delete"] = "create"
    kind: Literal["post", "complaint"] = "post"
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    place: Short = ""
    at: datetime | None = None
    author_id: Short = ""
    author_name: Short = ""
    contact_email: Short = ""
    contact_phone: Short = ""
    url: Annotated[str, Meta(max_length=2_000)] = ""
    thread: Short = ""
    parent: Short = ""
    language: Annotated[str, Meta(pattern=r"^([a-z]{2})?$(?!\n)")] = ""


class Push(Struct, frozen=True, forbid_unknown_fields=True):
    """The body: one or more items."""

    items: Annotated[list[PushedItem], Meta(min_length=1, max_length=MAX_ITEMS)]


def parse(body: bytes, account: str, now: datetime) -> list[Inbound]:
    """The items of a body. Raises Unreadable ``payload.invalid`` with what is wrong."""
    try:
        push = msgspec.json.decode(body, type=Push)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Unreadable("payload.invalid", str(wrong)) from None
    return [_inbound(item, account, now) for item in push.items]


def _inbound(item: PushedItem, account: str, now: datetime) -> Inbound:
    if any("\x00" in value for value in msgspec.to_builtins(item).values() if type(value) is str):
        raise Unreadable("payload.invalid", "NUL in a text")
    if item.op != "delete" and not item.text.strip():
        raise Unreadable("payload.invalid", "an item without text")
    if (item.lat is None) != (item.lon is None):
        raise Unreadable("payload.invalid", "lat and lon go together")
    at = item.at or now
    if at.tzinfo is None:
        raise Unreadable("payload.invalid", "a time without an offset")
    if not now - timedelta(days=3_650) <= at <= now + timedelta(days=1):
        raise Unreadable("payload.invalid", "a time out of range")
    contact = None
    if item.contact_email or item.contact_phone:
        contact = Contact(item.author_name, item.contact_email, item.contact_phone)
    return Inbound(
        kind=item.kind,
        platform="webhook",
        external_id=f"{account}:{item.id}",
        text=item.text,
        created_at=at,
        op=item.op,
        account=account,
        thread=item.thread,
        parent=item.parent,
        url=item.url,
        language=item.language,
        author=Author(item.author_id, item.author_name)
        if item.author_id or item.author_name
        else None,
        contact=contact,
        point=Point(item.lat, item.lon) if item.lat is not None and item.lon is not None else None,
        place=item.place,
    )
