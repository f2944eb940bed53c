"""Where a request comes from and where it was sent: what of it may be believed."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from hub.api.context import ApiContext

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,253})(?::[0-9]{1,5})?", re.ASCII)


def client_address(request: web.Request, context: ApiContext) -> str:
    """The client's address: X-Forwarded-For counts only as far as configured proxies wrote it."""
    address = request.remote or "unknown"
    forwarded = [
        part.strip()
        for header in request.headers.getall("X-Forwarded-For", [])
        for part in header.split(",")
    ]
    while forwarded and _trusted(address, context):
        address = forwarded.pop()
    ip = _ip(address)
    return str(ip) if ip else "unknown"


def client_net(address: str) -> str:
    """What a limit counts by: an IPv4 address, or the /64 that one IPv6 subscriber has whole."""
    ip = _ip(address)
    if isinstance(ip, IPv6Address):
        return str(ip_network((ip, 64), strict=False))
    return address


def _trusted(address: str, context: ApiContext) -> bool:
    ip = _ip(address)
    return ip is not None and any(ip in network for network in context.trusted_proxies)


def _ip(address: str) -> IPv4Address | IPv6Address | None:
    """The address; one that a socket for both families shows as IPv6 is the IPv4 one it is."""
    try:
        ip = ip_address(address.split("%", 1)[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def hostname(request: web.Request) -> str:
    """The host that the client asked, without its port; ``localhost`` for a Host that is none, so
    that nothing breaks out of the header or address it is put into."""
    match = _HOST.fullmatch(request.host)
    return match[1] if match else "localhost"


def is_own_page(request: web.Request, context: ApiContext) -> bool:
    """Whether the page that sent this is the hub's own, or no page did."""
    origin = request.headers.get("Origin")
    if origin is None or origin == context.public_url:
        return True
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:
        return False
