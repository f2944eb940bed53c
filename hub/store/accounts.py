"""The accounts' state: whether enabled, how healthy, where their cursor is, and their secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.store.pool import Connection


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account as the hub last saw it, without its cursor."""

    account: str
    enabled: bool
    settings: dict[str, Any]
    health: str
    error_code: str | None
    error_text: str | None
    last_item_at: datetime | None
    last_ok_at: datetime | None
    last_error_at: datetime | None
    unsupported: int
    quarantined: int
    has_secret: bool


async def states(connection: Connection) -> dict[str, AccountState]:
    """All accounts that were ever enabled, by code."""
    rows = await connection.fetch(
        """
        SELECT a.account, a.enabled, a.settings, a.health, a.error_code, a.error_text,
               a.last_item_at, a.last_ok_at, a.last_error_at, a.unsupported,
               (SELECT coalesce(sum(q.times), 0) FROM quarantine q WHERE q.account = a.account),
               s.account IS NOT NULL
        FROM account_state a LEFT JOIN account_secret s ON s.account = a.account
        """
    )
    return {row["account"]: AccountState(*row.values()) for row in rows}


async def cursor(connection: Connection, account: str) -> dict[str, Any] | None:
    """How far the account is, for its own connector; None at the beginning. It may be large."""
    found: dict[str, Any] | None = await connection.fetchval(
        "SELECT cursor FROM account_state WHERE account = $1", account
    )
    return found


async def secret(connection: Connection, account: str) -> str | None:
    """The account's secret. Never log it."""
    found: str | None = await connection.fetchval(
        "SELECT secret FROM account_secret WHERE account = $1", account
    )
    return found


async def enable(
    connection: Connection, account: str, settings: Mapping[str, Any], secret: str | None
) -> None:
    """Enable an account, with its settings and, if given, its secret; one that was stopped for
    bad credentials starts again."""
    await connection.execute(
        """
        INSERT INTO account_state (account, enabled, settings, health) VALUES ($1, true, $2,
            'starting')
        ON CONFLICT (account) DO UPDATE SET enabled = true, settings = $2, health = 'starting',
            error_code = NULL, error_text = NULL, changed_at = now()
        """,
        account,
        dict(settings),
    )
    if secret is not None:
        await connection.execute(
            "INSERT INTO account_secret (account, secret) VALUES ($1, $2)"
            " ON CONFLICT (account) DO UPDATE SET secret = $2, changed_at = now()",
            account,
            secret,
        )


async def begin_samples(connection: Connection) -> None:
    """A row for the samples' cursor; it is no account of the city and never counts as enabled."""
    await connection.execute(
        "INSERT INTO account_state (account, enabled, health) VALUES ('samples', false, 'starting')"
        " ON CONFLICT DO NOTHING"
    )


async def end_samples(connection: Connection) -> None:
    """Let their cursor say that they are over."""
    await connection.execute(
        "INSERT INTO account_state (account, enabled, health, cursor)"
        " VALUES ('samples', false, 'disabled', $1)"
        " ON CONFLICT (account) DO UPDATE SET cursor = $1",
        {"over": True},
    )


async def disable(connection: Connection, account: str) -> bool:
    """Stop an account; its cursor stays, so that enabling goes on where it was. False if it was
    never enabled."""
    found = await connection.fetchval(
        "UPDATE account_state SET enabled = false, health = 'disabled', error_code = NULL,"
        " error_text = NULL, changed_at = now() WHERE account = $1 RETURNING true",
        account,
    )
    return bool(found)


async def set_health(
    connection: Connection,
    account: str,
    health: str,
    *,
    items: int = 0,
    code: str | None = None,
    error_text: str | None = None,
) -> bool:
    """Note how an account is; True if that is news. ``error_text`` holds no secret; 300 signs are
    kept. One that was disabled in the meantime stays so; one that was enabled anew hears nothing
    bad of its old settings; "connecting" keeps the error it follows.
    """
    row = await connection.fetchrow(
        """
        UPDATE account_state a SET health = $2,
            error_code = CASE WHEN $2 = 'connecting' THEN a.error_code ELSE $3 END,
            error_text = CASE WHEN $2 = 'connecting' THEN a.error_text ELSE $4 END,
            last_ok_at = CASE WHEN $2 = 'connected' THEN now() ELSE a.last_ok_at END,
            last_item_at = CASE WHEN $5 > 0 THEN now() ELSE a.last_item_at END,
            last_error_at = CASE WHEN $3::text IS NOT NULL THEN now() ELSE a.last_error_at END
        FROM (SELECT account, health, error_code FROM account_state WHERE account = $1 FOR UPDATE)
             AS old
        WHERE a.account = old.account AND (a.enabled OR a.account = 'samples')
            AND (old.health <> 'starting' OR $2 IN ('connecting', 'connected'))
        RETURNING old.health <> $2 OR old.error_code IS DISTINCT FROM $3 AS news
        """,
        account,
        health,
        code,
        error_text[:300] if error_text else None,
        items,
    )
    return bool(row and row["news"])
