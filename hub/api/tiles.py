"""Map tiles from the archive that the configuration names, so that a map needs nobody outside."""

from __future__ import annotations

import asyncio

from aiohttp import web

from hub.api.layer import Call, Route
from hub.bus.rate import Limit
from hub.model.errors import NotFound
from hub.store.tiles import MAX_ZOOM

PATH = "/api/v1/tiles/{z}/{x}/{y}"
"""Where a page finds them, as a template."""


async def tile(call: Call) -> web.StreamResponse:
    """One raster tile, 256 pixels wide."""
    archive = call.context.tiles
    zoom, column, row = (call.path[name] for name in ("z", "x", "y"))
    if archive is None or zoom > MAX_ZOOM or max(column, row) >= 2**zoom:
        raise NotFound("tile.not_found")
    found = await asyncio.to_thread(archive.tile, zoom, column, row)
    if found is None:
        raise NotFound("tile.not_found")
    headers = {"Cache-Control": "public, max-age=86400"}
    return web.Response(body=found, content_type=archive.media, headers=headers)


ROUTES = [
    Route(
        "GET",
        "/tiles/{z}/{x}/{y}",
        "public.read",
        tile,
        "A map tile",
        media="image/png",
        limit=Limit(burst=600, interval_s=0.02),
    )
]
