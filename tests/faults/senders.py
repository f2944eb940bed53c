"""Those who send: citizens over HTTP, with photos and keys, and a connector that stores batches.

Each tries again until it is told that its item is safe, as a phone and a connector do.
"""

from __future__ import annotations

import asyncio
import io
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from PIL import Image

from hub.flow.ground import Ground
from hub.flow.receive import receive
from hub.model.items import Batch, Inbound, Point
from hub.store.pool import DATABASE_LOST

WORDS = (
    "쓰레기 무단투기가 심합니다",
    "가로등이 꺼졌습니다",
    "보도블록이 깨졌습니다",
    "The lamp is out",
)
CITIZENS = 6
BATCH = 5
PHOTO_EVERY = 5


@dataclass
class Accepted:
    """What a citizen was told: it is ours to keep from now on."""

    ref: str
    secret: str
    text: str
    has_photo: bool


@dataclass
class Progress:
    """How many are sent, and how many may be sent before the next fault."""

    sent: int = 0
    allowed: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    repeated: int = 0

    async def turn(self, count: int) -> None:
        """Wait until ``count`` more may be sent."""
        while self.sent + count > self.allowed:
            await asyncio.sleep(0.02)
        self.sent += count


def text_of(number: int) -> str:
    """Every item says something of its own."""
    return f"{WORDS[number % len(WORDS)]} ({number})"


async def citizens(url: str, numbers: list[int], points: list[Point], progress: Progress) -> None:
    """Send complaints over HTTP, several at a time."""
    waiting = list(numbers)
    async with aiohttp.ClientSession(base_url=f"{url}/api/v1/") as http:

        async def citizen() -> None:
            while waiting:
                number = waiting.pop()
                await progress.turn(1)
                await _complain(http, number, points[number % len(points)], progress)

        await asyncio.gather(*(citizen() for _ in range(CITIZENS)))


async def _complain(
    http: aiohttp.ClientSession, number: int, point: Point, progress: Progress
) -> None:
    body: dict[str, Any] = {"text": text_of(number), "lat": point.lat, "lon": point.lon}
    if number % PHOTO_EVERY == 0:
        photo = await _insist(http, "photos", progress, data=_photo(number))
        body["photos"] = [photo["id"]]
    key = {"Idempotency-Key": f"phone-{number:08}"}
    made = await _insist(http, "complaints", progress, json=body, headers=key)
    progress.accepted.append(Accepted(made["ref"], made["secret"], body["text"], "photos" in body))


async def _insist(
    http: aiohttp.ClientSession, path: str, progress: Progress, **sending: Any
) -> dict[str, Any]:
    """Post until there is an answer that says it is done. Raises AssertionError for a refusal."""
    timeout = aiohttp.ClientTimeout(total=15)
    while True:
        try:
            async with http.post(path, timeout=timeout, **sending) as answer:
                told: dict[str, Any] = await answer.json()
            if answer.status < 300:
                return told
            assert answer.status >= 500, told
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass
        progress.repeated += 1
        await asyncio.sleep(0.2)


def _photo(number: int) -> bytes:
    dice = random.Random(number)
    image = Image.new("RGB", (64, 48), (dice.randrange(256), number % 256, number // 256))
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


async def connector(
    ground: Ground, numbers: list[int], points: list[Point], progress: Progress
) -> None:
    """Store posts in small batches, again and again the same one until it is stored."""
    for start in range(0, len(numbers), BATCH):
        batch = [_post(number, points) for number in numbers[start : start + BATCH]]
        await progress.turn(len(batch))
        while True:
            try:
                await receive(ground, Batch(tuple(batch)))
                break
            except DATABASE_LOST:
                progress.repeated += 1
                await asyncio.sleep(0.2)


def _post(number: int, points: list[Point]) -> Inbound:
    point = points[number % len(points)]
    return Inbound(
        "post", "replay", f"file:{number}", text_of(number), datetime.now(UTC), point=point
    )
