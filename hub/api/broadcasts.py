"""Writing and approving broadcasts."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hub.api.fields import Code, Reason, Version
from hub.api.layer import Call, Route
from hub.flow import broadcast
from hub.model.broadcasts import BroadcastRecord, Content
from hub.model.errors import NotFound
from hub.rules.views import rfc3339
from hub.store import broadcasts

Words = dict[str, Annotated[str, Meta(max_length=2_000)]]
SHOWN = 100


class BroadcastIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be sent. ``headline``, ``text``: language → words. ``areas`` empty: the whole city."""

    severity: Code
    headline: Words
    text: Words
    areas: Annotated[list[Code], Meta(max_length=100)]
    expires_in_min: Annotated[int, Meta(ge=1, le=100_000)]
    exercise: bool = False


class BroadcastEdit(BroadcastIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, with the version that the writer has before their eyes."""

    version: Version


class BroadcastMove(Struct, frozen=True, forbid_unknown_fields=True):
    """``content_hash``: of exactly what the person read before deciding."""

    to: Code
    version: Version
    content_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    reason: Reason = ""


class BroadcastInfo(Struct, frozen=True):
    """A broadcast with everything that its writers and approvers need."""

    id: int
    version: int
    state: str
    severity: str
    headline: dict[str, str]
    text: dict[str, str]
    areas: list[str]
    expires_at: str | None
    expires_in_min: int
    exercise: bool
    content_hash: str
    created_by_name: str | None
    edited_by: list[int]
    submitted_at: str | None
    approved_by_name: str | None
    sent_at: str | None
    reason: str | None
    mark: str | None


async def list_broadcasts(call: Call) -> list[BroadcastInfo]:
    """The newest hundred."""
    async with call.context.ground.db.acquire() as connection:
        return [_info(record) for record in await broadcasts.newest(connection, SHOWN)]


async def write(call: Call) -> BroadcastInfo:
    """Write a draft."""
    broadcast_id = await broadcast.draft(
        call.context.ground, call.context.city, call.me, _content(call.body), call.mark
    )
    return await _show(call, broadcast_id)


async def edit(call: Call) -> BroadcastInfo:
    """Change a draft, or one that was returned."""
    wanted: BroadcastEdit = call.body
    await broadcast.edit(
        call.context.ground,
        call.context.city,
        call.me,
        call.path["id"],
        wanted.version,
        _content(wanted),
    )
    return await _show(call, call.path["id"])


async def move(call: Call) -> BroadcastInfo:
    """Submit, take back, return, approve or cancel."""
    wanted: BroadcastMove = call.body
    await broadcast.move(
        call.context.ground,
        call.me,
        call.path["id"],
        wanted.version,
        wanted.to,
        wanted.content_hash,
        wanted.reason,
    )
    return await _show(call, call.path["id"])


async def _show(call: Call, broadcast_id: int) -> BroadcastInfo:
    async with call.context.ground.db.acquire() as connection:
        found = await broadcasts.records(connection, [broadcast_id])
    if not found:
        raise NotFound("broadcast.not_found")
    return _info(found[0])


def _content(wanted: BroadcastIn) -> Content:
    return Content(
        wanted.severity,
        wanted.headline,
        wanted.text,
        tuple(sorted(set(wanted.areas))),
        wanted.expires_in_min,
        wanted.exercise,
    )


def _info(record: BroadcastRecord) -> BroadcastInfo:
    content = record.content
    return BroadcastInfo(
        record.id,
        record.version,
        record.state,
        content.severity,
        content.headline,
        content.text,
        list(content.areas),
        rfc3339(record.expires_at) if record.expires_at else None,
        content.expires_in_min,
        content.exercise,
        record.content_hash,
        record.author_name,
        list(record.editors),
        rfc3339(record.submitted_at) if record.submitted_at else None,
        record.approved_by_name,
        rfc3339(record.sent_at) if record.sent_at else None,
        record.reason,
        record.mark,
    )


ROUTES = [
    Route(
        "GET",
        "/broadcasts",
        "broadcast.read",
        list_broadcasts,
        "Broadcasts",
        answer=list[BroadcastInfo],
    ),
    Route(
        "POST",
        "/broadcasts",
        "broadcast.write",
        write,
        "Write a broadcast",
        body=BroadcastIn,
        answer=BroadcastInfo,
        status=201,
    ),
    Route(
        "PATCH",
        "/broadcasts/{id}",
        "broadcast.write",
        edit,
        "Edit a broadcast",
        body=BroadcastEdit,
        answer=BroadcastInfo,
    ),
    Route(
        "POST",
        "/broadcasts/{id}/moves",
        "broadcast.read",  # which move is whose is asked in the flow
        move,
        "Submit, take back, return, approve or cancel a broadcast",
        body=BroadcastMove,
        answer=BroadcastInfo,
    ),
]
