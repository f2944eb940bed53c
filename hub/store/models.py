"""Versions of the classifier in PostgreSQL: which there are, which one labels, who runs which.

The version that labels is the newest promotion that was not taken back; without one, the shipped one,
whose name is None here: it changes with every upgrade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.store.pool import Connection

SEEN_WITHIN_S = 30.0
"""A worker that has not reported for so long has ended."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that the city made. ``card``: how right it is; ``parent``: what it went on from."""

    name: str
    how: str
    parent: str | None
    card: Mapping[str, Any]
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Promotion:
    """One time that a version began to label. ``name`` None: the shipped one."""

    id: int
    name: str | None
    forced: bool


@dataclass(frozen=True, slots=True)
class Runs:
    """What a worker labels with. ``problem``: why not with the version that it should."""

    worker: str
    model: str
    problem: str | None
    pinned: bool


async def add(
    connection: Connection,
    name: str,
    how: str,
    parent: str | None,
    card: Mapping[str, Any],
    made_by: str,
) -> None:
    """Note a version whose files lie in the home; one that was removed comes back."""
    await connection.execute(
        "INSERT INTO model_version (name, how, parent, card, made_by) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (name) DO UPDATE SET how = $2, parent = $3, card = $4, made_by = $5,"
        " made_at = now(), removed_at = NULL",
        name,
        how,
        parent,
        card,
        made_by,
    )


async def versions(connection: Connection) -> list[Version]:
    """All that are not removed, newest first."""
    rows = await connection.fetch(
        "SELECT name, how, parent, card, made_by, made_at FROM model_version"
        " WHERE removed_at IS NULL ORDER BY made_at DESC, name"
    )
    return [Version(*row.values()) for row in rows]


async def known(connection: Connection, name: str) -> bool:
    """Whether there is such a version, not removed."""
    return bool(
        await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM model_version WHERE name = $1 AND removed_at IS NULL)",
            name,
        )
    )


async def lock(connection: Connection) -> None:
    """Nobody else promotes or takes back until the transaction ends."""
    await connection.execute("LOCK TABLE model_promotion IN SHARE ROW EXCLUSIVE MODE")


async def pile(connection: Connection, limit: int) -> list[Promotion]:
    """The newest promotions that were not taken back, the one that labels first."""
    rows = await connection.fetch(
        "SELECT id, name, forced FROM model_promotion"
        " WHERE taken_back_at IS NULL ORDER BY id DESC LIMIT $1",
        limit,
    )
    return [Promotion(*row.values()) for row in rows]


async def active(connection: Connection) -> str | None:
    """The name of the version that labels; None for the shipped one."""
    newest = await pile(connection, 1)
    return newest[0].name if newest else None


async def promote(
    connection: Connection,
    name: str | None,
    promoted_by: str,
    compared: Mapping[str, Any],
    *,
    forced: bool,
) -> int:
    """Make a version the one that labels; the promotion's number."""
    number: int = await connection.fetchval(
        "INSERT INTO model_promotion (name, promoted_by, compared, forced)"
        " VALUES ($1, $2, $3, $4) RETURNING id",
        name,
        promoted_by,
        compared,
        forced,
    )
    return number


async def take_back(connection: Connection, promotion_id: int, actor: str) -> None:
    """The version before this promotion labels again."""
    await connection.execute(
        "UPDATE model_promotion SET taken_back_at = now(), taken_back_by = $2 WHERE id = $1",
        promotion_id,
        actor,
    )


async def remove(connection: Connection, name: str, actor: str) -> None:
    """Forget that there is a version, which must not be the one that labels: no rollback comes to
    it any more, nor from a version to itself where it lay between. Its name and card stay for the
    labels that it gave."""
    await connection.execute(
        "UPDATE model_version SET removed_at = now() WHERE name = $1 AND removed_at IS NULL", name
    )
    await connection.execute(
        "UPDATE model_promotion SET taken_back_at = now(), taken_back_by = $2"
        " WHERE name = $1 AND taken_back_at IS NULL",
        name,
        actor,
    )
    await connection.execute(
        """
        UPDATE model_promotion p SET taken_back_at = now(), taken_back_by = $1
        WHERE taken_back_at IS NULL AND name IS NOT DISTINCT FROM (
            SELECT below.name FROM model_promotion below
            WHERE below.taken_back_at IS NULL AND below.id < p.id ORDER BY below.id DESC LIMIT 1)
        """,
        actor,
    )


async def report(
    connection: Connection, worker: str, model: str, problem: str | None, *, pinned: bool
) -> None:
    """Note what a worker labels with; workers that have ended are forgotten."""
    await connection.execute(
        "INSERT INTO model_worker (worker, model, problem, pinned) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (worker) DO UPDATE SET model = $2, problem = $3, pinned = $4, seen_at = now()",
        worker,
        model,
        problem,
        pinned,
    )
    await connection.execute(
        "DELETE FROM model_worker WHERE seen_at < now() - make_interval(secs => $1)", SEEN_WITHIN_S
    )


async def workers(connection: Connection) -> list[Runs]:
    """What every worker labels with that is at work."""
    rows = await connection.fetch(
        "SELECT worker, model, problem, pinned FROM model_worker"
        " WHERE seen_at > now() - make_interval(secs => $1) ORDER BY worker",
        SEEN_WITHIN_S,
    )
    return [Runs(*row.values()) for row in rows]
