"""How this machine stands in its network: ``[network]`` of ``hub.toml``.

Not part of the rule book and its numbered versions: it belongs to the machine, not to the city.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct


class Network(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``rate_scale``: how many times the usual one address may ask. ``tile_archive``: a file, or ""."""

    trusted_proxies: list[str] = []
    public_url: str = ""
    rate_scale: float = 1.0
    tile_archive: str = ""
    allowed_private: list[str] = []

    @property
    def origin(self) -> str:
        """The origin that people see behind a proxy, as browsers send it; "" without one."""
        return self.public_url.rstrip("/")


def networks(names: Iterable[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks such as 10.1.2.0/24. Raises ValueError, which says what is wrong with one."""
    return tuple(ip_network(name) for name in names)
