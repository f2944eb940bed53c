"""Polls one feed: conditional GET (RFC 9110, section 13), seen-id set in the cursor."""

from __future__ import annotations

import hashlib
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from email.message import Message
from typing import Any

from connectors.platforms.rss.apart import parse_apart
from connectors.platforms.rss.parse import (
    MAX_SEEN,
    Entry,
    MalformedFeed,
    Seen,
    moved,
    news,
    remember,
)
from hub.model.items import Account, Anomalous, Batch
from hub.net.client import Answer, Outside
from hub.ports.connector import Caps, Rejected, WebhookRequest

MAX_FEED_BYTES = 10 * 1024 * 1024
MIN_INTERVAL_S = 2.0
BATCH_ITEMS = 200
KINDS = ("post", "complaint")
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml, */*;q=0.1"


class RssConnector:
    """One account's feed. ``settings``: ``url``, ``interval_s``, ``kind``."""

    platform = "rss"

    def __init__(self, account: Account, outside: Outside) -> None:
        self._account = account
        self._outside = outside
        self._url = str(account.settings["url"])
        self._kind = str(account.settings.get("kind", "post"))
        self.caps = Caps(inbound="poll", poll_interval_s=_interval_s(account.settings))

    async def events(self, cursor: Mapping[str, Any] | None) -> AsyncIterator[Batch]:
        """One poll: batches of at most 200, one empty Batch when nothing is new. Raises
        ConnectorError; for what is no feed Rejected, after a Batch with what came instead.

        Cancelling loses nothing: what was not stored is not in the cursor either.
        """
        known = dict(cursor or {})
        answer = await self._outside.get(self._url, self._headers(known), MAX_FEED_BYTES)
        body = hashlib.sha256(answer.body).hexdigest()
        if answer.status == 304 or (known.get("url"), known.get("body")) == (self._url, body):
            yield Batch()
            return
        try:
            entries = await parse_apart(answer.body, self._url, self._kind, _charset(answer))
        except MalformedFeed as wrong:
            yield Batch(anomalous=(Anomalous("rss", self._account.code, wrong.code, answer.body),))
            raise Rejected(wrong.code, "what came is in quarantine") from None
        for batch in self._batches(answer, entries, known):
            yield batch

    def _headers(self, known: Mapping[str, Any]) -> dict[str, str]:
        headers = {"Accept": _ACCEPT}
        if known.get("url") == self._url:
            if etag := known.get("etag"):
                headers["If-None-Match"] = etag
            if modified := known.get("modified"):
                headers["If-Modified-Since"] = modified
        return headers

    def _batches(
        self, answer: Answer, entries: list[Entry], known: Mapping[str, Any]
    ) -> Iterator[Batch]:
        """What is new, in batches whose cursors go no further than they do: only the last one's
        remembers that the whole feed was taken. Of a feed with more entries than a cursor holds, the
        older ones are counted as unsupported, once."""
        left = max(0, len(entries) - MAX_SEEN)
        entries = entries[left:]
        seen: Seen = [tuple(one) for one in known.get("seen", [])]
        if known.get("url") != self._url:
            seen = moved(entries, seen)
        new = news(entries, seen)
        for first in range(0, len(new) or 1, BATCH_ITEMS):
            part = new[first : first + BATCH_ITEMS]
            seen = remember(seen, entries, part)
            reached: dict[str, Any] = {"url": self._url, "seen": seen, "left": left}
            if first + BATCH_ITEMS >= len(new):
                reached |= {
                    "body": hashlib.sha256(answer.body).hexdigest(),  # for who never answers 304
                    "etag": _validator(answer, "Etag"),
                    "modified": _validator(answer, "Last-Modified"),
                }
            items = (replace(entry.inbound, account=self._account.code) for entry in part)
            more = 0 if first else max(0, left - known.get("left", 0))
            yield Batch(tuple(items), reached, unsupported=more)

    def webhook(self, request: WebhookRequest) -> Batch:
        """Feeds are polled."""
        raise Rejected("hook.not_taken")

    async def check(self) -> None:
        """Whether the feed can be read."""
        async for _ in self.events(None):
            pass  # to the end: what is wrong may come after what was kept


def open_account(account: Account, outside: Outside | None) -> RssConnector:
    """The connector of an account. Raises Rejected ``settings.missing`` without an address,
    ``settings.invalid`` for a kind or an interval that is none."""
    if outside is None or not account.settings.get("url"):
        raise Rejected("settings.missing", "url")
    if account.settings.get("kind", "post") not in KINDS:
        raise Rejected("settings.invalid", "kind is post or complaint")
    return RssConnector(account, outside)


def _interval_s(settings: Mapping[str, Any]) -> float:
    try:
        interval_s = float(settings.get("interval_s", 300.0))
    except (TypeError, ValueError):
        interval_s = math.nan
    if not MIN_INTERVAL_S <= interval_s <= 86_400:
        raise Rejected("settings.invalid", f"interval_s is {MIN_INTERVAL_S:.0f} to 86400 seconds")
    return interval_s


def _validator(answer: Answer, name: str) -> str | None:
    """A header to ask with next time; None for one that cannot be kept or sent as it came."""
    value = answer.headers.get(name, "")
    return value if value.isascii() and value.isprintable() else None


def _charset(answer: Answer) -> str:
    header = Message()
    header["Content-Type"] = answer.headers.get("Content-Type", "")
    return header.get_content_charset("")
