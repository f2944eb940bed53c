"""What is said on a case: answers to the reporter, notes among staff, the reporter's additions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from hub.flow import once
from hub.flow.casework import changing, summary, write
from hub.flow.ground import Change, Ground, change
from hub.model.errors import BadInput, Conflict
from hub.model.facts import digest
from hub.model.items import composed
from hub.model.kinds import KINDS
from hub.model.people import REPORTER, Principal
from hub.model.views import MessageView
from hub.rules.moves import check_move, takes_additions
from hub.rules.views import rfc3339
from hub.store import cases, clock
from hub.store.cases import LockedCase

MAX_MESSAGE_CHARS = 5_000


@dataclass(frozen=True, slots=True)
class _Words:
    """What somebody says on a case; ``key``: the client's idempotency key."""

    kind: Literal["answer", "note", "addition"]
    text: str
    key: str | None
    author: int | None = None
    author_name: str | None = None
    resolve: bool = False

    def sent(self, case_id: int) -> bytes:
        """All that makes two requests the same."""
        return msgspec.json.encode([self.kind, case_id, self.author, self.text, self.resolve])

    def view(self, case_id: int, message_id: int, at: str) -> MessageView:
        return MessageView(message_id, case_id, self.kind, at, self.text, self.author_name)


async def answer(
    ground: Ground,
    who: Principal,
    case_id: int,
    version: int,
    text: str,
    *,
    resolve: bool,
    key: str | None = None,
) -> MessageView:
    """Answer the reporter, and, if asked, call the case resolved with it.

    The same again under the same ``key`` is answered as the first time, whatever the version. Raises
    BadInput for an empty or overlong text, Conflict when the state forbids resolving.
    """
    _check_text(text)
    words = _Words("answer", composed(text), key, who.user_id, who.name, resolve)
    async with changing(ground, who, case_id, None, "case.work") as (tx, case):
        if before := await _said_before(tx, case, words):
            return before
        if version != case.version:
            raise Conflict("case.version", version=case.version)
        changed: dict[str, object] = {"answers": case.answers + 1}
        if resolve and case.state != "resolved":
            check_move(case.kind, case.state, "resolved", has_answer=True)
            changed["state"] = "resolved"
            changed["closed_at"] = await clock.now(tx.connection)
        new_version = await cases.update(tx.connection, case.id, **changed)
        changed.pop("closed_at", None)
        return await _say(tx, case, new_version, words, changed)


async def note(
    ground: Ground, who: Principal, case_id: int, text: str, *, key: str | None = None
) -> MessageView:
    """A note for colleagues only: no other audience's view ever holds it. ``key``: as for an answer."""
    _check_text(text)
    words = _Words("note", composed(text), key, who.user_id, who.name)
    async with changing(ground, who, case_id, None, "case.work") as (tx, case):
        if before := await _said_before(tx, case, words):
            return before
        return await _say(tx, case, case.version, words, {})


async def add(ground: Ground, ref: str, text: str, *, key: str | None = None) -> MessageView:
    """The reporter adds something. A case that waited for them goes back to its agency; so does one
    that was resolved or closed, onto the queue, since nobody looks at it any more, with as much time
    as it had at first. ``key``: as for an answer.

    Raises Conflict ``case.no_longer_open`` where nobody would read it (``takes_additions``).
    """
    _check_text(text)
    words = _Words("addition", composed(text), key)
    async with change(ground, REPORTER) as tx:
        case = await cases.lock_by_ref(tx.connection, ref)
        if before := await _said_before(tx, case, words):
            return before
        now = await clock.moment(tx.connection)
        if case.erased or not takes_additions(case.kind, case.state, case.closed_at, now):
            raise Conflict("case.no_longer_open", state=case.state)
        changed: dict[str, Any] = {}
        if case.state == "waiting":
            changed = {"state": "in_progress" if case.assignee else "queued"}
        elif case.state not in KINDS[case.kind].open:
            changed = {"state": "queued", "assignee": None}
            if case.deadline_at is not None:  # as long again as it had at first
                again = now + (case.deadline_at - case.received_at)
                changed |= {"deadline_at": again, "overdue": False}
        version = case.version
        if changed:
            check_move(
                case.kind, case.state, changed["state"], agency=case.agency, is_reporter=True
            )
            version = await write(tx, case, "case.moved", **changed)
        return await _say(tx, case, version, words, changed)


async def _said_before(tx: Change, case: LockedCase, words: _Words) -> MessageView | None:
    """The same words under the same key, if they were said already. Raises Conflict
    ``idempotency.mismatch``."""
    if words.key is None:
        return None
    answered = await once.answer_of(tx.connection, words.key, words.sent(case.id))
    if answered is None:
        return None
    return words.view(case.id, *msgspec.json.decode(answered, type=tuple[int, str]))


async def _say(
    tx: Change, case: LockedCase, version: int, words: _Words, changed: dict[str, object]
) -> MessageView:
    salt = secrets.token_bytes(16)
    message_id, created_at = await cases.add_message(
        tx.connection, case.id, words.kind, words.author, words.text, salt
    )
    at = rfc3339(created_at)
    fact = "case.answered" if words.kind == "answer" else "case.noted"
    told = {
        "message": message_id,
        "message_kind": words.kind,
        "text_digest": digest(salt, words.text),
    }
    tx.record(
        fact,
        "case",
        case.id,
        version,
        summary(case, **changed, from_state=case.state, **told),
    )
    if words.key is not None:
        kept = msgspec.json.encode((message_id, at))
        await once.keep(tx.connection, words.key, words.sent(case.id), kept)
    return words.view(case.id, message_id, at)


def _check_text(text: str) -> None:
    if not text.strip():
        raise BadInput("text.empty", field="text")
    if len(text) > MAX_MESSAGE_CHARS:
        raise BadInput("text.too_long", field="text", limit=MAX_MESSAGE_CHARS)
