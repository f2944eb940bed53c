"""Polls one feed: conditional GET (RFC 9110, section 13), seen-id set in the cursor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from connectors.platforms.rss.parse import MalformedFeed, fresh, parse
from hub.model.items import Account, Anomalous, Batch
from hub.net.client import Outside
from hub.ports.connector import Caps, Rejected, WebhookRequest

MAX_FEED_BYTES = 10 * 1024 * 1024
MIN_INTERVAL_S = 2.0
_QUARANTINE_BYTES = 64 * 1024


class RssConnector:
    """One account's feed. ``settings``: ``url``, ``interval_s``, ``kind``."""

    platform = "rss"

    def __init__(self, account: Account, outside: Outside) -> None:
        self._account = account
        self._outside = outside
        self._url = str(account.settings.get("url", ""))
        interval_s = float(account.settings.get("interval_s", 300.0))
        self.caps = Caps(inbound="poll", poll_interval_s=max(interval_s, MIN_INTERVAL_S))

    async def events(self, cursor: Mapping[str, Any] | None) -> AsyncIterator[Batch]:
        """One poll: one Batch, empty when nothing is new. Raises ConnectorError.

        Cancelling loses nothing: what was not stored is not in the cursor either.
        """
        known = dict(cursor or {})
        headers = {
            "Accept": "application/rss+xml, application/atom+xml, application/xml, */*;q=0.1"
        }
        if known.get("url") == self._url:
            if etag := known.get("etag"):
                headers["If-None-Match"] = etag
            if modified := known.get("modified"):
                headers["If-Modified-Since"] = modified
        answer = await self._outside.get(self._url, headers, MAX_FEED_BYTES)
        if answer.status == 304:
            yield Batch()
            return
        kind = str(self._account.settings.get("kind", "post"))
        try:
            entries = parse(answer.body, self._account.code, kind)
        except MalformedFeed as wrong:
            raw = answer.body[:_QUARANTINE_BYTES]
            yield Batch(anomalous=(Anomalous("rss", self._account.code, wrong.code, raw),))
            raise Rejected(wrong.code) from None
        new, seen = fresh(entries, list(known.get("seen", [])))
        yield Batch(
            tuple(new),
            {
                "url": self._url,
                "etag": answer.headers.get("Etag"),
                "modified": answer.headers.get("Last-Modified"),
                "seen": seen,
            },
        )

    def webhook(self, request: WebhookRequest) -> Batch:
        """Feeds are polled."""
        raise Rejected("hook.not_taken")

    async def check(self) -> None:
        """Whether the feed can be read."""
        async for _ in self.events(None):
            return


def open_account(account: Account, outside: Outside | None) -> RssConnector:
    """The connector of an account. Raises Rejected ``settings.missing`` without an address."""
    if outside is None or not account.settings.get("url"):
        raise Rejected("settings.missing", "url")
    return RssConnector(account, outside)
