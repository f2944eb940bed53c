"""A line to which nothing happens still carries something: a page can tell it from a dead one."""

from __future__ import annotations

import json

from websockets.asyncio.client import connect

from tests.gateway.conftest import serving
from tests.live import Line


async def test_a_beat_comes_again_and_again_once_hello_was_said(
    database_url: str, redis_url: str
) -> None:
    async with (
        serving(database_url, redis_url, heartbeat_s=0.02) as window,
        connect(window.url, proxy=None) as live,
        connect(window.url, proxy=None) as mute,
    ):
        hello = await Line(live).ask(type="hello")
        assert hello["heartbeat_s"] == 0.02
        for _ in range(3):
            assert json.loads(await live.recv()) == {"type": "beat"}
        await Line(mute).say(type="hello")  # all turns were had meanwhile, and none was its own
        assert json.loads(await mute.recv())["type"] == "hello"
        assert json.loads(await mute.recv()) == {"type": "beat"}
