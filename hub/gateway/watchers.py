"""Who watches what, and the fan-out: one frame for each (topic, audience), written to every watcher."""

from __future__ import annotations

import asyncio
import time

from hub.gateway.client import Client, framed
from hub.gateway.feed import Feed, Loaded, changes, to_reread, topics_of
from hub.gateway.protocol import Facts, ResyncReason
from hub.gateway.topics import ACTION_OF, Topic
from hub.model.facts import Fact
from hub.model.views import Change
from hub.rules.permissions import may
from hub.rules.views import rfc3339

YIELD_EVERY = 500
"""Writes between two turns of the loop: bounds how long anybody else waits."""
COUNTS = Topic("counts", "")


class Watchers:
    """All clients of one process, and the topics that they watch."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._watching: dict[Topic, set[Client]] = {}
        self.clients: set[Client] = set()

    def add(self, topic: Topic, client: Client) -> None:
        """From now on the client gets every change on the topic."""
        self._watching.setdefault(topic, set()).add(client)

    def drop(self, topic: Topic, client: Client) -> None:
        """The client gets no more of the topic."""
        watching = self._watching.get(topic)
        if watching is not None:
            watching.discard(client)
            if not watching:  # one topic a complaint: they must not pile up
                del self._watching[topic]

    def drop_all(self, client: Client) -> None:
        """The client gets nothing more."""
        for topic in client.session.topics.values():
            self.drop(topic, client)

    def cut_loose(self, client: Client) -> None:
        """It cannot keep up: it loses its topics, and is told as soon as it can listen."""
        if client.slow_since is None:
            client.slow_since = time.monotonic()
        self.drop_all(client)

    async def fan_out(self, loaded: Loaded) -> bool:
        """Bring a batch to everybody whom it concerns, broadcasts first; whether it was anybody."""
        written = 0
        for topic, facts in topics_of(loaded).items():
            if reason := to_reread(topic, facts):
                self._take_back(topic, reason)
            frames: dict[tuple[object, ...], bytes | None] = {}
            for client in tuple(self._watching.get(topic, ())):
                if topic.kind == "case" and self._out_of_reach(topic, client, loaded):
                    continue
                if client.audience not in frames:
                    frames[client.audience] = _frame(topic, facts, loaded, client)
                frame = frames[client.audience]
                if frame is not None and not client.write(frame):
                    self.cut_loose(client)
                written += 1
                if written % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
        if loaded.recounted:
            self._tell_counts(loaded.facts[-1])
        return written > 0

    def _out_of_reach(self, topic: Topic, client: Client, loaded: Loaded) -> bool:
        """Whether the case went to an agency where this client may not read it; then it is barred."""
        case = loaded.cases.get(topic.key)
        if case is None or may(client.who, ACTION_OF["case"], agency=case.agency):
            return False
        self.drop(topic, client)
        client.take_back(topic, self._feed.position, "not_allowed")
        return True

    def _take_back(self, topic: Topic, reason: ResyncReason) -> None:
        for client in self._watching.pop(topic, ()):
            client.take_back(topic, self._feed.position, reason)

    def _tell_counts(self, last: Fact) -> None:
        change = Change(last.position, rfc3339(last.at), "counts", counts=self._feed.counts.views())
        frame = framed(Facts(str(COUNTS), last.position, [change]))
        for client in tuple(self._watching.get(COUNTS, ())):
            if not client.write(frame):
                self.cut_loose(client)


def _frame(topic: Topic, facts: list[Fact], loaded: Loaded, client: Client) -> bytes | None:
    found = changes(topic, facts, loaded, client.who)
    return framed(Facts(str(topic), loaded.facts[-1].position, found)) if found else None
