"""How a child says that it is ready: ``sd_notify(3)``, so that under systemd (``Type=notify``) the
roles say it the same way."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from types import TracebackType

VARIABLE = "NOTIFY_SOCKET"
READY = b"READY=1"


class Notices:
    """A socket on which one child says that it is ready. Needs a running event loop."""

    def __init__(self) -> None:
        self.address = f"@bigear-{secrets.token_hex(8)}"  # "@": abstract, no file to clean up
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> Notices:
        self._socket.setblocking(False)
        self._socket.bind(_kernel_name(self.address))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    async def ready(self) -> None:
        """Return when the child has said it."""
        loop = asyncio.get_running_loop()
        while READY not in (await loop.sock_recv(self._socket, 4096)).splitlines():
            pass


def say_ready() -> None:
    """Tell whoever started this process that it does its work now, if that was asked for."""
    address = os.environ.get(VARIABLE, "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        try:
            ours.sendto(READY, _kernel_name(address))
        except OSError:
            return  # nobody listens any more: then nobody waits either


def _kernel_name(address: str) -> str:
    return f"\0{address[1:]}" if address.startswith("@") else address
