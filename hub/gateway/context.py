"""What the gateway needs, built by ``hub.wiring``."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bus.bell import Bell
from hub.store.pool import Pool


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """Whose cookie counts: that of pages at the ``public_url``; without one, at ``http_port``."""

    db: Pool
    bell: Bell
    host: str
    port: int
    http_port: int
    public_url: str = ""
