"""What comes in, as connectors hand it over: one shape for complaints, posts, edits and deletes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Operation = Literal["create", "edit", "delete"]

MAX_TEXT_CHARS = 20_000
"""Longer texts are refused (``input.too_large``); a platform's post beyond it is cut and marked so."""


def composed(text: str) -> str:
    """The text in the one form in which the hub keeps and reads texts (NFC): macOS takes Hangul
    apart into its letters, in which nothing finds a word."""
    return unicodedata.normalize("NFC", text)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it, as the platform names them; erasable."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """How the reporter may be reached; erasable, never shown to the public."""

    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """WGS 84, degrees."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a connector received.

    ``external_id`` is unique on its platform and the key of idempotency. ``kind`` is a case kind
    (``complaint`` or ``post``). ``account`` is the city's account that it reached. ``current``: the
    text is what the platform shows now: it also takes the place of a known item's, as an edit does.
    Text and place are ``composed``, however they came.
    """

    kind: str
    platform: str
    external_id: str
    text: str
    created_at: datetime
    op: Operation = "create"
    current: bool = False
    account: str = ""
    thread: str = ""
    parent: str = ""
    url: str = ""
    language: str = ""
    mark: str | None = None
    author: Author | None = None
    contact: Contact | None = None
    point: Point | None = None
    place: str = ""
    photos: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("text", "place"):
            object.__setattr__(self, name, composed(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Anomalous:
    """A payload that does not parse: kept as it came, in quarantine; never stops the account."""

    platform: str
    account: str
    code: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll, push or stretch of a stream gave. Stored with ``cursor`` in one transaction.

    ``once`` names a push (its signature): a second one of that name is refused.
    """

    items: tuple[Inbound, ...] = ()
    cursor: Mapping[str, Any] | None = None
    anomalous: tuple[Anomalous, ...] = ()
    unsupported: int = 0
    once: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One of the city's accounts, as configured, with its secret once there is one."""

    code: str
    platform: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)
    enabled: bool = False
