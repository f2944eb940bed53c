"""Play a file of recorded messages through the hub: JSONL or gzip, `id, text, lat?, lon?, at?`.

Repeating a replay changes nothing: an item's key is the file's digest and its id.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.cli._ground import on_ground
from hub.flow.receive import receive
from hub.model.items import MAX_TEXT_CHARS, Batch, Inbound, Point
from hub.wiring import Standing

MAX_BATCH = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--rate", type=float, default=0.0, help="items a second (as fast as it goes)"
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="OURS=THEIRS",
        help="read our field from theirs, e.g. text=question",
    )
    parser.add_argument(
        "--scatter", action="store_true", help="give items without a point one inside the city"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the scattered points (1)")
    parser.add_argument("--limit", type=int, default=None, help="only so many items")
    parser.add_argument("--kind", choices=("complaint", "post"), default="complaint")


def run(args: argparse.Namespace) -> int:
    mapping = dict(pair.split("=", 1) for pair in args.map if "=" in pair)
    if len(mapping) != len(args.map):
        print("bigear: --map wants OURS=THEIRS, for example text=question", file=sys.stderr)
        return 2
    if not args.file.is_file():
        print(f"bigear: there is no file {args.file}", file=sys.stderr)
        return 2
    return on_ground(lambda stand: _replay(stand, args, mapping))


async def _replay(stand: Standing, args: argparse.Namespace, mapping: dict[str, str]) -> int:
    source = hashlib.sha256(args.file.read_bytes()).hexdigest()[:12]
    points = _points(stand, args.seed) if args.scatter else None
    began = time.monotonic()
    sent = new = bad = 0
    batch: list[Inbound] = []
    size = max(1, min(MAX_BATCH, int(args.rate / 10))) if args.rate else MAX_BATCH
    for number, line in enumerate(_lines(args.file), start=1):
        if args.limit is not None and sent + len(batch) >= args.limit:
            break
        try:
            batch.append(_inbound(json.loads(line), mapping, source, args.kind, points))
        except (ValueError, KeyError, TypeError) as wrong:
            bad += 1
            print(f"bigear: line {number}: {wrong!r} [replay.line]", file=sys.stderr)
            continue
        if len(batch) >= size:
            new += await _store(stand, batch)
            sent += len(batch)
            batch = []
            await _pace(args.rate, sent, began)
            _progress(sent, new, began)
    if batch:
        new += await _store(stand, batch)
        sent += len(batch)
    _progress(sent, new, began, last=True)
    return 1 if bad else 0


async def _store(stand: Standing, batch: list[Inbound]) -> int:
    return sum(entry.new for entry in await receive(stand.ground, Batch(tuple(batch))))


async def _pace(rate: float, sent: int, began: float) -> None:
    if rate:
        await asyncio.sleep(max(0.0, began + sent / rate - time.monotonic()))


def _progress(sent: int, new: int, began: float, *, last: bool = False) -> None:
    took_s = time.monotonic() - began
    line = f"{sent} items, {new} new, {sent / max(took_s, 0.001):.0f}/s"
    if last:
        print(line if not sys.stderr.isatty() else f"\r{line}", flush=True)
    elif sys.stderr.isatty():
        print(f"\r{line}", end="", file=sys.stderr, flush=True)


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file, unpacked if its content is gzip's, whatever its name."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    opener = gzip.open if packed else open
    with opener(path, "rt", encoding="utf-8") as lines:
        yield from (line for line in lines if line.strip())


def _inbound(
    row: dict[str, Any],
    mapping: dict[str, str],
    source: str,
    kind: str,
    points: Iterator[Point] | None,
) -> Inbound:
    def take(name: str) -> Any:
        return row.get(mapping.get(name, name))

    text = take("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("no text")
    if take("id") is None:
        raise ValueError("no id")
    lat, lon = take("lat"), take("lon")
    point = Point(float(lat), float(lon)) if lat is not None and lon is not None else None
    if point is None and points is not None:
        point = next(points)
    at = datetime.fromisoformat(take("at")) if take("at") else datetime.now(UTC)
    return Inbound(
        kind=kind,
        platform="replay",
        external_id=f"{source}:{take('id')}",
        text=text.replace("\x00", "")[:MAX_TEXT_CHARS],
        created_at=at if at.tzinfo else at.replace(tzinfo=UTC),
        point=point,
    )


def _points(stand: Standing, seed: int) -> Iterator[Point]:
    """Seeded points inside the city, evenly over its bounds."""
    city = stand.city.now
    west, south, east, north = city.book.city.bounds
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    while True:
        lat, lon = dice.uniform(south, north), dice.uniform(west, east)
        if city.index.at(lat, lon).area is not None:
            yield Point(round(lat, 6), round(lon, 6))
