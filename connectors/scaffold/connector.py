"""Polls one account's messages. Cursor: ``{"after": id}`` of the newest that was handed on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from connectors.scaffold.parse import parse
from hub.model.items import Account, Anomalous, Batch, Inbound
from hub.net.client import Outside
from hub.ports.connector import Caps, Rejected, Unreadable, WebhookRequest

MAX_BYTES = 1024 * 1024


class ScaffoldConnector:
    """One account. ``settings``: ``url``, ``interval_s``; its secret is a bearer token."""

    platform = "scaffold"

    def __init__(self, account: Account, outside: Outside) -> None:
        self._account = account
        self._outside = outside
        self.caps = Caps(
            inbound="poll", poll_interval_s=float(account.settings.get("interval_s", 60.0))
        )

    async def events(self, cursor: Mapping[str, Any] | None) -> AsyncIterator[Batch]:
        """One poll: a Batch with what is new, and one before it with what cannot be taken. Raises
        ConnectorError.

        Cancelling loses nothing: the cursor is stored with the items or not at all.
        """
        headers = {"Authorization": f"Bearer {self._account.secret}"}
        answer = await self._outside.get(self._account.settings["url"], headers, MAX_BYTES)
        try:
            messages = parse(answer.body, self._account.code)
        except Unreadable as wrong:
            kept = Anomalous(self.platform, self._account.code, wrong.code, answer.body)
            yield Batch(anomalous=(kept,))
            raise
        ids = [entry.external_id if isinstance(entry, Inbound) else None for entry in messages]
        after = cursor["after"] if cursor else None
        new = messages[ids.index(after) + 1 :] if after and after in ids else messages
        if bad := tuple(entry for entry in new if isinstance(entry, Anomalous)):
            yield Batch(anomalous=bad)
        items = tuple(entry for entry in new if isinstance(entry, Inbound))
        yield Batch(items, {"after": items[-1].external_id} if items else None)

    def webhook(self, request: WebhookRequest) -> Batch:
        """Nothing is pushed."""
        raise Rejected("hook.not_taken")

    async def check(self) -> None:
        """Whether the account can be read."""
        async for _ in self.events(None):
            pass  # to the end: what is wrong may come after what was kept


def open_account(account: Account, outside: Outside | None) -> ScaffoldConnector:
    """The connector of an account. Raises Rejected ``settings.missing`` or ``settings.invalid``."""
    if outside is None or not account.settings.get("url"):
        raise Rejected("settings.missing", "url")
    try:
        return ScaffoldConnector(account, outside)
    except ValueError:
        raise Rejected("settings.invalid", "interval_s is a number") from None
