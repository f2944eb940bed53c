"""What the front door needs, built by ``hub.wiring``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hub.bus.rate import Rates
from hub.flow.city import CityNow
from hub.flow.ground import Ground
from hub.model.items import Account, Batch
from hub.net.address import Network
from hub.ports.connector import WebhookRequest
from hub.store.tiles import TileArchive


@dataclass(frozen=True, slots=True)
class ApiContext:
    """``hook`` turns a pushed request for an account into a batch (a connector's ``webhook``).
    ``check_key``: who knows it may send items that are marked as the hub's own check.
    ``rate_scale``: how many times the usual one address may ask (many people behind one).
    ``kept_areas``: the answer to GET /areas by when the areas changed; making it takes half a second.
    """

    ground: Ground
    city: CityNow
    rates: Rates
    pages: Path
    photos: Path
    live_port: int
    public_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    hook: Callable[[Account, WebhookRequest], Batch] | None = None
    check_key: str = ""
    version: str = ""
    rate_scale: float = 1.0
    tiles: TileArchive | None = None
    kept_areas: dict[datetime | None, bytes] = field(default_factory=dict, repr=False)
