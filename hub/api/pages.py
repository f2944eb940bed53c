"""The built dashboard: one app, some paths, assets that never change under their name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from hub.model.errors import NotFound

_APP_PATHS = (
    "/",
    r"/c/{ref:[0-9A-Za-z-]{1,40}}",
    "/staff",
    r"/staff/{rest:[a-z0-9/_-]{0,100}}",
)


def register(app: web.Application, folder: Path) -> None:
    """Serve the pages of a folder that holds ``index.html`` and ``assets/``."""
    for path in _APP_PATHS:
        app.router.add_get(path, _index(folder))
    app.router.add_get(r"/assets/{name:[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}}", _asset(folder))
    app.router.add_get(r"/{name:(?:favicon\.(?:ico|svg)|robots\.txt)}", _file(folder))
    app.router.add_get("/{path:.*}", _missing(folder))


def _index(folder: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def index(request: web.Request) -> web.StreamResponse:
        page = folder / "index.html"
        if not page.is_file():
            raise NotFound("pages.missing")
        return web.FileResponse(page, headers={"Cache-Control": "no-cache"})

    return index


def _missing(folder: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A person who mistyped an address gets the pages, which say so; a program gets the error."""

    async def missing(request: web.Request) -> web.StreamResponse:
        page = folder / "index.html"
        if "text/html" not in request.headers.get("Accept", "") or not page.is_file():
            raise NotFound
        return web.FileResponse(page, status=404, headers={"Cache-Control": "no-cache"})

    return missing


def _asset(folder: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def asset(request: web.Request) -> web.StreamResponse:
        path = folder / "assets" / request.match_info["name"]
        if not path.is_file():
            raise NotFound
        forever = {"Cache-Control": "public, max-age=31536000, immutable"}
        return web.FileResponse(path, headers=forever)

    return asset


def _file(folder: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def file(request: web.Request) -> web.StreamResponse:
        path = folder / request.match_info["name"]
        if not path.is_file():
            raise NotFound
        return web.FileResponse(path)

    return file
