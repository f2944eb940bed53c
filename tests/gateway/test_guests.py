"""Whatever is asked of the window, and by however many guests: nobody who is told waits for it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from hub.flow.ground import Ground
from hub.store.pool import open_pool
from tests.gateway.conftest import WORDS, Window
from tests.live import line


@contextlib.asynccontextmanager
async def nothing_left(window: Window) -> AsyncIterator[None]:
    """As if more snapshots were being read than the window has connections for."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(window.ground.db.get_max_size()):
            await stack.enter_async_context(window.ground.db.acquire())
        yield


async def test_a_fact_arrives_while_all_that_reads_snapshots_is_busy(
    window: Window, database_url: str
) -> None:
    agent = await window.staff(("agent", None))
    home = await window.home(WORDS[0])
    await window.settled()
    others = await open_pool(database_url, size=2)
    city = replace(window, ground=Ground(others, window.ground.bell))
    async with others, line(window.url, token=agent.token) as one:
        await one.subscribe(home)
        await one.hear_a("snapshot")
        async with nothing_left(window):
            [case] = await city.post(WORDS[0])
            told = await one.hear_a("facts")
            assert {change["case"]["id"] for change in told["changes"]} == {case}
            await others.execute("UPDATE staff_session SET expires_at = now()")
            assert await one.ended() == 4401
