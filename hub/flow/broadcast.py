"""Broadcast: written by one person, approved by another for exactly that content, then sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from hub.flow.city import CityNow
from hub.flow.ground import Change, Ground, change
from hub.model.broadcasts import BroadcastRecord, Content
from hub.model.errors import Conflict, Forbidden
from hub.model.people import Principal
from hub.rules.alerts import SUBMITTED_FOR, check_content, content_hash
from hub.rules.moves import check_move
from hub.rules.permissions import may
from hub.store import broadcasts, clock

BROADCAST = "broadcast"
"""The bell's channel that wakes the broadcast lane."""


async def draft(
    ground: Ground, city: CityNow, who: Principal, content: Content, mark: str | None = None
) -> int:
    """Write a new one; its id. Raises BadInput for content that may not be sent."""
    _require(who, "broadcast.write")
    check_content(content, _districts(city))
    async with change(ground, who.actor) as tx:
        hashed = content_hash(content)
        broadcast_id = await broadcasts.add(tx.connection, content, hashed, who.user_id, mark)
        tx.record(
            "broadcast.drafted",
            "broadcast",
            broadcast_id,
            1,
            {"state": "draft", "severity": content.severity, "content_hash": hashed, "mark": mark},
        )
    return broadcast_id


async def edit(
    ground: Ground,
    city: CityNow,
    who: Principal,
    broadcast_id: int,
    version: int,
    content: Content,
) -> int:
    """Change the content while it is being written; the new version.

    Whoever edits is remembered and may not approve. Raises Conflict ``broadcast.not_editable`` once
    it is submitted: take it back, or have it returned, first.
    """
    check_content(content, _districts(city))
    async with _changing(ground, who, broadcast_id, version, "broadcast.write") as (tx, old):
        if old.state not in ("draft", "returned"):
            raise Conflict("broadcast.not_editable", state=old.state)
        hashed = content_hash(content)
        return await _write(
            tx,
            old,
            "broadcast.edited",
            severity=content.severity,
            headline=content.headline,
            text=content.text,
            areas=list(content.areas),
            expires_in_min=content.expires_in_min,
            exercise=content.exercise,
            content_hash=hashed,
            editors=sorted({*old.editors, who.user_id}),
        )


async def move(
    ground: Ground,
    who: Principal,
    broadcast_id: int,
    version: int,
    target: str,
    seen_hash: str,
    reason: str = "",
) -> int:
    """Submit, take back, return, approve or cancel; the new version.

    ``seen_hash``: the content hash of what the person had before their eyes. Approval needs somebody
    who has neither written nor edited it, and a hash equal to what is stored. Raises Forbidden
    ``move.needs_other_person``, Conflict ``move.changed_content``.
    """
    action = {
        "draft": "broadcast.write",
        "submitted": "broadcast.write",
        "approved": "broadcast.approve",
        "returned": "broadcast.approve",
        "cancelled": "broadcast.cancel",
    }.get(target)
    if action is None:
        raise Conflict("move.not_allowed", target=target)
    async with _changing(ground, who, broadcast_id, version, action) as (tx, old):
        if seen_hash != old.content_hash:
            raise Conflict("move.changed_content")
        check_move(
            "broadcast",
            old.state,
            target,
            reason=reason,
            is_author=may(who, "broadcast.write"),
            is_other_person=who.user_id not in {*old.editors, old.author, old.submitted_by},
            is_same_content=seen_hash == old.content_hash,
        )
        now = await clock.now(tx.connection)
        columns: dict[str, Any] = {"state": target, "reason": reason.strip() or None}
        if target == "draft":
            columns |= {"submitted_by": None, "submitted_at": None}
        if target == "submitted":
            columns |= {"submitted_by": who.user_id, "submitted_at": now}
        if target == "approved":
            columns |= {
                "approved_by": who.user_id,
                "approved_at": now,
                "approved_hash": old.content_hash,
            }
        return await _write(tx, old, "broadcast.moved", **columns)


async def carry_on(ground: Ground, broadcast_id: int) -> bool:
    """Take one broadcast a step on its own way: send what is approved, end what has expired.

    Safe to repeat and to kill at any point: each step is one transaction under the row's lock. True
    if something was done.
    """
    async with change(ground) as tx:
        old = await broadcasts.lock(tx.connection, broadcast_id)
        now = await clock.now(tx.connection)
        columns: dict[str, Any]
        if old.state == "approved" and _ends_at(old) <= now:
            columns = {"state": "expired"}  # it never went out: what it says is over
        elif old.state == "approved":
            if old.approved_hash != old.content_hash or content_hash(old.content) != (
                old.content_hash
            ):
                raise Conflict("move.changed_content")
            columns = {"state": "sending", "sent_at": now, "expires_at": _ends_at(old)}
        elif old.state == "sending":
            columns = {"state": "done"}
        elif old.expires_at is not None and old.expires_at <= now and old.state == "done":
            columns = {"state": "expired"}
        elif old.state == "submitted" and _lapsed(old, now):
            columns = {"state": "expired"}
        else:
            return False
        check_move("broadcast", old.state, columns["state"], is_system=True)
        await _write(tx, old, "broadcast.moved", **columns)
    return True


def _ends_at(old: BroadcastRecord) -> datetime:
    """Until when an approved one is valid: from when somebody decided, however late it goes out."""
    if old.approved_at is None:
        raise ValueError("a broadcast that nobody approved has no end")
    return old.approved_at + timedelta(minutes=old.content.expires_in_min)


def _lapsed(old: BroadcastRecord, now: datetime) -> bool:
    """Whether nobody has decided for so long that what it warns of must be over."""
    return old.submitted_at is not None and old.submitted_at <= now - SUBMITTED_FOR


def _districts(city: CityNow) -> set[str]:
    """Where a broadcast may go: pages know only which district somebody has chosen."""
    return {area.code for area in city.now.index.districts}


def _require(who: Principal, action: str) -> None:
    if not may(who, action):
        raise Forbidden()


@asynccontextmanager
async def _changing(
    ground: Ground, who: Principal, broadcast_id: int, version: int, action: str
) -> AsyncIterator[tuple[Change, BroadcastRecord]]:
    _require(who, action)
    async with change(ground, who.actor) as tx:
        old = await broadcasts.lock(tx.connection, broadcast_id)
        if old.version != version:
            raise Conflict("broadcast.version", version=old.version)
        yield tx, old


async def _write(tx: Change, old: BroadcastRecord, fact: str, **columns: Any) -> int:
    version = await broadcasts.update(tx.connection, old.id, **columns)
    data = {
        "state": columns.get("state", old.state),
        "from_state": old.state,
        "severity": columns.get("severity", old.content.severity),
        "content_hash": columns.get("content_hash", old.content_hash),
        "mark": old.mark,
    }
    tx.record(fact, "broadcast", old.id, version, data)
    tx.wake(BROADCAST)
    return version
