"""Takes signed pushes. An item that is repeated changes nothing: its id is its key; a push that is
repeated as it was, signature and all, is refused, so that an old text cannot be put back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.platforms.webhook.parse import parse
from hub.model.items import Account, Batch
from hub.net.client import Outside
from hub.net.signature import HEADER, verify
from hub.ports.connector import Caps, Rejected, WebhookRequest

MIN_SECRET_CHARS = 16


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
        """The items of a push. Raises Rejected, signature first, before anything is parsed; then
        Unreadable."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        signature = headers.get(HEADER.lower())
        mac = verify(self._secret, signature, request.body, request.received_at_s)
        now = datetime.fromtimestamp(request.received_at_s, UTC)
        return Batch(tuple(parse(request.body, self._account.code, now)), once=mac)

    async def check(self) -> None:
        """Nothing to probe."""


def open_account(account: Account, outside: Outside | None) -> WebhookConnector:
    """The connector of an account. Raises Rejected ``settings.invalid`` for a secret that could be
    guessed."""
    secret = account.secret or ""
    if len(secret) < MIN_SECRET_CHARS:
        raise Rejected("settings.invalid", f"a secret of at least {MIN_SECRET_CHARS} signs")
    return WebhookConnector(account, secret)
