"""The typed layer over aiohttp: a route says what it takes, what it gives and who may; this does it.

One ``Route`` a resource and method. Everything that a request can get wrong is refused here with a
stable code, before a handler sees it.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import asyncpg
import msgspec
from aiohttp import web
from msgspec import Struct

from hub.api.context import ApiContext
from hub.bus.rate import Limit
from hub.flow import people
from hub.model.errors import BadInput, BigEarError, Forbidden, NotSignedIn, TooLarge
from hub.model.people import Principal
from hub.model.texts import text
from hub.rules.permissions import ACTIONS, may
from hub.store.people import OpenSession

MAX_JSON_BYTES = 256 * 1024
COOKIE = "bigear_session"
CONTEXT: web.AppKey[ApiContext] = web.AppKey("context", ApiContext)

logger = logging.getLogger(__name__)
S = TypeVar("S", bound=Struct)


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
        sent = self.request.headers.get("X-BigEar-Check", "").encode()
        key = self.context.check_key.encode()
        return "check" if key and hmac.compare_digest(sent, key) else None

    @property
    def me(self) -> Principal:
        """The signed-in person. Raises NotSignedIn."""
        if self.who is None:
            raise NotSignedIn
        return self.who


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    ``action`` is a key of ``permissions.ACTIONS``. ``body`` None: no body is read (``raw_bytes`` > 0:
    the handler reads up to that many itself). ``limit``: of one client address.
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

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ValueError(f"{self.method} {self.path}: no action {self.action!r}")


# Names that a path may hold, and what they are.
PATH_TYPES: dict[str, tuple[str, type]] = {
    "id": (r"[1-9][0-9]{0,17}", int),
    "n": (r"[1-9][0-9]{0,3}", int),
    "ref": (r"[0-9A-Z]{5}-[0-9A-Z]{5}", str),
    "account": (r"[a-z0-9_]{1,64}", str),
}


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
    address = client_address(request, context)
    if route.limit is not None:
        scale = context.limits.get("scale", 1.0)
        limit = Limit(max(1, int(route.limit.burst * scale)), route.limit.interval_s / scale)
        await context.rates.spend(f"{route.method}{route.path}:{address}", limit)
    call = Call(request, context, None, None, None, address)
    await _recognise(route, call)
    _check_origin(route, call)
    if not may(call.who, route.action, has_key=call.secret is not None):
        if call.who is None:
            raise NotSignedIn
        code = "session.must_change_password" if call.who.must_change_password else None
        raise Forbidden(code) if code else Forbidden()
    call.path = {name: PATH_TYPES[name][1](value) for name, value in request.match_info.items()}
    call.query = _query(route, request)
    if route.body is not None:
        call.body = await _body(route.body, request)
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
        if not hmac.compare_digest(sent.encode(), call.session.csrf.encode()):
            raise Forbidden("session.csrf")


def _check_origin(route: Route, call: Call) -> None:
    """A page elsewhere may not send what a browser here would sign with its cookie."""
    if call.request.method in ("GET", "HEAD") or route.cross_site:
        return
    origin = call.request.headers.get("Origin")
    if origin is None or origin == call.context.public_url:
        return
    if urlsplit(origin).netloc != call.request.host:
        raise Forbidden("session.origin")


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
    return address[:64]


def _trusted(address: str, context: ApiContext) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in context.trusted_proxies)


def _query(route: Route, request: web.Request) -> Any:
    names = list(request.query)
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise BadInput("input.repeated", field=min(repeated))
    if route.query is None:
        if names:
            raise BadInput("input.unknown_field", field=names[0][:64])
        return None
    _check_strings(dict(request.query))
    return _convert(route.query, dict(request.query), strict=False)


async def _body(kind: type[Struct], request: web.Request) -> Any:
    if request.content_type != "application/json":
        raise BadInput("input.media_type", status_code=415)
    raw = await read_bounded(request, MAX_JSON_BYTES)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("input.encoding") from None
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise BadInput("input.json") from None
    _check_strings(document)
    return _convert(kind, document, strict=True)


async def read_bounded(request: web.Request, limit: int) -> bytes:
    """The body, if it is no longer than ``limit`` bytes. Raises TooLarge without reading on."""
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge(limit=limit)
    chunks = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        chunks += chunk
        if len(chunks) > limit:
            raise TooLarge(limit=limit)
    return bytes(chunks)


def _check_strings(value: Any, depth: int = 0) -> None:
    """Refuse NUL, which PostgreSQL cannot keep, and lone surrogates, which UTF-8 cannot."""
    if depth > 32:
        raise BadInput("input.json")
    if isinstance(value, str):
        if "\x00" in value:
            raise BadInput("input.encoding")
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise BadInput("input.encoding")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_strings(name)
            _check_strings(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_strings(inner, depth + 1)


def _convert(kind: type[Struct], document: Any, *, strict: bool) -> Any:
    try:
        return msgspec.convert(document, kind, strict=strict)
    except (msgspec.ValidationError, OverflowError) as wrong:
        raise _invalid(str(wrong)) from None


_UNKNOWN = re.compile(r"unknown field `(.+?)`")
_MISSING = re.compile(r"missing required field `(.+?)`")
_PATH = re.compile(r"at `\$\.?(.*)`$")


def _invalid(message: str) -> BadInput:
    """msgspec's words as a stable code and the field they are about."""
    path = _PATH.search(message)
    at = path[1] if path else ""
    for code, pattern in (("input.unknown_field", _UNKNOWN), ("input.missing", _MISSING)):
        if found := pattern.search(message):
            return BadInput(code, field=".".join(filter(None, [at, found[1]]))[:64])
    return BadInput("input.invalid", field=at[:64])


# --- errors ---


class ErrorBody(Struct, frozen=True, omit_defaults=True):
    """What every refusal looks like."""

    code: str
    message_ko: str
    message_en: str
    field: str | None = None
    limit: int | None = None
    retry_after_s: int | None = None
    detail: str | None = None


class ErrorAnswer(Struct, frozen=True):
    """``{"error": {…}}``."""

    error: ErrorBody


def refusal(error: BigEarError) -> web.Response:
    """The answer to a refused request."""
    status = int(error.details.get("status_code") or error.status)
    body = ErrorBody(
        error.code,
        words("ko", error.code),
        words("en", error.code),
        **{
            name: cast(Any, error.details[name])
            for name in ("field", "limit", "retry_after_s", "detail")
            if error.details.get(name) is not None
        },
    )
    headers = {}
    if body.retry_after_s is not None:
        headers["Retry-After"] = str(body.retry_after_s)
    return web.Response(
        body=msgspec.json.encode(ErrorAnswer(body)),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def words(language: str, code: str) -> str:
    """What a person may be told about a code; the code itself where nobody wrote it down."""
    try:
        return text(language, f"error.{code}")
    except KeyError:
        return code


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every failure as an answer with a stable code; what nobody foresaw is logged, not shown."""
    try:
        return await handler(request)
    except BigEarError as refused:
        return refusal(refused)
    except web.HTTPException as http:
        codes = {404: "not_found", 405: "input.method", 413: "input.too_large"}
        return refusal(
            BigEarError(codes.get(http.status, "input.invalid"), status_code=http.status)
        )
    except asyncpg.DiskFullError:
        logger.error("the database's disk is full")
        return refusal(BigEarError("disk.full", status_code=507))
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, TimeoutError):
        logger.exception("a part the request needs is away")
        return refusal(BigEarError("unavailable", status_code=503))
    except asyncpg.PostgresError as failed:
        if isinstance(failed, (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError)):
            return refusal(BigEarError("unavailable", status_code=503))
        logger.exception("the database refused a statement")
        return refusal(BigEarError())
    except Exception:
        logger.exception("a request failed")
        return refusal(BigEarError())
