"""Parses a feed in a process of its own.

feedparser's patterns take quadratic time for some inputs, and one search holds Python's lock until it
ends: a feed of 40 kB could stop all accounts for a minute. A process can be ended.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec

from connectors.platforms.rss import child
from connectors.platforms.rss.parse import Entry, MalformedFeed

LEAST_CPU_S = 5
BYTES_A_CPU_S = 200_000
"""A sound feed of 10 MB takes 20 s on an old core."""
AT_ONCE = 2
"""Each takes 22 MB, 180 for the largest feed: not all accounts at once."""
PASSED_ON = {"PATH", "LANG", "LC_ALL", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH"}
"""What the interpreter may need: what reads a stranger's feed is handed no password."""

_ROOT = Path(__file__).resolve().parents[3]
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def parse_apart(body: bytes, source: str, kind: str, charset: str) -> list[Entry]:
    """As ``parse``, of which see; MalformedFeed ``feed.too_costly`` for a feed that takes too long or
    too much memory. Cancelling ends the process."""
    asked = child.Asked(body, source, kind, charset, LEAST_CPU_S + len(body) // BYTES_A_CPU_S)
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", child.__name__),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            env={name: value for name, value in os.environ.items() if name in PASSED_ON},
            start_new_session=True,  # Ctrl-C is for the role, which then ends this
        )
        try:
            answer, complaint = await process.communicate(msgspec.msgpack.encode(asked))
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    if process.returncode is None or process.returncode < 0:
        raise MalformedFeed("feed.too_costly")
    if process.returncode:
        raise RuntimeError(complaint.decode("utf-8", "replace")[-2_000:])
    parsed = msgspec.msgpack.decode(answer, type=child.Parsed)
    if parsed.refused:
        raise MalformedFeed(parsed.refused)
    return parsed.entries
