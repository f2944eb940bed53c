"""What only time brings about is done each by itself: one that fails keeps none from the others."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from hub.flow.ground import Ground
from hub.store import idempotency, pushes, quarantine
from hub.workers import housekeeping


@pytest.mark.parametrize("error", [asyncpg.QueryCanceledError, TimeoutError, KeyError])
@pytest.mark.parametrize("failing", ["overdue", "idempotency", "pushes", "quarantine", "photos"])
async def test_one_chore_that_fails_keeps_none_from_the_others(
    failing: str, error: type[Exception], ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, again = set[str](), asyncio.Event()

    async def do(chore: str) -> int:
        if chore == "overdue" and done:
            again.set()  # the second round
            await asyncio.Event().wait()
        done.add(chore)
        if chore == failing:
            raise error
        return 0

    monkeypatch.setattr(housekeeping, "OVERDUE_EVERY_S", 0)
    monkeypatch.setattr(housekeeping, "mark_overdue", lambda _: do("overdue"))
    for kept, chore in (
        (idempotency, "idempotency"),
        (pushes, "pushes"),
        (quarantine, "quarantine"),
    ):
        monkeypatch.setattr(kept, "forget_old", lambda _, chore=chore: do(chore))
    task = asyncio.create_task(housekeeping.run(ground, lambda: do("photos")))
    waiting = asyncio.create_task(again.wait())
    try:
        await asyncio.wait({task, waiting}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert done == {"overdue", "idempotency", "pushes", "quarantine", "photos"}
        assert again.is_set()
    finally:
        for one in (task, waiting):
            one.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
