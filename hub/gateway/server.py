"""The window's I/O: accepts websockets, carries out what sessions order, fans changes out.

One frame is built for each (topic, set of grants) and written raw to every subscriber's transport. That
is safe because this server never fragments a message and writes nothing after a close began.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import asyncpg
from msgspec import UNSET
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State

from hub.gateway.context import GatewayContext
from hub.gateway.feed import Feed, Loaded, changes, topics_of
from hub.gateway.protocol import (
    CLOSE_NO_HELLO,
    CLOSE_SESSION_ENDED,
    CLOSE_TOO_SLOW,
    MAX_FRAME_BYTES,
    PROTOCOL,
    Facts,
    Problem,
    Resync,
    ServerFrame,
    Welcome,
    Who,
    encode,
)
from hub.gateway.session import Close, Drop, Open, Refuse, Session, SignIn
from hub.gateway.snapshots import snapshot
from hub.gateway.topics import Topic, authorise
from hub.model.errors import BigEarError, Forbidden
from hub.model.people import Principal
from hub.model.views import Change
from hub.store import people, reading

PATH = "/live"
COOKIE = "bigear_session"
HELLO_TIMEOUT_S = 5.0
HEARTBEAT_S = 20.0
POLL_S = 0.25
COALESCE_S = 0.03
"""Facts that come within this share a frame."""
SESSION_CHECK_S = 0.5
SEND_BUFFER_BYTES = 64 * 1024
"""The kernel's share of a slow client; without a bound it would hide megabytes."""
SLOW_BYTES = 512 * 1024
"""A client with more than this unsent is cut loose from its topics and told to come back."""
SLOW_CLOSE_S = 30.0
YIELD_EVERY = 500
"""Writes between two turns of the loop: bounds how long anybody else waits."""

logger = logging.getLogger(__name__)


class Client:
    """One connection: its socket, its session, who it is."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.session = Session()
        self.who: Principal | None = None
        self.holds_key_of: str | None = None
        self.digest: bytes | None = None
        self.slow_since: float | None = None
        self.audience: tuple[object, ...] = ()

    def write(self, frame: bytes) -> bool:
        """Put a whole frame on the wire; False if the client is closing or too slow for it."""
        if self.connection.state is not State.OPEN:
            return False
        transport = self.connection.transport
        if transport.get_write_buffer_size() > SLOW_BYTES:
            return False
        transport.write(frame)
        return True

    def tell(self, message: ServerFrame) -> bool:
        """Write one message."""
        return self.write(framed(message))


def framed(message: ServerFrame) -> bytes:
    """A message as one unfragmented, unmasked text frame (RFC 6455, section 5)."""
    return Frame(Opcode.TEXT, encode(message)).serialize(mask=False)


class Gateway:
    """All clients of one process, and the feed they watch."""

    def __init__(self, context: GatewayContext) -> None:
        self.context = context
        self.feed = Feed(context.db)
        self.clients: set[Client] = set()
        self.watching: dict[Topic, set[Client]] = defaultdict(set)

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection from hello to close."""
        raw = connection.transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        client = Client(connection)
        self.clients.add(client)
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                first = await connection.recv()
            await self._obey(client, first)
            async for frame in connection:
                await self._obey(client, frame)
        except TimeoutError:
            await connection.close(CLOSE_NO_HELLO, "frame.no_hello")
        except ConnectionClosed:
            pass
        finally:
            self.clients.discard(client)
            for watchers in self.watching.values():
                watchers.discard(client)

    async def _obey(self, client: Client, frame: bytes | str) -> None:
        order = client.session.receive(frame)
        match order:
            case SignIn():
                await self._sign_in(client, order)
            case Open():
                await self._open(client, order)
            case Drop():
                self.watching[order.topic].discard(client)
            case Refuse():
                client.tell(Problem(order.code, UNSET if order.id is None else order.id))
            case Close():
                await client.connection.close(order.code, order.reason)

    async def _sign_in(self, client: Client, order: SignIn) -> None:
        token = order.token or self._cookie(client.connection)
        if token:
            client.digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
            async with self.context.db.acquire() as connection:
                session = await people.session(connection, client.digest)
            if session is None and order.token:
                await client.connection.close(CLOSE_SESSION_ENDED, "session.required")
                return
            self._recognise(client, session.principal if session else None)
        if order.case is not None:
            secret = hashlib.sha256(order.case.secret.encode("utf-8", "surrogatepass")).digest()
            async with self.context.db.acquire() as connection:
                if await reading.progress(connection, order.case.ref, secret):
                    client.holds_key_of = order.case.ref
        who = client.who
        client.tell(
            Welcome(
                PROTOCOL,
                self.feed.position,
                HEARTBEAT_S,
                Who(who.user_id, who.login, who.name, [(g.role, g.agency) for g in who.grants])
                if who
                else None,
            )
        )

    def _recognise(self, client: Client, who: Principal | None) -> None:
        client.who = who
        if who is None:
            client.digest = None
        client.audience = (who.grants, who.must_change_password) if who else ()

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
        if origin is None:
            return False
        if origin in self.context.allowed_origins:
            return True
        host = request.headers.get("Host", "")
        return urlsplit(origin).hostname == urlsplit(f"//{host}").hostname

    async def _open(self, client: Client, order: Open) -> None:
        try:
            await self._authorise(client, order.topic)
            await self._serve(client, order)
        except BigEarError as refused:
            client.session.forget(order.topic)
            client.tell(Problem(refused.code, order.id))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            client.session.forget(order.topic)
            client.tell(Problem("unavailable", order.id))

    async def _authorise(self, client: Client, topic: Topic) -> None:
        agency = None
        if topic.kind == "case":
            async with self.context.db.acquire() as connection:
                cases = await reading.records(connection, [int(topic.key)])
            if not cases:  # nobody waits at the door of a case that is yet to come
                raise Forbidden("topic.denied")
            agency = cases[0].agency
        authorise(topic, client.who, holds_key_of=client.holds_key_of, agency=agency)

    async def _serve(self, client: Client, order: Open) -> None:
        """Bring the client to the feed's position, then let it watch, with no gap in between."""
        position = order.position
        if position is not None and not 0 <= position <= self.feed.position:
            client.session.forget(order.topic)
            client.tell(Resync(str(order.topic), self.feed.position, "unknown_position"))
            return
        missed = None if position is None else await self.feed.since(position)
        if position is None or missed is None:
            counts = self.feed.counts.views()
            state = await snapshot(self.context.db, order.id, order.topic, client.who, counts)
            client.tell(state)
            position = state.position
        while True:
            upto = self.feed.position
            if position < upto:
                await self._catch_up(client, order.topic, position)
                position = upto
            if position >= self.feed.position:
                break
        self.watching[order.topic].add(client)

    async def _catch_up(self, client: Client, topic: Topic, position: int) -> None:
        facts = await self.feed.since(position)
        if not facts:
            return
        loaded = await self.feed.load(facts)
        mine = topics_of(loaded).get(topic, [])
        found = changes(topic, mine, loaded, client.who)
        if topic.kind == "counts":
            found = [self._counts_change(loaded)]
        if found:
            client.tell(Facts(str(topic), loaded.facts[-1].position, found))

    def _counts_change(self, loaded: Loaded) -> Change:
        last = loaded.facts[-1]
        at = last.at.isoformat().replace("+00:00", "Z")
        return Change(last.position, at, "counts", counts=self.feed.counts.views())

    # --- fan-out ---

    async def run_feed(self) -> None:
        """Read and fan out until cancelled."""
        while True:
            try:
                loaded = await self.feed.next()
                if loaded is None:
                    await self.context.bell.wait("facts", POLL_S)
                    continue
                await self._fan_out(loaded)
                await asyncio.sleep(COALESCE_S)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as lost:
                logger.warning("feed lost the database", extra={"error": repr(lost)})
                await asyncio.sleep(POLL_S)

    async def _fan_out(self, loaded: Loaded) -> None:
        position = loaded.facts[-1].position
        for topic, facts in topics_of(loaded).items():
            watchers = self.watching.get(topic)
            if not watchers:
                continue
            frames: dict[tuple[object, ...], bytes | None] = {}
            for n, client in enumerate(tuple(watchers)):
                if client.audience not in frames:
                    found = changes(topic, facts, loaded, client.who)
                    message = Facts(str(topic), position, found) if found else None
                    frames[client.audience] = framed(message) if message else None
                frame = frames[client.audience]
                if frame is not None and not client.write(frame):
                    self._cut_loose(client)
                if n % YIELD_EVERY == YIELD_EVERY - 1:
                    await asyncio.sleep(0)
        if self.feed.counts.fold(loaded.cases.values(), loaded.gone):
            counts = Topic("counts", "")
            frame = framed(Facts("counts", position, [self._counts_change(loaded)]))
            for client in tuple(self.watching.get(counts, ())):
                if not client.write(frame):
                    self._cut_loose(client)
        await self._regard_people(loaded)

    def _cut_loose(self, client: Client) -> None:
        """A client that cannot keep up loses its topics; it is told as soon as it can listen."""
        if client.slow_since is None:
            client.slow_since = time.monotonic()
        for topic in list(client.session.topics.values()):
            self.watching[topic].discard(client)

    async def _regard_people(self, loaded: Loaded) -> None:
        """Somebody's roles changed: look at them anew, and take away what they may no longer see."""
        changed = {f.subject_id for f in loaded.facts if f.subject == "user"}
        if not changed:
            return
        for client in tuple(self.clients):
            if client.who is None or str(client.who.user_id) not in changed:
                continue
            async with self.context.db.acquire() as connection:
                session = await people.session(connection, client.digest or b"")
            if session is None:
                await client.connection.close(CLOSE_SESSION_ENDED, "session.ended")
                continue
            self._recognise(client, session.principal)
            for topic in list(client.session.topics.values()):
                try:
                    await self._authorise(client, topic)
                except BigEarError:
                    self.watching[topic].discard(client)
                    client.session.forget(topic)
                    client.tell(Resync(str(topic), self.feed.position, "not_allowed"))

    # --- keeping an eye on clients ---

    async def run_watch(self) -> None:
        """Close ended sessions, and speak to slow clients, until cancelled."""
        while True:
            await asyncio.sleep(SESSION_CHECK_S)
            try:
                await self._close_ended()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as lost:
                logger.warning("cannot check sessions", extra={"error": repr(lost)})
            await self._nurse_slow()

    async def _close_ended(self) -> None:
        digests = {client.digest for client in self.clients if client.digest}
        if not digests:
            return
        async with self.context.db.acquire() as connection:
            ended = digests - await people.still_open(connection, list(digests))
        for client in tuple(self.clients):  # not those who signed in while the database was asked
            if client.digest in ended:
                await client.connection.close(CLOSE_SESSION_ENDED, "session.ended")

    async def _nurse_slow(self) -> None:
        for client in tuple(self.clients):
            if client.slow_since is None:
                continue
            if client.connection.transport.get_write_buffer_size() < SEND_BUFFER_BYTES:
                client.slow_since = None
                for topic in list(client.session.topics.values()):
                    client.session.forget(topic)
                    client.tell(Resync(str(topic), self.feed.position, "too_slow"))
            elif time.monotonic() - client.slow_since > SLOW_CLOSE_S:
                client.connection.transport.abort()
                logger.info("slow client dropped", extra={"code": CLOSE_TOO_SLOW})

    def sizes(self) -> Iterable[tuple[str, int]]:
        """How many clients and subscriptions, for the metrics."""
        yield "clients", len(self.clients)
        yield "subscriptions", sum(map(len, self.watching.values()))


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
            ping_interval=HEARTBEAT_S,
            ping_timeout=HEARTBEAT_S,
            server_header="BigEar",
            process_request=_only_live,
        ),
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(gateway.run_feed(), name="feed")
        tasks.create_task(gateway.run_watch(), name="watch")
        ready()
