"""What staff do with a case: take it, hand it over, move, correct, answer, note, erase.

Each takes the version that the caller has before their eyes, and answers with the case after it.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from hub.api.complaints import TextIn
from hub.api.fields import Code, Reason, Version
from hub.api.layer import Call, Route
from hub.flow import casework, converse, correct
from hub.flow.erase import erase_case
from hub.model.views import CaseView, MessageView
from hub.rules.views import audience_for, case_view
from hub.store import reading


class VersionIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The version that the caller has before their eyes."""

    version: Version


class MoveIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A move: where to, and what its guards ask for."""

    to: Code
    version: Version
    reason: Reason = ""
    target_ref: Annotated[str, Meta(max_length=20)] = ""


class AssigneeIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A colleague's id, or null to put the case back on the queue."""

    user: Annotated[int, Meta(ge=1, le=2**62)] | None
    version: Version


class LabelsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """What the labels should have been; ``reroute``: ask the rules again, even where a person had
    named the agency. Where no clock runs, the case stays where it is all the same."""

    version: Version
    service: Code | None = None
    intent: Code | None = None
    urgency: Code | None = None
    abuse: Code | None = None
    reroute: bool = False


class AgencyIn(Struct, frozen=True, forbid_unknown_fields=True):
    """The agency that should have it, and why."""

    version: Version
    agency: Code
    reason: Reason = ""


class EraseIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Why; it is kept with the case, so it must not name anybody."""

    reason: Reason


class AnswerIn(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to the reporter; ``resolve``: and with it the case is resolved."""

    text: Annotated[str, Meta(min_length=1, max_length=5_000)]
    version: Version
    resolve: bool = False


async def _now(call: Call) -> CaseView:
    """The case after what was just done to it; it may have left the caller's sight."""
    async with call.context.ground.db.acquire() as connection:
        [record] = await reading.records(connection, [call.path["id"]])
    return case_view(record, audience_for(call.me, record.agency))


async def take(call: Call) -> CaseView:
    """Work on it oneself."""
    await casework.take(call.context.ground, call.me, call.path["id"], call.body.version)
    return await _now(call)


async def assign(call: Call) -> CaseView:
    """Give it to a colleague, or put it back."""
    wanted: AssigneeIn = call.body
    await casework.assign(
        call.context.ground, call.me, call.path["id"], wanted.version, wanted.user
    )
    return await _now(call)


async def move(call: Call) -> CaseView:
    """Change its state."""
    wanted: MoveIn = call.body
    await casework.move(
        call.context.ground,
        call.me,
        call.path["id"],
        wanted.version,
        wanted.to,
        reason=wanted.reason,
        target_ref=wanted.target_ref.upper(),
    )
    return await _now(call)


async def relabel(call: Call) -> CaseView:
    """Correct its labels."""
    wanted: LabelsIn = call.body
    labels = {
        name: value
        for name in ("service", "intent", "urgency", "abuse")
        if (value := getattr(wanted, name)) is not None
    }
    await correct.correct_labels(
        call.context.ground,
        call.context.city,
        call.me,
        call.path["id"],
        wanted.version,
        labels,
        reroute=wanted.reroute,
    )
    return await _now(call)


async def undo(call: Call) -> CaseView:
    """Take back what one did last: a correction, a move, an assignment."""
    await correct.undo_last(
        call.context.ground, call.context.city, call.me, call.path["id"], call.body.version
    )
    return await _now(call)


async def reagency(call: Call) -> CaseView:
    """Give it to another agency."""
    wanted: AgencyIn = call.body
    await correct.correct_agency(
        call.context.ground,
        call.context.city,
        call.me,
        call.path["id"],
        wanted.version,
        wanted.agency,
        wanted.reason,
    )
    return await _now(call)


async def answer(call: Call) -> MessageView:
    """Answer the reporter."""
    wanted: AnswerIn = call.body
    return await converse.answer(
        call.context.ground,
        call.me,
        call.path["id"],
        wanted.version,
        wanted.text,
        resolve=wanted.resolve,
        key=call.key,
    )


async def note(call: Call) -> MessageView:
    """Leave a note for colleagues."""
    return await converse.note(
        call.context.ground, call.me, call.path["id"], call.body.text, key=call.key
    )


async def erase(call: Call) -> CaseView:
    """Erase the person behind the case."""
    await erase_case(
        call.context.ground, call.context.photos, call.me, call.path["id"], call.body.reason
    )
    return await _now(call)


def _act(
    path: str,
    handler: Any,
    summary: str,
    body: type[Struct],
    answer: Any = CaseView,
    status: int = 200,
    *,
    keyed: bool = False,
) -> Route:
    return Route(
        "POST",
        f"/cases/{{id}}/{path}",
        "case.work",
        handler,
        summary,
        body=body,
        answer=answer,
        status=status,
        keyed=keyed,
    )


ROUTES = [
    _act("take", take, "Take a case", VersionIn),
    _act("assignee", assign, "Hand a case over", AssigneeIn),
    _act("moves", move, "Change a case's state", MoveIn),
    _act("labels", relabel, "Correct labels", LabelsIn),
    _act("agency", reagency, "Correct the agency", AgencyIn),
    _act("undo", undo, "Undo what one did last", VersionIn),
    _act("answers", answer, "Answer the reporter", AnswerIn, MessageView, 201, keyed=True),
    _act("notes", note, "Leave a note", TextIn, MessageView, 201, keyed=True),
    Route(
        "POST",
        "/cases/{id}/erase",
        "person.erase",
        erase,
        "Erase the person behind a case",
        body=EraseIn,
        answer=CaseView,
    ),
]
