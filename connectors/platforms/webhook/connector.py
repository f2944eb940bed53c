"""Takes signed pushes. A push that is repeated changes nothing: an item's id is its key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.platforms.webhook.parse import parse
from hub.model.items import Account, Batch
from hub.net.client import Outside
from hub.net.signature import HEADER, verify
from hub.ports.connector import Caps, Rejected, WebhookRequest


class WebhookConnector:
    """One account's door."""

    platform = "webhook"
    caps = Caps(inbound="webhook")

    def __init__(self, account: Account, secret: str) -> None:
        self._account = account
        self._secret = secret

    async def events(self, cursor: Mapping[str, Any] | None) -> AsyncIterator[Batch]:
        """Nothing to fetch: one empty batch says that the door is open."""
        yield Batch()

    def webhook(self, request: WebhookRequest) -> Batch:
        """The items of a push. Raises Rejected, signature first, before anything is parsed."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        signature = headers.get(HEADER.lower())
        verify(self._secret, signature, request.body, request.received_at_s)
        now = datetime.fromtimestamp(request.received_at_s, UTC)
        return Batch(tuple(parse(request.body, self._account.code, now)))

    async def check(self) -> None:
        """Nothing to probe."""


def open_account(account: Account, outside: Outside | None) -> WebhookConnector:
    """The connector of an account. Raises Rejected ``settings.missing`` without a secret."""
    if not account.secret:
        raise Rejected("settings.missing", "secret")
    return WebhookConnector(account, account.secret)
