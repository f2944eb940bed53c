"""What is said on a case: answers to the reporter, notes among staff, the reporter's additions."""

from __future__ import annotations

import secrets

from hub.flow.casework import changing, summary
from hub.flow.ground import Change, Ground, change
from hub.model.errors import BadInput, Conflict
from hub.model.facts import digest
from hub.model.items import composed
from hub.model.people import REPORTER, Principal
from hub.model.views import MessageView
from hub.rules.moves import check_move
from hub.rules.views import rfc3339
from hub.store import cases, clock
from hub.store.cases import LockedCase

MAX_MESSAGE_CHARS = 5_000


async def answer(
    ground: Ground, who: Principal, case_id: int, version: int, text: str, *, resolve: bool
) -> MessageView:
    """Answer the reporter, and, if asked, call the case resolved with it.

    Raises BadInput for an empty or overlong text, Conflict when the state forbids resolving.
    """
    _check_text(text)
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        changed: dict[str, object] = {"answers": case.answers + 1}
        if resolve and case.state != "resolved":
            check_move(case.kind, case.state, "resolved", has_answer=True)
            changed["state"] = "resolved"
            changed["closed_at"] = await clock.now(tx.connection)
        new_version = await cases.update(tx.connection, case.id, **changed)
        changed.pop("closed_at", None)
        return await _say(tx, case, new_version, "answer", who.user_id, who.name, text, changed)


async def note(ground: Ground, who: Principal, case_id: int, text: str) -> MessageView:
    """A note for colleagues only: no other audience's view ever holds it."""
    _check_text(text)
    async with changing(ground, who, case_id, None, "case.work") as (tx, case):
        return await _say(tx, case, case.version, "note", who.user_id, who.name, text, {})


async def add(ground: Ground, ref: str, text: str) -> MessageView:
    """The reporter adds something; a case that waited for them goes back to its agency."""
    _check_text(text)
    async with change(ground, REPORTER) as tx:
        case = await cases.lock_by_ref(tx.connection, ref)
        if case.state in ("withdrawn", "merged"):
            raise Conflict("case.no_longer_open", state=case.state)
        version = case.version
        changed: dict[str, object] = {}
        if case.state == "waiting":
            changed["state"] = "in_progress" if case.assignee else "queued"
            version = await cases.update(tx.connection, case.id, **changed)
        return await _say(tx, case, version, "addition", None, None, text, changed)


async def _say(
    tx: Change,
    case: LockedCase,
    version: int,
    kind: str,
    author: int | None,
    author_name: str | None,
    text: str,
    changed: dict[str, object],
) -> MessageView:
    text, salt = composed(text), secrets.token_bytes(16)
    message_id, at = await cases.add_message(tx.connection, case.id, kind, author, text, salt)
    fact = "case.answered" if kind == "answer" else "case.noted"
    told = {"message": message_id, "message_kind": kind, "text_digest": digest(salt, text)}
    tx.record(
        fact,
        "case",
        case.id,
        version,
        summary(case, **changed, from_state=case.state, **told),
    )
    return MessageView(
        id=message_id,
        case=case.id,
        kind=kind,  # type: ignore[arg-type]  # one of the three, by the callers above
        at=rfc3339(at),
        text=text,
        author_name=author_name,
    )


def _check_text(text: str) -> None:
    if not text.strip():
        raise BadInput("text.empty", field="text")
    if len(text) > MAX_MESSAGE_CHARS:
        raise BadInput("text.too_long", field="text", limit=MAX_MESSAGE_CHARS)
