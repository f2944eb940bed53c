"""Where a request comes from and where it was sent: what of it may be believed."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from aiohttp import web

from hub.api.context import ApiContext
from hub.net.address import client_address

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,253})(?::[0-9]{1,5})?", re.ASCII)


def caller_address(request: web.Request, context: ApiContext) -> str:
    """The client's address, as far as it may be believed."""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    return client_address(request.remote or "", forwarded, context.trusted_proxies)


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
