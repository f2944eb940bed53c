"""An answer's bytes to items; pure."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from hub.model.items import Author, Inbound
from hub.ports.connector import Unreadable


class Message(Struct, frozen=True):
    """One message, as far as the hub wants to know it; other fields may come and go."""

    id: str
    text: str
    written_at: datetime
    author: str = ""


def parse(body: bytes) -> list[Inbound]:
    """The messages of an answer, oldest first. Raises Unreadable ``payload.invalid``."""
    try:
        messages = msgspec.json.decode(body, type=list[Message])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Unreadable("payload.invalid", str(wrong)) from None
    return [_inbound(message) for message in messages]


def _inbound(message: Message) -> Inbound:
    if message.written_at.tzinfo is None:
        raise Unreadable("payload.invalid", "a time without an offset")
    return Inbound(
        kind="post",
        platform="scaffold",
        external_id=message.id,  # unique on the whole platform, not only in this account
        text=message.text.replace("\x00", ""),
        created_at=message.written_at,
        author=Author(message.author, message.author) if message.author else None,
    )
