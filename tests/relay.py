"""A way to a real server that a test can close and open again: a server that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


class Way:
    """``url`` leads to the server while the way is open."""

    def __init__(self, server_url: str) -> None:
        self._parts = urlsplit(server_url)
        self._is_open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        account, at, _ = self._parts.netloc.rpartition("@")
        name = "/0" if self._parts.scheme == "unix" else self._parts.path
        scheme = "redis" if self._parts.scheme == "unix" else self._parts.scheme
        return f"{scheme}://{account}{at}127.0.0.1:{self.port}{name}"

    def close(self) -> None:
        """Cut every connection, and refuse new ones."""
        self._is_open = False
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def open(self) -> None:
        """Let everybody through again."""
        self._is_open = True

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both directions of one connection."""
        if not self._is_open:
            writer.transport.abort()
            return
        there, back = await self._reach()
        self._writers |= {writer, back}
        await asyncio.gather(_pipe(reader, back), _pipe(there, writer), return_exceptions=True)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._parts.scheme == "unix":
            return await asyncio.open_unix_connection(self._parts.path)
        folder = parse_qs(self._parts.query).get("host")
        if folder:
            return await asyncio.open_unix_connection(Path(folder[0]) / ".s.PGSQL.5432")
        return await asyncio.open_connection(self._parts.hostname, self._parts.port)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def way_to(server_url: str) -> AsyncIterator[Way]:
    """An open way to the PostgreSQL or Redis at that URL."""
    way = Way(server_url)
    server = await asyncio.start_server(way.carry, "127.0.0.1", 0)
    way.port = server.sockets[0].getsockname()[1]
    async with server:
        yield way
        way.close()
