"""The guard at the window: ends what has ended, takes back what roles forbid now, tells the slow."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable

from hub.gateway.client import SEND_BUFFER_BYTES, Client
from hub.gateway.feed import Feed
from hub.gateway.protocol import CLOSE_SESSION_ENDED, Facts
from hub.gateway.topics import Topic, authorise
from hub.gateway.watchers import Watchers
from hub.model.errors import BigEarError, Forbidden
from hub.model.facts import Fact
from hub.model.views import Change
from hub.rules.views import rfc3339
from hub.store import people, reading
from hub.store.pool import DATABASE_LOST, Pool, unless_cancelled

LOOK_EVERY_S = 0.5
SLOW_CLOSE_S = 30.0
ME = Topic("me", "")

logger = logging.getLogger(__name__)


async def check_reach(db: Pool, client: Client, topic: Topic) -> None:
    """Raise Forbidden unless the client may watch the topic as things stand now."""
    agency = None
    if topic.kind == "case":
        async with db.acquire() as connection:
            cases = await reading.records(connection, [int(topic.key)])
        if not cases:  # nobody waits at the door of a case that is yet to come
            raise Forbidden("topic.denied")
        agency = cases[0].agency
    authorise(topic, client.who, holds_key_of=client.holds_key_of, agency=agency)


class Guard:
    """Looks at every client twice a second."""

    def __init__(self, db: Pool, feed: Feed, watchers: Watchers) -> None:
        self._db = db
        self._feed = feed
        self._watchers = watchers
        self._changed: dict[
            str, Fact
        ] = {}  # user id → the newest fact about them, not yet regarded

    def note(self, facts: Iterable[Fact]) -> None:
        """Remember whose roles or sessions changed; kept until they could be looked at."""
        self._changed |= {fact.subject_id: fact for fact in facts if fact.subject == "user"}

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._close_ended()
                await self._regard_people()
            except DATABASE_LOST as lost:
                unless_cancelled()
                logger.warning("cannot check sessions", extra={"error": repr(lost)})
            self._nurse_slow()

    async def _close_ended(self) -> None:
        signed_in = [client for client in self._watchers.clients if client.digest]
        if not signed_in:
            return
        digests = {client.digest for client in signed_in if client.digest}
        async with self._db.acquire() as connection:
            still_open = await people.still_open(connection, list(digests))
        # Who said hello while PostgreSQL was asked was not asked about.
        ended = digests - still_open
        for client in signed_in:
            if client.digest in ended:
                self._end(client)

    def _end(self, client: Client) -> None:
        self._watchers.drop_all(client)
        client.end(CLOSE_SESSION_ENDED, "session.ended")

    async def _regard_people(self) -> None:
        """Somebody's roles changed: look at them anew, and take away what they may no longer see."""
        for user_id, fact in tuple(self._changed.items()):
            for client in tuple(self._watchers.clients):
                if client.who is not None and str(client.who.user_id) == user_id:
                    await self._regard(client, fact)
            if self._changed.get(user_id) is fact:
                del self._changed[user_id]

    async def _regard(self, client: Client, fact: Fact) -> None:
        async with self._db.acquire() as connection:
            session = await people.session(connection, client.digest or b"")
        if session is None:
            self._end(client)
            return
        client.recognise(session.principal)
        for topic in tuple(client.session.topics.values()):
            try:
                await check_reach(self._db, client, topic)
            except BigEarError:
                self._watchers.drop(topic, client)
                client.take_back(topic, self._feed.position, "not_allowed")
        if ME in client.session.topics.values():
            change = Change(fact.position, rfc3339(fact.at), fact.type)
            client.tell(Facts(str(ME), fact.position, [change]))

    def _nurse_slow(self) -> None:
        for client in tuple(self._watchers.clients):
            if client.slow_since is None:
                continue
            if client.unsent_bytes < SEND_BUFFER_BYTES:
                client.slow_since = None
                self._watchers.drop_all(client)
                for topic in tuple(client.session.topics.values()):
                    client.take_back(topic, self._feed.position, "too_slow")
            elif time.monotonic() - client.slow_since > SLOW_CLOSE_S:
                # A close frame would wait behind all that it does not read.
                client.connection.transport.abort()
                logger.info("slow client dropped")
