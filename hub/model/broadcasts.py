"""A broadcast: what an officer writes, a second person approves, and everybody in the area reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SEVERITIES = ("critical", "urgent", "safety")
"""Korea's three classes of emergency messages: 위급, 긴급, 안전안내."""


@dataclass(frozen=True, slots=True)
class Content:
    """Exactly what is shown and sent; approval is bound to the hash over all of it.

    ``headline`` and ``text``: language code → words. ``areas``: district codes, empty = the whole
    city.
    """

    severity: str
    headline: dict[str, str]
    text: dict[str, str]
    areas: tuple[str, ...]
    expires_in_min: int
    exercise: bool = False


@dataclass(frozen=True, slots=True)
class BroadcastRecord:
    """A broadcast as stored. ``reason``: why it was last returned or cancelled, for its writers."""

    id: int
    version: int
    state: str
    content: Content
    content_hash: str
    mark: str | None
    author: int | None
    author_name: str | None
    editors: tuple[int, ...]
    submitted_by: int | None
    submitted_at: datetime | None
    approved_by: int | None
    approved_by_name: str | None
    approved_hash: str | None
    approved_at: datetime | None
    sent_at: datetime | None
    expires_at: datetime | None
    reason: str | None
    updated_at: datetime
