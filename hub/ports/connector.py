"""The connector contract: what a platform's folder under ``connectors/platforms`` must offer.

The core (``hub.workers.connectors``) owns supervision, back-off, the poll interval, cursor storage,
dedup and health; a connector has no loop of its own, no sleep and no ``except Exception``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hub.model.items import Batch


class ConnectorError(Exception):
    """Root of what a connector may raise; ``code`` is stable and shown in the account's health."""

    code = "connector.unknown"


class AuthFailed(ConnectorError):
    """The platform refuses the credentials: the account stops and somebody is told, once."""

    code = "connector.bad_credentials"


class RateLimited(ConnectorError):
    """Come back after ``retry_after_s`` seconds."""

    code = "connector.rate_limited"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Transient(ConnectorError):
    """The network or the platform is away: back off and try again."""

    code = "connector.unavailable"


class Unanswered(Transient):
    """The request went out and no answer came: it may have been taken all the same."""


class Rejected(ConnectorError):
    """The platform or the hub refuses this payload; trying again changes nothing."""

    code = "connector.rejected"

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code


class Unreadable(Rejected):
    """A genuine payload (its signature is right) that does not parse: it is kept in quarantine."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What a platform can do here: how items arrive, and whether the hub can post or reply."""

    inbound: str  # "poll" | "webhook" | "stream"
    post: str = "manual"  # "api" | "api_with_image" | "template_only" | "manual"
    poll_interval_s: float = 300.0


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A pushed request, raw: the signature is checked on these very bytes."""

    headers: Mapping[str, str]
    body: bytes
    received_at_s: float


class Connector(Protocol):
    """One account's connection. Finite ``events`` = a poll; endless = a stream."""

    platform: str
    caps: Caps

    def events(self, cursor: Mapping[str, Any] | None) -> AsyncIterator[Batch]:
        """Batches after ``cursor``. Raises ConnectorError; cancelling loses nothing (see Batch)."""
        ...

    def webhook(self, request: WebhookRequest) -> Batch:
        """The items of a pushed request. Raises Rejected, on a bad signature before any parsing;
        Unreadable where the signature is right and the rest is not."""
        ...

    async def check(self) -> None:
        """A cheap probe of the credentials; raises ConnectorError."""
        ...
