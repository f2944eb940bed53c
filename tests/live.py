"""A client of the live window that knows only what the documents say: hello, subscribe, fold, resume.

It keeps the record with the higher version, drops what is gone, and comes back with its position.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

Frame = dict[str, Any]


@dataclass
class TopicState:
    """All that a client knows of one topic. ``wrong``: what the hub should never have sent."""

    position: int = 0
    records: dict[tuple[str, object], Frame] = field(default_factory=dict)
    counts: dict[tuple[str | None, str], int] = field(default_factory=dict)
    snapshots: int = 0
    truncated: bool = False  # the last snapshot did not hold all there is
    wrong: list[str] = field(default_factory=list)

    def take(self, frame: Frame) -> None:
        """Fold a snapshot or a frame of facts."""
        if frame["type"] == "snapshot":
            self._replace(frame)
            return
        for change in frame["changes"]:
            if change["position"] > self.position:
                self._fold(change)
        if frame["position"] < max((c["position"] for c in frame["changes"]), default=0):
            self.wrong.append(f"a frame's position lies before its last change: {frame}")
        self.position = max(self.position, frame["position"])

    def _replace(self, frame: Frame) -> None:
        self.snapshots += 1
        self.position = frame["position"]
        self.truncated = frame.get("truncated", False)
        self.records = {}
        for kind, one, key in (
            ("cases", "case", "id"),
            ("progress", "progress", "ref"),
            ("messages", "message", "id"),
            ("alerts", "alert", "id"),
            ("broadcasts", "broadcast", "id"),
        ):
            for record in frame.get(kind, ()):
                self.records[one, record[key]] = record
        self.counts = {(c["agency"], c["state"]): c["total"] for c in frame.get("counts", ())}

    def is_as(self, fresh: TopicState) -> bool:
        """Whether a person sees here what they would see there. A long queue's snapshot holds only the
        most pressing: then those must be here, and as they are there."""
        if self.counts != fresh.counts:
            return False
        if fresh.truncated:
            return all(self.records.get(key) == record for key, record in fresh.records.items())
        return self.records == fresh.records

    def _fold(self, change: Frame) -> None:
        self.position = change["position"]
        for one in ("case", "alert", "broadcast"):
            if record := change.get(one):
                self._keep(one, record)
        if progress := change.get("progress"):
            self.records["progress", progress["ref"]] = progress
        if message := change.get("message"):
            self.records["message", message["id"]] = message
        if "counts" in change:
            self.counts = {(c["agency"], c["state"]): c["total"] for c in change["counts"]}

    def _keep(self, one: str, record: Frame) -> None:
        known = self.records.get((one, record["id"]))
        if known is not None and known["version"] > record["version"]:
            return
        if record.get("gone") or record.get("live") is False:
            self.records.pop((one, record["id"]), None)
        else:
            self.records[one, record["id"]] = record


class Line:
    """One connection, frame by frame."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._number = 0

    async def say(self, **frame: object) -> None:
        """Send one frame."""
        await self.connection.send(json.dumps(frame))

    async def hear(self, within_s: float = 10.0) -> Frame:
        """The next frame that says something; beats are passed over."""
        async with asyncio.timeout(within_s):
            while True:
                frame: Frame = json.loads(await self.connection.recv())
                if frame["type"] != "beat":
                    return frame

    async def hear_a(self, kind: str) -> Frame:
        """The next frame of that type; others, as of facts before the snapshot, are passed over."""
        while (frame := await self.hear())["type"] != kind:
            pass
        return frame

    async def ask(self, **frame: object) -> Frame:
        """Send one frame and hear the next."""
        await self.say(**frame)
        return await self.hear()

    async def subscribe(self, topic: str, position: int | None = None) -> int:
        """Ask for a topic; the number it was asked for under."""
        self._number += 1
        more = {} if position is None else {"position": position}
        await self.say(type="subscribe", id=self._number, topic=topic, **more)
        return self._number

    async def ended(self) -> int:
        """Wait until the hub closes the connection; its close code."""
        async with asyncio.timeout(15):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code


@contextlib.asynccontextmanager
async def line(url: str, **hello: object) -> AsyncIterator[Line]:
    """A connection that has said hello; ``hello``: token, case."""
    async with connect(url, proxy=None, max_size=2**24) as connection:
        one = Line(connection)
        answer = await one.ask(type="hello", **hello)
        assert answer["type"] == "hello", answer
        yield one


class LiveClient:
    """Stays connected: comes back with the position of each topic whenever the line is lost."""

    def __init__(self, url: str, topics: list[str], **hello: object) -> None:
        self._url = url
        self._hello = hello
        self.states = {topic: TopicState() for topic in topics}
        self._fresh = set(topics)  # to be asked for without a position
        self.connections = 0
        self.barred: set[str] = set()  # topics that the hub took away or denied
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LiveClient:
        self._task = asyncio.create_task(self._stay())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.away()

    async def away(self) -> None:
        """Hang up, as a laptop that is closed; ``back`` connects again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def back(self) -> None:
        """Connect again after ``away``."""
        self._task = asyncio.create_task(self._stay())

    async def reached(self, position: int, within_s: float = 20.0) -> None:
        """Wait until what is held of every topic is what somebody sees who connects anew, once the hub
        has come to the position. Raises AssertionError, with the topics that differ."""
        until = asyncio.get_running_loop().time() + within_s
        while True:
            fresh = await self.fresh(position)
            held = self.states
            different = [topic for topic in held if not held[topic].is_as(fresh[topic])]
            if not different and not self._fresh:
                return
            assert asyncio.get_running_loop().time() < until, "".join(
                f"\n{topic}: held {held[topic]}\n  there {fresh[topic]}" for topic in different
            )
            await asyncio.sleep(0.1)

    async def fresh(self, position: int) -> dict[str, TopicState]:
        """What a client sees who connects anew, once the hub has come to the position."""
        other = LiveClient(self._url, list(self.states), **self._hello)
        while True:
            async with line(self._url, **self._hello) as one:
                for topic, state in other.states.items():
                    await one.subscribe(topic)
                    frame = await one.hear()
                    if frame.get("code") == "topic.denied":  # the case is no longer there
                        state.position = position
                    else:
                        state.take(frame)
            if all(state.position >= position for state in other.states.values()):
                return other.states
            await asyncio.sleep(0.1)

    async def _stay(self) -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException, AssertionError):
                async with line(self._url, **self._hello) as one:
                    self.connections += 1
                    await self._follow(one)
            await asyncio.sleep(0.1)

    async def _follow(self, one: Line) -> None:
        asked = {}
        for topic, state in self.states.items():
            position = None if topic in self._fresh else state.position
            asked[await one.subscribe(topic, position)] = topic
        while True:
            frame = await one.hear(within_s=3600)
            match frame["type"]:
                case "snapshot" | "facts":
                    self.states[frame["topic"]].take(frame)
                    self._fresh.discard(frame["topic"])
                case "resync" if frame["reason"] == "not_allowed":
                    self._bar(frame["topic"])
                case "resync":
                    self._fresh.add(frame["topic"])
                    asked[await one.subscribe(frame["topic"])] = frame["topic"]
                case "error" if frame["code"] == "unavailable":
                    raise OSError("the hub cannot serve now")
                case "error" if frame["code"] == "topic.denied":
                    self._bar(asked[frame["id"]])
                case "error":
                    raise RuntimeError(f"the hub refused: {frame}")

    def _bar(self, topic: str) -> None:
        """It is not, or no longer, for this client: what was known of it is forgotten."""
        self.barred.add(topic)
        self.states[topic].records = {}
        self._fresh.discard(topic)
