"""Guests at the window: how much they may ask, so that their asking holds up nobody.

What the limits must leave alone is a network whose people share one address, with 10,000 pages that
all come back in one moment. Such a page holds ``alerts``, and on a private link its own case: quickly
read, and each line has an allowance of its own for them. So of an address is counted only how often it
asks for what takes long (a district has up to 500 cases), which no page of the hub's own does, and how
many lines it holds. Staff are known by name and not limited.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager, nullcontext

from hub.bus.rate import Limit, Rates
from hub.gateway.client import Client
from hub.gateway.topics import Topic
from hub.model.errors import TooMany
from hub.net.address import client_net

OF_LINE = Limit(burst=64, interval_s=1.0)
"""Topics that one line may ask for: twice all that it can hold, at once."""
DISTRICTS = Limit(burst=500, interval_s=0.05)
"""Districts that one address may ask for, here and at all other windows: all 25, twenty times."""
MAX_LINES = 20_000
"""Lines of guests from one address: a page that comes back before its old line is known to be dead
has two for a while."""
AT_ONCE = 2
"""Guests for whom is read at the same time: the loop and the database are everybody's."""


class Guests:
    """Counts what guests of one process ask. ``scale``: how many times the usual one address may."""

    def __init__(self, rates: Rates, scale: float) -> None:
        self._rates = rates
        self._scale = scale
        self._lines: Counter[str] = Counter()
        self._reading = asyncio.Semaphore(AT_ONCE)

    def enter(self, client: Client) -> None:
        """One more line of a guest, until it leaves. Raises TooMany if the address has too many."""
        net = client_net(client.address)
        if self._lines[net] >= MAX_LINES * self._scale:
            raise TooMany(retry_after_s=60)
        self._lines[net] += 1
        client.entered = net

    def leave(self, client: Client) -> None:
        """The line has ended, if it was a guest's."""
        if client.entered is not None:
            self._lines[client.entered] -= 1
            if not self._lines[client.entered]:
                del self._lines[client.entered]
            client.entered = None

    async def ask(self, client: Client, topic: Topic) -> None:
        """A client asks for a topic. Raises TooMany with ``retry_after_s``."""
        if client.who is not None:
            return
        client.asked.spend(OF_LINE)
        if topic.kind == "public:area":
            limit = DISTRICTS.scaled(self._scale)
            await self._rates.spend(f"live:{client_net(client.address)}", limit)

    def turn(self, client: Client) -> AbstractAsyncContextManager[None]:
        """Within it may be read for the client: a guest waits until it is their turn."""
        return nullcontext() if client.who is not None else self._reading
