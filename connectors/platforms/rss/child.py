"""The process that parses one feed: what is asked on stdin, the entries on stdout, in MessagePack."""

from __future__ import annotations

import resource
import sys

import msgspec
from msgspec import Struct

from connectors.platforms.rss.parse import Entry, MalformedFeed, parse

MAX_MEMORY_BYTES = 1024 * 1024 * 1024


class Asked(Struct):
    """A feed, as ``parse`` takes it, and how many seconds of a processor it may cost."""

    body: bytes
    source: str
    kind: str
    charset: str
    cpu_s: int


class Parsed(Struct):
    """What it holds, or the code of why it is refused."""

    entries: list[Entry] = []
    refused: str = ""


def main() -> None:
    """Parse what is asked for; the kernel ends this process when it costs too much."""
    asked = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Asked)
    resource.setrlimit(resource.RLIMIT_CPU, (asked.cpu_s, asked.cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    try:
        parsed = Parsed(parse(asked.body, asked.source, asked.kind, asked.charset))
    except MalformedFeed as wrong:
        parsed = Parsed(refused=wrong.code)
    except MemoryError:
        parsed = Parsed(refused="feed.too_costly")
    sys.stdout.buffer.write(msgspec.msgpack.encode(parsed))


if __name__ == "__main__":
    main()
