"""One connected client: its socket, what it has said, who it is, and whole frames onto its wire.

Frames are written raw to the transport. That is safe because this server never fragments a message
and writes nothing after a close began.
"""

from __future__ import annotations

import asyncio
import socket

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from hub.bus.rate import Bucket
from hub.gateway.protocol import Resync, ResyncReason, ServerFrame, encode
from hub.gateway.session import Session
from hub.gateway.topics import Topic
from hub.model.people import Principal

SEND_BUFFER_BYTES = 64 * 1024
"""The kernel's share of a slow client; without a bound it would hide megabytes."""
SLOW_BYTES = 1024 * 1024
"""A client with more than this unsent is cut loose from its topics and told to come back."""


class Client:
    """One connection. ``slow_since``: when it was cut loose (monotonic seconds), None while it keeps
    up; ``digest``: of its session's token; ``asked``, ``entered``: what ``guests`` counts it by."""

    def __init__(self, connection: ServerConnection, address: str) -> None:
        self.connection = connection
        self.address = address
        self.asked = Bucket()
        self.entered: str | None = None
        self.session = Session()
        self.who: Principal | None = None
        self.audience: tuple[object, ...] = ()
        self.holds_key_of: str | None = None
        self.digest: bytes | None = None
        self.slow_since: float | None = None
        self._closing: asyncio.Task[None] | None = None
        raw = connection.transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def recognise(self, who: Principal | None) -> None:
        """From now on this is ``who``; everybody of one ``audience`` may be sent the same frame."""
        self.who = who
        self.audience = (who.grants, who.must_change_password) if who else ()
        if who is None:
            self.digest = None

    @property
    def unsent_bytes(self) -> int:
        """What waits in this process for the client to read."""
        return self.connection.transport.get_write_buffer_size()

    def write(self, frame: bytes) -> bool:
        """Put a whole frame on the wire; False if the client is closing or too slow for it."""
        if not self._is_open or self.unsent_bytes > SLOW_BYTES:
            return False
        self.connection.transport.write(frame)
        return True

    def tell(self, message: ServerFrame) -> None:
        """Write one message to this client alone, slow or not: it must know what became of a topic."""
        if self._is_open:
            self.connection.transport.write(framed(message))

    @property
    def _is_open(self) -> bool:
        return self._closing is None and self.connection.state is State.OPEN

    async def drained(self) -> None:
        """Wait until the client has read nearly all that was written. Raises OSError if it is lost."""
        await self.connection.drain()

    def take_back(self, topic: Topic, position: int, reason: ResyncReason) -> None:
        """The hub lets go of a topic; the client may ask for it anew, if it is still allowed to."""
        self.session.forget(topic)
        self.tell(Resync(str(topic), position, reason))

    def end(self, code: int, reason: str) -> None:
        """Close, without waiting for a client that may not answer; nothing is written from now on."""
        if self._closing is None:
            self._closing = asyncio.create_task(self.connection.close(code, reason))


def framed(message: ServerFrame) -> bytes:
    """A message as one unfragmented, unmasked text frame (RFC 6455, section 5)."""
    return Frame(Opcode.TEXT, encode(message)).serialize(mask=False)
