"""What the gateway needs, built by ``hub.wiring``."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bus.bell import Bell
from hub.bus.rate import Rates
from hub.net.address import Network
from hub.store.pool import Pool


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """``db``: what clients ask for is read with it; ``feed_db``: what they are told is, and who may
    still be told, so that whatever they ask for nobody waits for a fact. Two connections are enough.

    ``rate_scale``: how many times the usual one address may ask (many people behind one).
    Whose cookie counts: that of pages at the ``public_url``; without one, at ``http_port``.
    ``heartbeat_s``: how often every client gets a beat.
    """

    db: Pool
    feed_db: Pool
    bell: Bell
    host: str
    port: int
    http_port: int
    rates: Rates
    public_url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    rate_scale: float = 1.0
    heartbeat_s: float = 20.0
