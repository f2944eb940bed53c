"""The typed layer over aiohttp: a route says what it takes, what it gives and who may; this does it.

One ``Route`` a resource and method. Everything that a request can get wrong is refused here with a
stable code, before a handler sees it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from hub.api.caller import caller_address, is_own_page
from hub.api.context import ApiContext
from hub.api.parse import body_of, query_of
from hub.bus.rate import Limit
from hub.flow import people
from hub.model.errors import BadInput, Forbidden, NotSignedIn
from hub.model.people import Principal
from hub.net.address import client_net
from hub.rules.permissions import ACTIONS, may
from hub.store.people import OpenSession
from hub.store.tiles import MAX_ZOOM

COOKIE = "bigear_session"
CONTEXT: web.AppKey[ApiContext] = web.AppKey("context", ApiContext)


@dataclass(slots=True)
class Call:
    """One request, checked: who asks, and what for."""

    request: web.Request
    context: ApiContext
    who: Principal | None
    session: OpenSession | None
    secret: str | None
    address: str
    body: Any = None
    query: Any = None
    path: dict[str, Any] = field(default_factory=dict)

    @property
    def mark(self) -> str | None:
        """``check`` for the hub's own check, which knows a key that only the home holds."""
        key = self.context.check_key
        return (
            "check" if key and _same(self.request.headers.get("X-BigEar-Check", ""), key) else None
        )

    @property
    def me(self) -> Principal:
        """The signed-in person. Raises NotSignedIn."""
        if self.who is None:
            raise NotSignedIn
        return self.who

    @property
    def key(self) -> str | None:
        """The client's idempotency key. Raises BadInput for one that is too short to be its own."""
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not (8 <= len(key) <= 200 and key.isascii() and key.isprintable()):
            raise BadInput("idempotency.key", field="Idempotency-Key")
        return key


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    ``action`` is a key of ``permissions.ACTIONS``. ``body`` None: no body is read (``raw_bytes`` > 0:
    the handler reads up to that many itself). ``limit``: of one client address. ``keyed``: it heeds
    an Idempotency-Key.
    """

    method: str
    path: str
    action: str
    handler: Handler
    summary: str
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    answer: Any = None
    status: int = 200
    raw_bytes: int = 0
    limit: Limit | None = None
    media: str = "application/json"
    cross_site: bool = False
    keyed: bool = False

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"{self.method} {self.path}: no action {self.action!r}")


# Names that a path may hold, and what they are.
PATH_TYPES: dict[str, tuple[str, type]] = {
    "id": (r"[1-9][0-9]{0,17}", int),
    "n": (r"[1-9][0-9]{0,3}", int),
    "ref": (r"[0-9A-Z]{5}-[0-9A-Z]{5}", str),
    "account": (r"[a-z0-9_]{1,64}", str),
    "z": (r"[0-9]{1,2}", int),
    "x": (r"[0-9]{1,7}", int),
    "y": (r"[0-9]{1,7}", int),
}


_LAST_TILE = 2**MAX_ZOOM - 1
PATH_BOUNDS = {
    "id": (1, 10**18 - 1),
    "n": (1, 9_999),
    "z": (0, MAX_ZOOM),
    "x": (0, _LAST_TILE),
    "y": (0, _LAST_TILE),
}
"""Least and greatest of the numbers among them, as the API describes them."""


def register(app: web.Application, routes: list[Route]) -> None:
    """Put the routes into an application."""
    for route in routes:
        pattern = re.sub(r"\{(\w+)\}", lambda m: f"{{{m[1]}:{PATH_TYPES[m[1]][0]}}}", route.path)
        app.router.add_route(route.method, pattern, _endpoint(route))


def _endpoint(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def endpoint(request: web.Request) -> web.StreamResponse:
        call = await _call(route, request)
        answer = await route.handler(call)
        if isinstance(answer, web.StreamResponse):
            return answer
        if isinstance(answer, tuple):
            status, answer = answer
        else:
            status = route.status
        if answer is None:
            return web.Response(status=204)
        return web.Response(
            body=msgspec.json.encode(answer), status=status, content_type="application/json"
        )

    return endpoint


async def _call(route: Route, request: web.Request) -> Call:
    context = request.app[CONTEXT]
    address = caller_address(request, context)
    if route.limit is not None:
        limit = route.limit.scaled(context.rate_scale)
        await context.rates.spend(f"{route.method}{route.path}:{client_net(address)}", limit)
    call = Call(request, context, None, None, None, address)
    await _recognise(route, call)
    _check_origin(route, call)
    if not may(call.who, route.action, has_key=call.secret is not None):
        if call.who is None:
            raise NotSignedIn
        code = "session.must_change_password" if call.who.must_change_password else None
        raise Forbidden(code) if code else Forbidden()
    call.path = {name: PATH_TYPES[name][1](value) for name, value in request.match_info.items()}
    call.query = query_of(route.query, request)
    if route.body is not None:
        call.body = await body_of(route.body, request)
    return call


async def _recognise(route: Route, call: Call) -> None:
    """Who asks: a cookie, ``Authorization: Bearer <token>``, or ``Authorization: Case <secret>``."""
    scheme, _, value = call.request.headers.get("Authorization", "").partition(" ")
    if scheme == "Case" and value:
        call.secret = value.strip()
        return
    token = value.strip() if scheme == "Bearer" else call.request.cookies.get(COOKIE)
    if not token:
        return
    call.session = await people.session_of(call.context.ground, token)
    if call.session is None:
        return
    call.who = call.session.principal
    by_cookie = scheme != "Bearer"
    if by_cookie and call.request.method not in ("GET", "HEAD") and route.action != "session.open":
        sent = call.request.headers.get("X-CSRF-Token", "")
        if not _same(sent, call.session.csrf):
            raise Forbidden("session.csrf")


def _same(sent: str, secret: str) -> bool:
    """Compared in constant time; a header may hold bytes that are no UTF-8."""
    return hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), secret.encode())


def _check_origin(route: Route, call: Call) -> None:
    """A page elsewhere may not send what a browser here would sign with its cookie."""
    safe = call.request.method in ("GET", "HEAD") or route.cross_site
    if not safe and not is_own_page(call.request, call.context):
        raise Forbidden("session.origin")
