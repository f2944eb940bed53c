"""What the gateway needs, built by ``hub.wiring``."""

from __future__ import annotations

from dataclasses import dataclass

from hub.bus.bell import Bell
from hub.store.pool import Pool


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """``allowed_origins``: whole origins beyond the page's own host, e.g. that of a proxy."""

    db: Pool
    bell: Bell
    host: str
    port: int
    allowed_origins: tuple[str, ...] = ()
