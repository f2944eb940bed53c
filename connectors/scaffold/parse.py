"""An answer's bytes to items; pure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hub.model.items import Anomalous, Author, Inbound
from hub.ports.connector import Unreadable


class Message(Struct, frozen=True):
    """One message, as far as the hub wants to know it; other fields may come and go."""

    id: Annotated[str, Meta(min_length=1, max_length=300, pattern="^[^\\x00]*$")]
    text: str
    written_at: Annotated[datetime, Meta(tz=True)]
    author: str = ""


def parse(body: bytes, account: str) -> list[Inbound | Anomalous]:
    """The messages of an answer, oldest first; each that cannot be taken, as it came. Raises
    Unreadable ``payload.invalid``."""
    try:
        messages = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Unreadable("payload.invalid", str(wrong)) from None
    return [_one(message, account) for message in messages]


def _one(raw: msgspec.Raw, account: str) -> Inbound | Anomalous:
    try:
        message = msgspec.json.decode(raw, type=Message)
        if not 1970 <= message.written_at.year <= 9000:
            raise Unreadable("payload.invalid", "a time out of range")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unreadable):
        # Alone: one bad message must not keep the others out.
        return Anomalous("scaffold", account, "payload.invalid", bytes(raw))
    author = message.author.replace("\x00", "")
    return Inbound(
        kind="post",
        platform="scaffold",
        external_id=message.id,  # unique on the whole platform, not only in this account
        text=message.text.replace("\x00", ""),
        created_at=message.written_at,
        account=account,
        author=Author(author, author) if author else None,
    )
