"""People: sign in and out, change a password, make the first users."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import argon2

from hub.flow.ground import Ground, change
from hub.model.errors import BadInput, Conflict, NotFound, NotSignedIn
from hub.model.people import ROLES, Grant, Principal
from hub.store import people
from hub.store.people import Credentials, OpenSession

SESSION_LIFE = timedelta(hours=12)
MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 200
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")

# RFC 9106, second recommended option (64 MiB, 3 passes, 4 lanes), argon2-cffi's default.
_hasher = argon2.PasswordHasher()
# 64 MiB each: a flood of sign-ins must not eat the memory.
_hashers = ThreadPoolExecutor(2, thread_name_prefix="password")


def _hash_of_nobody() -> str:
    """A hash with the hasher's costs that no password has, made without paying them."""
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (_hasher.salt_len, _hasher.hash_len)
    )
    return f"$argon2id$v={argon2.low_level.ARGON2_VERSION}${costs}${salt}${digest}"


_NOBODY = _hash_of_nobody()  # verified for unknown logins, to take the same time


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: ``token`` is known only here and to the client."""

    token: str
    session: OpenSession


def token_digest(token: str) -> bytes:
    """How a session token (256 bits) is kept: SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def sign_in(ground: Ground, login: str, password: str) -> SignedIn:
    """Open a session. Raises NotSignedIn ``session.wrong`` for an unknown login or wrong password,
    never saying which; also where it was reset while it was verified."""
    async with ground.db.acquire() as connection:
        stored = await people.credentials(connection, login)
    right = await _verify(stored.password_hash if stored else _NOBODY, password)
    if stored is None or stored.disabled or not right:
        raise NotSignedIn("session.wrong")
    return await _open_session(ground, stored)


async def _open_session(ground: Ground, verified: Credentials) -> SignedIn:
    token = secrets.token_urlsafe(32)
    digest = token_digest(token)
    async with ground.db.acquire() as connection, connection.transaction():
        if not await people.still_verified(connection, verified):
            raise NotSignedIn("session.wrong")
        await people.open_session(
            connection,
            digest,
            verified.user_id,
            secrets.token_urlsafe(24),
            datetime.now(UTC) + SESSION_LIFE,
        )
        session = await people.session(connection, digest)
    if session is None:
        raise NotSignedIn("session.wrong")
    return SignedIn(token, session)


async def session_of(ground: Ground, token: str) -> OpenSession | None:
    """The open session of a token."""
    async with ground.db.acquire() as connection:
        return await people.session(connection, token_digest(token))


async def sign_out(ground: Ground, who: Principal) -> None:
    """End the session by which ``who`` came; live connections close within a second."""
    async with change(ground, who.actor) as tx:
        await people.end_session(tx.connection, bytes.fromhex(who.session_id))
        tx.record("user.changed", "user", who.user_id, 0, {"what": "session_ended"})


async def change_password(ground: Ground, who: Principal, old: str, new: str) -> None:
    """Replace one's own password; one's other sessions end.

    Raises BadInput ``password.wrong``, ``password.too_short``, ``password.too_long`` or
    ``password.same``; NotSignedIn where the session ended meanwhile, as a reset makes it.
    """
    check_password(new)
    if new == old:
        raise BadInput("password.same", field="new")
    async with ground.db.acquire() as connection:
        stored = await people.credentials_of(connection, who.user_id)
    if stored is None or not await _verify(stored.password_hash, old):
        raise BadInput("password.wrong", field="old")
    hashed = await _hash(new)
    session = bytes.fromhex(who.session_id)
    async with change(ground, who.actor) as tx:
        unchanged = await people.still_verified(tx.connection, stored)
        if await people.session(tx.connection, session) is None:
            raise NotSignedIn
        if not unchanged:
            raise BadInput("password.wrong", field="old")
        await people.set_password(tx.connection, who.user_id, hashed, must_change=False)
        await people.end_sessions(tx.connection, who.user_id, but=session)
        tx.record("user.changed", "user", who.user_id, 0, {"what": "password"})


async def add_user(
    ground: Ground, login: str, name: str, grants: Sequence[Grant]
) -> tuple[int, str]:
    """A new user with a random first password: (id, password).

    Raises BadInput ``login.invalid`` or ``role.unknown``, Conflict ``login.taken``.
    """
    if not _LOGIN.fullmatch(login):
        raise BadInput("login.invalid", field="login")
    for grant in grants:
        if grant.role not in ROLES:
            raise BadInput("role.unknown", role=grant.role)
    password = secrets.token_urlsafe(12)
    return await _add(ground, login, name, await _hash(password), grants), password


async def add_visitor(ground: Ground, login: str, name: str, grants: Sequence[Grant]) -> SignedIn:
    """A user for the time of one session: nobody can ever sign in as it."""
    user_id = await _add(ground, login, name, _NOBODY, grants)
    async with ground.db.acquire() as connection:
        await people.settle(connection, user_id)
    return await _open_session(ground, Credentials(user_id, _NOBODY, disabled=False))


async def _add(ground: Ground, login: str, name: str, hashed: str, grants: Sequence[Grant]) -> int:
    async with change(ground) as tx:
        user_id = await people.add_user(tx.connection, login, name, hashed, grants)
        if user_id is None:
            raise Conflict("login.taken", field="login")
        tx.record(
            "user.changed",
            "user",
            user_id,
            0,
            {"what": "added", "grants": [[grant.role, grant.agency] for grant in grants]},
        )
    return user_id


async def reset_password(ground: Ground, login: str) -> str:
    """A new random password, to be changed at first use; all sessions end. Raises NotFound, and
    Conflict ``user.disabled`` for one whom no password would let in."""
    password = secrets.token_urlsafe(12)
    hashed = await _hash(password)
    async with change(ground) as tx:
        stored = await people.credentials(tx.connection, login)
        if stored is None:
            raise NotFound("user.not_found")
        if stored.disabled:
            raise Conflict("user.disabled", login=login)
        await people.set_password(tx.connection, stored.user_id, hashed, must_change=True)
        await people.end_sessions(tx.connection, stored.user_id)
        tx.record("user.changed", "user", stored.user_id, 0, {"what": "reset"})
    return password


async def disable(ground: Ground, login: str) -> None:
    """Nobody signs in as this user any more; all sessions end. Raises NotFound."""
    async with change(ground) as tx:
        stored = await people.credentials(tx.connection, login)
        if stored is None:
            raise NotFound("user.not_found")
        await people.disable(tx.connection, stored.user_id)
        await people.end_sessions(tx.connection, stored.user_id)
        tx.record("user.changed", "user", stored.user_id, 0, {"what": "disabled"})


async def enable(ground: Ground, login: str) -> None:
    """Let a user sign in again, with the grants and the password of before. Raises NotFound."""
    async with change(ground) as tx:
        stored = await people.credentials(tx.connection, login)
        if stored is None:
            raise NotFound("user.not_found")
        await people.enable(tx.connection, stored.user_id)
        tx.record("user.changed", "user", stored.user_id, 0, {"what": "enabled"})


FIRST_USERS: tuple[tuple[str, str, str], ...] = (
    ("agent", "Agent", "agent"),
    ("supervisor", "Supervisor", "supervisor"),
    ("broadcaster", "Broadcaster", "broadcaster"),
    ("approver", "Approver", "approver"),
    ("analyst", "Analyst", "analyst"),
    ("admin", "Admin", "admin"),
)


async def seed_first_users(ground: Ground, agent_agency: str | None) -> dict[str, str]:
    """One user of each role on a hub that has none; login → first password, {} if there are users.

    The agent is bound to one agency, the others to none, so that the walls can be tried at once.
    """
    async with ground.db.acquire() as connection:
        if await people.count(connection):
            return {}
    made = {}
    for login, name, role in FIRST_USERS:
        grant = Grant(role, agent_agency if role == "agent" else None)
        _, made[login] = await add_user(ground, login, name, [grant])
    return made


def check_password(password: str) -> None:
    """Raises BadInput for one that is too short or too long."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise BadInput("password.too_short", field="new", limit=MIN_PASSWORD_CHARS)
    if len(password) > MAX_PASSWORD_CHARS:
        raise BadInput("password.too_long", field="new", limit=MAX_PASSWORD_CHARS)


async def _hash(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_hashers, _hasher.hash, password)


async def _verify(hashed: str, password: str) -> bool:
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(_hashers, _hasher.verify, hashed, password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False
    except UnicodeEncodeError:  # a lone surrogate can be no stored password
        return False
