"""The window's I/O: accepts websockets, carries out what sessions order, keeps the feed running."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from msgspec import UNSET
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from hub.gateway.beats import Beats
from hub.gateway.client import Client
from hub.gateway.context import GatewayContext
from hub.gateway.feed import BATCH_FACTS, Feed, changes, to_reread, topics_of
from hub.gateway.guard import Guard, check_reach
from hub.gateway.guests import Guests
from hub.gateway.protocol import (
    CLOSE_NO_HELLO,
    CLOSE_SESSION_ENDED,
    CLOSE_TOO_MANY,
    MAX_FRAME_BYTES,
    PROTOCOL,
    Facts,
    Problem,
    Snapshot,
    Welcome,
    Who,
)
from hub.gateway.session import Close, Drop, Open, Refuse, SignIn
from hub.gateway.snapshots import Districts, snapshot
from hub.gateway.watchers import COUNTS, Watchers
from hub.model.errors import BigEarError, TooMany
from hub.net.address import client_address
from hub.store import log, people, reading
from hub.store.pool import DATABASE_LOST, unless_cancelled

PATH = "/live"
COOKIE = "bigear_session"
HELLO_TIMEOUT_S = 5.0
PING_S = 20.0
"""By pings the hub finds out which lines are dead; by beats the client does."""
POLL_S = 0.25
"""How long a fact can wait when Redis is away."""
BEHIND_S = 0.01
REST = 2.0
MAX_REST_S = 0.05
"""After telling, the feed rests so many times as long as that took: what comes meanwhile shares a
frame. With few screens a change goes out at once; with many the work stays a third of the time."""

logger = logging.getLogger(__name__)


class Gateway:
    """One process's window: its clients, and the feed they watch."""

    def __init__(self, context: GatewayContext) -> None:
        self.context = context
        self.feed = Feed(context.feed_db, context.db)
        self.watchers = Watchers(self.feed)
        self.beats = Beats(context.heartbeat_s)
        self.guests = Guests(context.rates, context.rate_scale)
        self.districts = Districts(context.db)
        self.guard = Guard(context.feed_db, self.feed, self.watchers)

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection from hello to close."""
        client = Client(connection, self._address(connection))
        self.watchers.clients.add(client)
        try:
            await self._converse(client)
        except ConnectionClosed:
            pass
        except DATABASE_LOST as lost:
            logger.warning("hello lost the database", extra={"error": repr(lost)})
            await connection.close(CloseCode.TRY_AGAIN_LATER, "unavailable")
        finally:
            self.beats.drop(client)
            self.watchers.clients.discard(client)
            self.watchers.drop_all(client)
            self.guests.leave(client)

    def _address(self, connection: ServerConnection) -> str:
        request = connection.request
        forwarded = request.headers.get_all("X-Forwarded-For") if request else ()
        peer = str(connection.remote_address[0])
        return client_address(peer, forwarded, self.context.trusted_proxies)

    async def _converse(self, client: Client) -> None:
        try:
            first = await asyncio.wait_for(client.connection.recv(), HELLO_TIMEOUT_S)
        except TimeoutError:
            await client.connection.close(CLOSE_NO_HELLO, "frame.no_hello")
            return
        await self._obey(client, first)
        async for frame in client.connection:
            await self._obey(client, frame)

    async def _obey(self, client: Client, frame: bytes | str) -> None:
        order = client.session.receive(frame)
        match order:
            case SignIn():
                await self._sign_in(client, order)
            case Open():
                await self._open(client, order)
            case Drop():
                self.watchers.drop(order.topic, client)
            case Refuse():
                client.tell(Problem(order.code, UNSET if order.id is None else order.id))
            case Close():
                await client.connection.close(order.code, order.reason)

    async def _sign_in(self, client: Client, order: SignIn) -> None:
        token = order.token or self._cookie(client.connection)
        if token:
            digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
            async with self.context.db.acquire() as connection:
                session = await people.session(connection, digest)
            if session is None and order.token:
                await client.connection.close(CLOSE_SESSION_ENDED, "session.required")
                return
            client.digest = digest
            client.recognise(session.principal if session else None)
        if order.case is not None:
            secret = hashlib.sha256(order.case.secret.encode("utf-8", "surrogatepass")).digest()
            async with self.context.db.acquire() as connection:
                if await reading.progress(connection, order.case.ref, secret):
                    client.holds_key_of = order.case.ref
        who = client.who
        user = None
        if who is None:
            try:
                self.guests.enter(client)
            except TooMany as many:
                await client.connection.close(CLOSE_TOO_MANY, many.code)
                return
        else:
            user = Who(who.user_id, who.login, who.name, [(g.role, g.agency) for g in who.grants])
        client.tell(Welcome(PROTOCOL, self.feed.position, self.beats.every_s, user))
        self.beats.add(client)

    def _cookie(self, connection: ServerConnection) -> str | None:
        """The session cookie, if the page that opened this connection is one of ours."""
        request = connection.request
        if request is None or not self._own_page(request.headers.get("Origin"), request):
            return None
        try:
            cookie = SimpleCookie(request.headers.get("Cookie", ""))
        except CookieError:
            return None
        return cookie[COOKIE].value if COOKIE in cookie else None

    def _own_page(self, origin: str | None, request: Request) -> bool:
        """A cookie knows no ports: whatever else serves pages on this host gets it sent as well."""
        if origin is None or self.context.public_url:
            return origin == self.context.public_url
        try:
            page, host = urlsplit(origin), urlsplit(f"//{request.headers.get('Host', '')}").hostname
            from_pages = (page.scheme, page.port or 80) == ("http", self.context.http_port)
        except ValueError:  # no address at all, as a client may well send
            return False
        return from_pages and page.hostname == host

    # --- topics ---

    async def _open(self, client: Client, order: Open) -> None:
        try:
            await self.guests.ask(client, order.topic)
            await check_reach(self.context.db, client, order.topic)
            await self._serve(client, order)
        except BigEarError as refused:
            client.session.forget(order.topic)
            wait = refused.details.get("retry_after_s")
            after = wait if isinstance(wait, int) else UNSET
            client.tell(Problem(refused.code, order.id, after))
        except DATABASE_LOST:
            client.session.forget(order.topic)
            client.tell(Problem("unavailable", order.id))

    async def _serve(self, client: Client, order: Open) -> None:
        """Bring the client to the feed's position, then let it watch, with no gap in between.

        It watches only once it has read what it was sent before, so that a long snapshot over a thin
        line is no reason to call it slow.
        """
        position = order.position
        if position is not None and not 0 <= position <= await self._newest(position):
            client.take_back(order.topic, self.feed.position, "unknown_position")
            return
        if (
            position is None
            or order.topic == COUNTS
            or not self.feed.reaches(position, order.topic)
        ):
            async with self.guests.turn(client):
                state = await self._state(client, order)
            await client.drained()
            if not client.session.holds(order.id, order.topic):
                return
            client.tell(state)
            await client.drained()
            position = state.position
        while position != self.feed.position:
            if position < self.feed.position:
                position = await self._catch_up(client, order, position)
            else:  # the log, which was asked, is a moment ahead of the feed: nothing is told twice
                await asyncio.sleep(BEHIND_S)
                if client.connection.close_code is not None:
                    return  # a feed that was stopped first would be waited for without end
        if client.session.holds(order.id, order.topic):  # it may have been barred meanwhile
            self.watchers.add(order.topic, client)

    async def _newest(self, asked: int) -> int:
        """The newest position; ``asked`` may come from another process, whose feed is ahead."""
        if asked <= self.feed.position:
            return self.feed.position
        async with self.context.db.acquire() as connection:
            return await log.newest(connection)

    async def _state(self, client: Client, order: Open) -> Snapshot:
        if order.topic == COUNTS:  # totals of exactly the facts up to the position, no later ones
            counts = self.feed.counts.views()
            return Snapshot(order.id, str(COUNTS), self.feed.position, counts=counts)
        if order.topic.kind == "public:area":
            return await self.districts.snapshot(order.id, order.topic, self.feed.position)
        return await snapshot(self.context.db, order.id, order.topic, client.who)

    async def _catch_up(self, client: Client, order: Open, position: int) -> int:
        """Tell what one batch of facts after the position was to the topic; the position reached."""
        async with self.guests.turn(client):
            facts = await self.feed.since(position, BATCH_FACTS)
            loaded = await self.feed.load(facts, only=order.topic)
        await client.drained()
        mine = topics_of(loaded).get(order.topic, [])
        if reason := to_reread(order.topic, mine):
            client.take_back(order.topic, self.feed.position, reason)
            return self.feed.position
        found = changes(order.topic, mine, loaded, client.who)
        reached = facts[-1].position
        if found and client.session.holds(order.id, order.topic):
            client.tell(Facts(str(order.topic), reached, found))
            await client.drained()
        return reached

    # --- the feed ---

    async def run_feed(self) -> None:
        """Read and fan out until cancelled."""
        while True:
            began = time.monotonic()
            try:
                loaded = await self.feed.next()
            except DATABASE_LOST as lost:
                unless_cancelled()
                logger.warning("feed lost the database", extra={"error": repr(lost)})
                await asyncio.sleep(POLL_S)
                continue
            if loaded is None:
                await self.context.bell.wait("facts", POLL_S)
                continue
            self.guard.note(loaded.facts)
            if await self.watchers.fan_out(loaded):
                await asyncio.sleep(min(MAX_REST_S, REST * (time.monotonic() - began)))


def _only_live(connection: ServerConnection, request: Request) -> Response | None:
    """Refuse, before the handshake, whatever does not ask for the one path there is."""
    if urlsplit(request.path).path == PATH:
        return None
    return connection.respond(HTTPStatus.NOT_FOUND, "websockets are at /live\n")


async def serve_gateway(context: GatewayContext, ready: Callable[[], None] = lambda: None) -> None:
    """Listen and serve until cancelled; ``ready`` is called when clients can come."""
    gateway = Gateway(context)
    await gateway.feed.start()
    async with (
        serve(
            gateway.handle,
            context.host,
            context.port,
            compression=None,  # frames are small, and one frame serves many
            max_size=MAX_FRAME_BYTES,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            server_header="BigEar",
            process_request=_only_live,
        ),
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(gateway.run_feed(), name="feed")
        tasks.create_task(gateway.guard.run(), name="guard")
        tasks.create_task(gateway.beats.run(), name="beats")
        ready()
