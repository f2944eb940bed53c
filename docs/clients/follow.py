"""Follow a topic live, one JSON line a frame:  python follow.py URL TOPIC [token=… | ref=… secret=…]

Needs the package ``websockets``. Topics and records are described in ../api.md.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

PASSING = ("unavailable", "rate.limited")
PAUSE_S = 5


async def follow(url: str, topic: str, **hello: object) -> AsyncIterator[dict[str, Any]]:
    """The topic's snapshot, then every change of it once, in order, through any loss of the line."""
    position = None
    async for live in connect(url):  # comes back, with growing pauses, whenever the line is cut
        with suppress(ConnectionClosed):
            await live.send(json.dumps({"type": "hello", **hello}))
            ask = {"type": "subscribe", "id": 1, "topic": topic, "position": position}
            await live.send(json.dumps(ask))
            async for text in live:
                match json.loads(text):
                    case {"type": "snapshot" | "facts", "position": position} as frame:
                        yield frame
                    case {"type": "error", "code": code} if code not in PASSING:
                        raise PermissionError(code)  # nothing that was seen may be kept
                    case {"type": "resync" | "error" as kind}:  # away for too long, or not just now
                        position = None if kind == "resync" else position
                        await asyncio.sleep(PAUSE_S)
                        break


async def main(url: str, topic: str, *pairs: str) -> None:
    """Print the frames of a topic; ``pairs`` say who follows."""
    given = dict(pair.split("=", 1) for pair in pairs)
    async for frame in follow(url, topic, **({"case": given} if "ref" in given else given)):
        print(json.dumps(frame, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
