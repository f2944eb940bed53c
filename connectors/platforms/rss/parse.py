"""A feed's bytes to items; pure. feedparser reads the format, this decides what a thing is.

A DOCTYPE is refused before parsing: a feed needs none, and entities declared there can grow without
bound ("billion laughs", CWE-776).
"""

from __future__ import annotations

import hashlib
import html
import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import feedparser

from hub.model.items import Author, Inbound

MAX_SEEN = 2_000
_DOCTYPE = re.compile(rb"<!DOCTYPE\s+(?!html\b)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"[ \t\xa0]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class MalformedFeed(ValueError):
    """These bytes are no feed. ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its key on the platform, and the item it becomes."""

    key: str
    inbound: Inbound


def parse(body: bytes, account: str, kind: str = "post") -> list[Entry]:
    """The entries of a feed, oldest first. Raises MalformedFeed."""
    if _DOCTYPE.search(body[:4_096]) or b"<!ENTITY" in body:
        raise MalformedFeed("feed.doctype")
    feed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    if not feed.version or (feed.bozo and not feed.entries):
        raise MalformedFeed("feed.malformed")
    entries = [_entry(entry, account, kind) for entry in feed.entries]
    return [entry for entry in reversed(entries) if entry is not None]


def fresh(entries: list[Entry], seen: list[str]) -> tuple[list[Inbound], list[str]]:
    """The entries not seen before, and the keys to remember: never a timestamp, which skips what is
    published late, and never fewer than the feed holds now."""
    known = set(seen)
    new = [entry.inbound for entry in entries if entry.key not in known]
    keys = [entry.key for entry in entries]
    older = [key for key in seen if key not in set(keys)]
    return new, (older + keys)[-max(MAX_SEEN, len(keys)) :]


def _entry(entry: Mapping[str, Any], account: str, kind: str) -> Entry | None:
    title = _plain(entry.get("title", ""))
    content = entry.get("content") or []
    body = _plain(content[0].get("value", "") if content else entry.get("summary", ""))
    text = title if not body or body == title else f"{title}\n{body}" if title else body
    if not text:
        return None
    link = str(entry.get("link", ""))
    guid = str(entry.get("id", ""))
    key = guid or hashlib.sha256(f"{link}\n{title}".encode()).hexdigest()
    author = _plain(str(entry.get("author", "")))
    published = entry.get("published_parsed") or entry.get("updated_parsed")
    return Entry(
        key,
        Inbound(
            kind=kind,
            platform="rss",
            # A guid is only unique in its feed: the account makes it the platform's.
            external_id=f"{account}:{key}"[:1_000],
            text=text,
            created_at=_moment(published),
            account=account,
            url=link[:2_000],
            author=Author(author, author) if author else None,
        ),
    )


def _plain(markup: str) -> str:
    """Markup as the words it shows."""
    text = html.unescape(_TAG.sub(" ", markup))
    lines = (_SPACE.sub(" ", line).strip() for line in _CONTROL.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)


def _moment(parsed: Any) -> datetime:
    """feedparser's UTC tuple as a time; now, where it has none or one that no calendar holds."""
    try:
        moment = datetime.fromtimestamp(timegm(parsed), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.now(UTC)
    return moment if 1990 <= moment.year <= datetime.now(UTC).year + 1 else datetime.now(UTC)
