"""Play a file of recorded messages through the hub: JSONL or gzip, `id, text, lat?, lon?, at?`.

    bigear replay messages.jsonl.gz --rate 50 --map text=question --scatter

Repeating a replay changes nothing, and one that was stopped goes on: an item's key is the file's digest
and its id. A point outside the city is kept and noted, and the words of the text decide; with --scatter
it is replaced like a missing one.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from hub.cli._ground import on_ground
from hub.cli._recording import FIELDS, Recording
from hub.cli._terminal import language, say
from hub.flow.receive import receive
from hub.model.errors import BadInput
from hub.model.items import Batch, Inbound, Point
from hub.model.texts import error_text
from hub.wiring import Standing

MAX_BATCH = 200
PROGRESS_S = 5.0
"""How often a log is told, where there is no terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument("--rate", type=_positive, help="items a second (as fast as it goes)")
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        type=_pair,
        metavar="OURS=THEIRS",
        help="read our field from theirs, e.g. text=question",
    )
    parser.add_argument(
        "--scatter", action="store_true", help="give items without a point one inside the city"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the scattered points (1)")
    parser.add_argument("--limit", type=_positive, help="only so many items")
    parser.add_argument("--kind", choices=("complaint", "post"), default="complaint")


def _positive(word: str) -> float:
    value = float(word)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("a number above 0 is needed")
    return value


def _pair(word: str) -> tuple[str, str]:
    ours, equals, theirs = word.partition("=")
    if not (equals and theirs) or ours not in FIELDS:
        raise argparse.ArgumentTypeError(f"OURS=THEIRS is needed, OURS one of {', '.join(FIELDS)}")
    return ours, theirs


def run(args: argparse.Namespace) -> int:
    recording = Recording(args.file, dict(args.map), args.kind)
    with args.file.open("rb"):
        pass  # told before any server starts
    return on_ground(lambda stand: _Replay(stand, args).play(recording))


@dataclass(slots=True)
class _Replay:
    """One run: what was sent so far, and how fast."""

    stand: Standing
    args: argparse.Namespace
    sent: int = 0
    new: int = 0
    bad: int = 0
    outside: int = 0
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    async def play(self, recording: Recording) -> int:
        """Send it all; 1 if lines were bad."""
        rate, limit = self.args.rate or 0.0, self.args.limit or float("inf")
        size = max(1, min(MAX_BATCH, int(rate / 10))) if rate else MAX_BATCH
        points = _points(self.stand, self.args.seed)
        batch: list[Inbound] = []
        try:
            for number, entry in recording.entries():
                if self.sent + len(batch) >= limit:
                    break
                if isinstance(entry, BadInput):
                    self.bad += 1
                    say(f"line {number}: {error_text(language(), entry.code)} [{entry.code}]")
                    continue
                batch.append(self._placed(entry, points))
                if len(batch) >= size:
                    await self._store(batch)
                    batch = []
                    self._progress()
                    await asyncio.sleep(
                        max(0.0, self.began + self.sent / rate - time.monotonic()) if rate else 0
                    )
            await self._store(batch)
        except asyncio.CancelledError:
            say("\nbigear replay: stopped; the same command goes on where it ended")
            raise
        finally:
            self._report()
        return 1 if self.bad else 0

    def _placed(self, inbound: Inbound, points: Iterator[Point]) -> Inbound:
        point = inbound.point
        inside = point and self.stand.city.now.index.at(point.lat, point.lon).area is not None
        if self.args.scatter and not inside:
            return replace(inbound, point=next(points))
        self.outside += point is not None and not inside
        return inbound

    async def _store(self, batch: list[Inbound]) -> None:
        if batch:
            received = await receive(self.stand.ground, Batch(tuple(batch)))
            self.sent += len(batch)
            self.new += sum(entry.new for entry in received)

    def _progress(self) -> None:
        if sys.stderr.isatty():
            print(f"\r{self._line()}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self.told >= PROGRESS_S:
            self.told = time.monotonic()
            say(self._line())

    def _report(self) -> None:
        if sys.stderr.isatty():
            say("")
        if self.outside:
            say(f"{self.outside} points lie outside the city; --scatter puts them inside")
        bad = f", {self.bad} bad lines" if self.bad else ""
        print(f"{self._line()}{bad}", flush=True)

    def _line(self) -> str:
        took_s = max(time.monotonic() - self.began, 0.001)
        return f"{self.sent} items, {self.new} new, {self.sent / took_s:.0f}/s"


def _points(stand: Standing, seed: int) -> Iterator[Point]:
    """Seeded points inside the city, evenly over its bounds."""
    city = stand.city.now
    west, south, east, north = city.book.city.bounds
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    while True:
        lat, lon = dice.uniform(south, north), dice.uniform(west, east)
        if city.index.at(lat, lon).area is not None:
            yield Point(round(lat, 6), round(lon, 6))
