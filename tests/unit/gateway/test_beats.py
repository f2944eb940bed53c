"""The beat: everybody once a round, nobody in a crowd, and not those who have enough to read."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from hub.gateway.beats import TURNS, Beats
from hub.gateway.protocol import Beat, encode


class Ear:
    """As much of a client as a beat needs."""

    def __init__(self, slow_since: float | None = None) -> None:
        self.slow_since = slow_since
        self.frames: list[bytes] = []

    def write(self, frame: bytes) -> bool:
        self.frames.append(frame)
        return True


def heard(ears: list[Ear]) -> int:
    return sum(len(ear.frames) for ear in ears)


async def turns(beats: Beats, many: int, ears: list[Any], monkeypatch: Any) -> list[int]:
    """Run so many turns; how many beats each of them wrote."""
    totals = [heard(ears)]
    waits: list[float] = []

    async def rest(seconds: float) -> None:
        waits.append(seconds)
        totals.append(heard(ears))
        if len(waits) == many:
            raise asyncio.CancelledError

    monkeypatch.setattr("hub.gateway.beats.asyncio.sleep", rest)
    with pytest.raises(asyncio.CancelledError):
        await beats.run()
    assert sum(waits) == pytest.approx(beats.every_s * many / TURNS)
    return [after - before for before, after in pairwise(totals)]


async def test_ten_thousand_who_came_at_once_are_told_once_a_round_and_a_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beats, ears = Beats(20.0), [Ear() for _ in range(10_000)]
    for ear in ears:
        beats.add(ear)  # type: ignore[arg-type]
    assert set(await turns(beats, TURNS, ears, monkeypatch)) == {10_000 // TURNS}
    assert all(len(ear.frames) == 1 for ear in ears)
    assert ears[0].frames[0].endswith(encode(Beat()))


async def test_who_is_slow_or_has_gone_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    beats, (slow, gone, well) = Beats(20.0), (Ear(slow_since=1.0), Ear(), Ear())
    for ear in (slow, gone, well):
        beats.add(ear)  # type: ignore[arg-type]
    beats.drop(gone)  # type: ignore[arg-type]
    await turns(beats, 2 * TURNS, [slow, gone, well], monkeypatch)
    assert [len(ear.frames) for ear in (slow, gone, well)] == [0, 0, 2]
