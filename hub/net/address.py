"""Where somebody comes from: what of it may be believed, and what a limit counts by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def client_address(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The client's address. ``forwarded``: the X-Forwarded-For headers, which count only as far as
    proxies in ``trusted`` wrote them."""
    address = peer
    hops = [part.strip() for header in forwarded for part in header.split(",")]
    while hops and _is_in(address, trusted):
        address = hops.pop()
    ip = _ip(address)
    return str(ip) if ip else "unknown"


def client_net(address: str) -> str:
    """What a limit counts by: an IPv4 address, or the /64 that one IPv6 subscriber has whole."""
    ip = _ip(address)
    if isinstance(ip, IPv6Address):
        return str(ip_network((ip, 64), strict=False))
    return address


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    ip = _ip(address)
    return ip is not None and any(ip in network for network in networks)


def _ip(address: str) -> IPv4Address | IPv6Address | None:
    """The address; one that a socket for both families shows as IPv6 is the IPv4 one it is."""
    try:
        ip = ip_address(address.split("%", 1)[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
