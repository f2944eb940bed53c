"""The beat: a small frame on every line, by which a page knows that the line still carries.

A browser's script sees no websocket pings. Without the beat a page whose line died without a word (a
NAT that forgot it, a tunnel that fell, a gateway that hangs) looks like one to which nothing happens.
"""

from __future__ import annotations

import asyncio
from itertools import cycle

from hub.gateway.client import Client, framed
from hub.gateway.protocol import Beat

TURNS = 40
_BEAT = framed(Beat())


class Beats:
    """Every client has its turn once in ``every_s``. The turns are about equally large: those who
    came in one moment, as all do after a restart, are not told in one moment."""

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._turns: list[set[Client]] = [set() for _ in range(TURNS)]

    def add(self, client: Client) -> None:
        """From now on the client gets beats; it must have had its hello."""
        min(self._turns, key=len).add(client)

    def drop(self, client: Client) -> None:
        """The client gets no more."""
        for turn in self._turns:
            turn.discard(client)

    async def run(self) -> None:
        """Beat until cancelled. Nobody is waited for; who is slow has enough to read."""
        for turn in cycle(self._turns):
            for client in turn:
                if client.slow_since is None:
                    client.write(_BEAT)
            await asyncio.sleep(self.every_s / TURNS)
