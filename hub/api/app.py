"""The front door put together: routes, pages, errors, headers, health and metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import asyncpg
import msgspec
from aiohttp import web

from hub.api import (
    accounts,
    actions,
    broadcasts,
    cases,
    complaints,
    openapi,
    pages,
    reference,
    session,
    tiles,
)
from hub.api.caller import caller_address, hostname
from hub.api.context import ApiContext
from hub.api.layer import CONTEXT, Route, register
from hub.api.refusal import errors, lacking
from hub.flow import photos
from hub.model.errors import NotFound
from hub.observe import metrics
from hub.store import health

ROUTES: list[Route] = [
    *session.ROUTES,
    *reference.ROUTES,
    *complaints.ROUTES,
    *cases.ROUTES,
    *actions.ROUTES,
    *broadcasts.ROUTES,
    *accounts.ROUTES,
    *tiles.ROUTES,
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
access = logging.getLogger("hub.api.access")


def build(context: ApiContext) -> web.Application:
    """The application; it starts nothing and closes nothing that it was given."""
    app = web.Application(middlewares=[_outermost, errors], client_max_size=12 * 1024 * 1024)
    app[CONTEXT] = context
    app.on_response_prepare.append(_headers(context))
    api = web.Application()
    api[CONTEXT] = context
    register(api, ROUTES)
    described = msgspec.json.encode(openapi.document(ROUTES, context.version))

    async def describe(request: web.Request) -> web.StreamResponse:
        return web.Response(body=described, content_type="application/json")

    api.router.add_get("/openapi.json", describe)
    app.add_subapp("/api/v1", api)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/metrics", _metrics)
    pages.register(app, context.pages)
    return app


@web.middleware
async def _outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and log every request: never its query, its body or a secret."""
    began = time.perf_counter()
    response = await handler(request)
    took_s = time.perf_counter() - began
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unmatched"
    metrics.requests.labels(request.method, route, response.status).inc()
    metrics.request_seconds.labels(request.method, route).observe(took_s)
    access.info(
        "request",
        extra={
            "method": request.method,
            "route": route,
            "status": response.status,
            "took_ms": round(took_s * 1000, 1),
            "client": caller_address(request, request.app[CONTEXT]),
        },
    )
    return response


def _headers(
    context: ApiContext,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.setdefault("Content-Security-Policy", _policy(request, context))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=()"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        if context.public_url.startswith("https://"):
            response.headers["Strict-Transport-Security"] = "max-age=31536000"

    return prepare


def _policy(request: web.Request, context: ApiContext) -> str:
    """No inline script or style; the live window's port, and the map's host if one is set."""
    live = "" if context.public_url else f" ws://{hostname(request)}:{context.live_port}"
    outside = ""
    if tile_url := context.city.now.book.city.tile_url:
        parts = urlsplit(tile_url)
        if parts.scheme in ("http", "https") and parts.netloc:
            outside = f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self' blob:; "
        f"img-src 'self' data: blob:{outside}; connect-src 'self'{live}{outside}; font-src 'self'; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )


async def _healthz(request: web.Request) -> web.StreamResponse:
    """200 while the hub can take a complaint with its photos: both are tried, with a little."""
    context = request.app[CONTEXT]
    try:
        async with context.ground.db.acquire(timeout=2) as connection:
            await health.probe(connection)
        await photos.probe(context.photos)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as failed:
        raise lacking(failed) from None
    return web.json_response({"status": "ok", "version": context.version})


async def _metrics(request: web.Request) -> web.StreamResponse:
    """For a scraper on this machine only; others get what a stranger gets."""
    context = request.app[CONTEXT]
    proxied = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    if request.remote not in ("127.0.0.1", "::1") or proxied:
        raise NotFound
    async with context.ground.db.acquire() as connection:
        gauges = await health.gauges(connection)
    return web.Response(body=metrics.exposition(gauges), content_type="text/plain")
