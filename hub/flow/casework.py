"""Work on a case: take it, hand it over, move it from state to state.

Every change locks the case, asks ``hub.rules.permissions`` under that lock (the case may have changed
hands meanwhile), refuses a version that is not the newest, and leaves one fact with the case's new
absolute values.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from hub.flow.ground import Change, Ground, change
from hub.model.errors import BadInput, Conflict, NotFound
from hub.model.facts import digest
from hub.model.kinds import KINDS
from hub.model.people import REPORTER, Principal
from hub.rules.moves import check_move
from hub.rules.permissions import may
from hub.rules.routing import SENT_BACK
from hub.store import cases, clock, people
from hub.store.cases import LockedCase

KEPT = ("agency", "rule", "deadline_at", "overdue", "state", "assignee")
"""Of what a fact tells how it stood before, too, so that it can be put back (``hub.flow.correct``)."""

_SUMMARY = (
    "ref",
    "kind",
    "state",
    "mark",
    "agency",
    "previous_agency",
    "assignee",
    "rule",
    "deadline_at",
    "answers",
    "area",
    "district",
    "service",
    "intent",
    "urgency",
)


def summary(case: LockedCase, **changed: Any) -> dict[str, Any]:
    """A case's codes and absolute values as a fact tells them, after ``changed``."""
    values = {name: getattr(case, name, None) for name in _SUMMARY} | changed
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


@asynccontextmanager
async def changing(
    ground: Ground, who: Principal, case_id: int, version: int | None, action: str
) -> AsyncIterator[tuple[Change, LockedCase]]:
    """A transaction on one locked case that ``who`` may change.

    Raises NotFound where the case is not for these eyes, Conflict ``case.version`` where it has moved
    on since ``version`` was read.
    """
    async with change(ground, who.actor) as tx:
        case = await cases.lock(tx.connection, case_id)
        if not may(who, action, agency=case.agency):
            raise NotFound("case.not_found")
        if version is not None and version != case.version:
            raise Conflict("case.version", version=case.version)
        yield tx, case


async def take(ground: Ground, who: Principal, case_id: int, version: int) -> int:
    """Work on it oneself; returns the new version.

    Raises Conflict ``case.taken`` when somebody else has it (assign it over instead).
    """
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        if case.assignee not in (None, who.user_id) and case.state == "in_progress":
            raise Conflict("case.taken", assignee=case.assignee)
        if case.state == "in_progress" and case.assignee == who.user_id:
            return case.version
        agency = case.agency
        if agency is None:
            raise Conflict("move.needs_agency")
        if case.state != "in_progress":
            check_move(case.kind, case.state, "in_progress", agency=agency)
        return await write(tx, case, "case.assigned", state="in_progress", assignee=who.user_id)


async def assign(
    ground: Ground, who: Principal, case_id: int, version: int, user_id: int | None
) -> int:
    """Give it to a colleague of the case's agency, or (None) put it back on the queue.

    Raises BadInput ``assignee.not_in_agency``.
    """
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        if user_id is not None:
            colleague = await people.principal(tx.connection, user_id)
            if colleague is None or not may(colleague, "case.work", agency=case.agency):
                raise BadInput("assignee.not_in_agency")
        state = case.state
        if user_id is None and state == "in_progress":
            state = "queued"
            check_move(case.kind, case.state, state, agency=case.agency)
        return await write(tx, case, "case.assigned", state=state, assignee=user_id)


async def move(
    ground: Ground,
    who: Principal,
    case_id: int,
    version: int,
    target: str,
    *,
    reason: str = "",
    target_ref: str = "",
) -> int:
    """Change its state; ``reason`` is kept as a note that can be erased, its digest in the fact.

    Raises Conflict ``move.not_allowed`` and BadInput for a guard that does not hold.
    """
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        check_move(
            case.kind,
            case.state,
            target,
            reason=reason,
            agency=case.agency,
            has_answer=case.answers > 0,
            target_ref=target_ref,
        )
        changed: dict[str, Any] = {"state": target}
        if target == "merged":
            changed |= await _join(tx, who, case, target_ref)
        if target == "in_progress":
            changed["assignee"] = who.user_id
        if target in ("queued", "triage"):
            changed["assignee"] = None
        if target == "triage":
            changed |= {"agency": None, "previous_agency": case.agency, "rule": SENT_BACK}
        return await write(tx, case, "case.moved", note=reason, author=who.user_id, **changed)


async def withdraw(ground: Ground, ref: str) -> int:
    """The reporter takes the complaint back (the caller has checked the private link).

    Others who reported the same did not: what was merged into it is open again, each on its own.
    """
    async with change(ground, REPORTER) as tx:
        case = await cases.lock_by_ref(tx.connection, ref)
        check_move(case.kind, case.state, "withdrawn", is_reporter=True)
        for double in await cases.lock_merged_into(tx.connection, case.id):
            state = "queued" if double.agency else "triage"
            await write(tx, double, "case.moved", state=state, assignee=None)
        return await write(tx, case, "case.moved", state="withdrawn")


async def _join(tx: Change, who: Principal, case: LockedCase, ref: str) -> dict[str, Any]:
    """What changes of a case that is merged into the one called ``ref``: open to the same eyes, neither
    merged nor withdrawn itself, and a sample only where this is one.

    That one becomes a new version too, so that an answer begun before cannot reach, unread by whoever
    wrote it, a reporter whom it was not meant for.

    Raises Conflict when somebody changes that one at this moment: two that are merged into each
    other at once would wait for each other.
    """
    try:
        target = await cases.lock_by_ref(tx.connection, ref, wait=False)
    except NotFound:
        raise BadInput("merge.unknown_target", field="target_ref") from None
    if not may(who, "case.read", agency=target.agency):
        raise BadInput("merge.unknown_target", field="target_ref")
    over = target.state in ("merged", "withdrawn")
    if target.id == case.id or over or target.mark != case.mark:
        raise BadInput("merge.bad_target", field="target_ref")
    await write(tx, target, "case.joined")
    return {"merged_into": target.id, "closed_at": await clock.moment(tx.connection)}


async def write(
    tx: Change,
    case: LockedCase,
    fact: str,
    *,
    note: str = "",
    author: int | None = None,
    more: Mapping[str, Any] | None = None,
    **changed: Any,
) -> int:
    """Store the changed columns and tell of them and what stood before, of ``more`` that is no column
    of a case, and of the note that explains them, if any; the case's new version."""
    before = {f"{name}_before": getattr(case, name) for name in KEPT if name in changed}
    state = changed.get("state", case.state)
    if state != case.state:
        is_open = state in KINDS[case.kind].open
        if is_open:
            changed["closed_at"] = None
        elif "closed_at" not in changed:
            changed["closed_at"] = await clock.now(tx.connection)
        if is_open and case.state in ("resolved", "closed", "merged"):
            changed["merged_into"] = None
    version = await cases.update(tx.connection, case.id, **changed)
    told: dict[str, Any] = {"from_state": case.state, **before, **(more or {})}
    if note:
        salt = secrets.token_bytes(16)
        message_id, _ = await cases.add_message(tx.connection, case.id, "note", author, note, salt)
        told |= {"message": message_id, "text_digest": digest(salt, note)}
    values = {k: v for k, v in changed.items() if k != "closed_at"}
    tx.record(fact, "case", case.id, version, summary(case, **values, **told))
    return version
