"""Plays the samples, a few at first and then one now and again, round after round."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from hub.model.items import Account, Author, Batch, Inbound, Point
from hub.net.client import Outside
from hub.ports.connector import Caps, Rejected, WebhookRequest

FIRST = 12
"""Played at once at the first start, so that there is something to see."""
INTERVAL_S = 20.0
MAX_PLAYED = 330
"""Three rounds; a trial that runs for weeks must not fill the disk."""


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    """One invented post or complaint, and the account it names."""

    account: str
    kind: str
    text: str
    lat: float | None = None
    lon: float | None = None


@cache
def samples() -> tuple[Sample, ...]:
    """All of them, in the order of the file."""
    path = Path(__file__).with_name("samples.toml")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(convert(table["sample"], list[Sample]))


class SamplesConnector:
    """Not an account of the city: runs only while none is enabled. Cursor: ``{"next": n}``, or
    ``{"over": true}`` once they were cleared away."""

    platform = "samples"
    caps = Caps(inbound="poll", poll_interval_s=INTERVAL_S)

    async def events(self, cursor: Mapping[str, Any] | None) -> AsyncIterator[Batch]:
        """The next sample; at the beginning the first dozen."""
        known = cursor or {}
        start = int(known.get("next", 0))
        stop = min(start + (1 if start else FIRST), MAX_PLAYED)
        if start >= stop or "over" in known:
            yield Batch()
            return
        yield Batch(tuple(_inbound(n) for n in range(start, stop)), {"next": stop})

    def webhook(self, request: WebhookRequest) -> Batch:
        """Nobody pushes samples."""
        raise Rejected("hook.not_taken")

    async def check(self) -> None:
        """Nothing to probe."""


def _inbound(number: int) -> Inbound:
    sample = samples()[number % len(samples())]
    point = None
    if sample.lat is not None and sample.lon is not None:
        point = Point(sample.lat, sample.lon)
    return Inbound(
        kind=sample.kind,
        platform="samples",
        external_id=str(number),
        text=sample.text,
        created_at=datetime.now(UTC),
        account=sample.account,
        mark="sample",
        author=Author(f"sample-{number}", "Sample"),
        point=point,
    )


def open_account(account: Account, outside: Outside | None) -> SamplesConnector:
    """The connector of the samples."""
    return SamplesConnector()
