"""Staff in PostgreSQL: users, grants, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.model.people import Grant, Principal
from hub.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in needs to know of a user."""

    user_id: int
    password_hash: str = field(repr=False)
    disabled: bool


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not ended, with its holder's grants of this moment."""

    principal: Principal
    csrf: str
    expires_at: datetime


_PRINCIPAL = """
    SELECT u.id, u.login, u.name, u.must_change_password,
           coalesce(jsonb_agg(jsonb_build_array(g.role, g.agency) ORDER BY g.role, g.agency)
                    FILTER (WHERE g.id IS NOT NULL), '[]') AS grants
    FROM staff_user u LEFT JOIN staff_grant g ON g.user_id = u.id
    WHERE NOT u.disabled AND {where} GROUP BY u.id ORDER BY u.login
"""


async def principal(connection: Connection, user_id: int) -> Principal | None:
    """A user with their grants; None for one who is disabled or does not exist."""
    row = await connection.fetchrow(_PRINCIPAL.format(where="u.id = $1"), user_id)
    return _principal(row, "") if row else None


async def everybody(connection: Connection) -> list[Principal]:
    """All users who are not disabled, by login."""
    rows = await connection.fetch(_PRINCIPAL.format(where="true"))
    return [_principal(row, "") for row in rows]


async def credentials(connection: Connection, login: str) -> Credentials | None:
    """The stored password hash behind a login name."""
    row = await connection.fetchrow(
        "SELECT id, password_hash, disabled FROM staff_user WHERE login = $1", login
    )
    return Credentials(*row.values()) if row else None


async def credentials_of(connection: Connection, user_id: int) -> Credentials | None:
    """The same, by id."""
    row = await connection.fetchrow(
        "SELECT id, password_hash, disabled FROM staff_user WHERE id = $1", user_id
    )
    return Credentials(*row.values()) if row else None


async def still_verified(connection: Connection, verified: Credentials) -> bool:
    """Whether the password that was verified is the user's still; it stays so until the transaction
    ends. False for a user who was disabled meanwhile."""
    # Not FOR UPDATE: whoever only names the user in a row of theirs need not wait.
    found = await connection.fetchval(
        "SELECT 1 FROM staff_user WHERE id = $1 AND password_hash = $2 AND NOT disabled"
        " FOR NO KEY UPDATE",
        verified.user_id,
        verified.password_hash,
    )
    return found is not None


async def add_user(
    connection: Connection, login: str, name: str, password_hash: str, grants: Sequence[Grant]
) -> int | None:
    """A new user, who must change the password at first use; None if the login is taken."""
    user_id: int | None = await connection.fetchval(
        "INSERT INTO staff_user (login, name, password_hash) VALUES ($1, $2, $3)"
        " ON CONFLICT (login) DO NOTHING RETURNING id",
        login,
        name,
        password_hash,
    )
    if user_id is not None:
        await connection.executemany(
            "INSERT INTO staff_grant (user_id, role, agency) VALUES ($1, $2, $3)",
            [(user_id, grant.role, grant.agency) for grant in grants],
        )
    return user_id


async def count(connection: Connection) -> int:
    """How many users there are, disabled ones too."""
    return int(await connection.fetchval("SELECT count(*) FROM staff_user"))


async def set_password(
    connection: Connection, user_id: int, password_hash: str, *, must_change: bool
) -> None:
    """Store a new password hash."""
    await connection.execute(
        "UPDATE staff_user SET password_hash = $2, must_change_password = $3,"
        " password_changed_at = now() WHERE id = $1",
        user_id,
        password_hash,
        must_change,
    )


async def settle(connection: Connection, user_id: int) -> None:
    """Let somebody keep the password they were given (the check's own people)."""
    await connection.execute(
        "UPDATE staff_user SET must_change_password = false WHERE id = $1", user_id
    )


async def disable(connection: Connection, user_id: int) -> None:
    """Nobody signs in as this user any more; what they did keeps their name."""
    await connection.execute("UPDATE staff_user SET disabled = true WHERE id = $1", user_id)


async def enable(connection: Connection, user_id: int) -> None:
    """Undo ``disable``."""
    await connection.execute("UPDATE staff_user SET disabled = false WHERE id = $1", user_id)


async def open_session(
    connection: Connection, digest: bytes, user_id: int, csrf: str, expires_at: datetime
) -> None:
    """Store a session by the SHA-256 of its token."""
    await connection.execute(
        "INSERT INTO staff_session (token_digest, user_id, csrf, expires_at)"
        " VALUES ($1, $2, $3, $4)",
        digest,
        user_id,
        csrf,
        expires_at,
    )


async def session(connection: Connection, digest: bytes) -> OpenSession | None:
    """The open session behind a token's digest; None if ended, expired, or its user disabled."""
    row = await connection.fetchrow(
        "SELECT user_id, csrf, expires_at FROM staff_session"
        " WHERE token_digest = $1 AND ended_at IS NULL AND expires_at > now()",
        digest,
    )
    if row is None:
        return None
    user = await connection.fetchrow(_PRINCIPAL.format(where="u.id = $1"), row["user_id"])
    if user is None:
        return None
    return OpenSession(_principal(user, digest.hex()), row["csrf"], row["expires_at"])


async def still_open(connection: Connection, digests: Sequence[bytes]) -> set[bytes]:
    """Which of these sessions are open still; for the gateway's check each second."""
    rows = await connection.fetch(
        """
        SELECT s.token_digest FROM staff_session s JOIN staff_user u ON u.id = s.user_id
        WHERE s.token_digest = ANY($1) AND s.ended_at IS NULL AND s.expires_at > now()
          AND NOT u.disabled
        """,
        list(digests),
    )
    return {row["token_digest"] for row in rows}


async def end_session(connection: Connection, digest: bytes) -> None:
    """End one session."""
    await connection.execute(
        "UPDATE staff_session SET ended_at = now() WHERE token_digest = $1 AND ended_at IS NULL",
        digest,
    )


async def end_sessions(connection: Connection, user_id: int, *, but: bytes | None = None) -> int:
    """End all sessions of a user (except one); how many were open."""
    rows = await connection.fetch(
        "UPDATE staff_session SET ended_at = now() WHERE user_id = $1 AND ended_at IS NULL"
        " AND token_digest IS DISTINCT FROM $2 RETURNING 1",
        user_id,
        but,
    )
    return len(rows)


def _principal(row: object, session_id: str) -> Principal:
    user_id, login, name, must_change, grants = row.values()  # type: ignore[attr-defined]
    return Principal(
        user_id=user_id,
        login=login,
        name=name,
        grants=tuple(Grant(role, agency) for role, agency in grants),
        session_id=session_id,
        must_change_password=must_change,
    )
