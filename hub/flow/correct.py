"""Correct: a person says what the label or the agency should have been; the model learns from it.
And undo: what one did last to a case is taken back, be it a correction or a move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.flow.casework import KEPT, changing, write
from hub.flow.city import City, CityNow
from hub.flow.deliver import tell_agencies
from hub.flow.ground import Change, Ground
from hub.model.errors import BadInput, Conflict
from hub.model.kinds import KINDS
from hub.model.labels import ABUSE, INTENTS, SERVICES, URGENCIES
from hub.model.people import Principal
from hub.model.rulebook import RuleBook
from hub.rules.moves import check_move
from hub.rules.permissions import may
from hub.rules.routing import SURE_INTENT, Decision, Question, deadline_of, decide
from hub.store import cases, log, people
from hub.store.cases import LockedCase

BY_HAND = "by_hand"
"""In place of a rule's id: a person named the agency."""

_CHANGED = (*cases.HEADS, *KEPT)
"""What the facts that can be undone tell of as it stood before."""
_UNDONE = ("case.relabelled", "case.rerouted", "case.assigned", "case.moved")

_KNOWN = {"service": SERVICES, "intent": INTENTS, "urgency": URGENCIES, "abuse": ABUSE}


async def correct_labels(
    ground: Ground,
    city: CityNow,
    who: Principal,
    case_id: int,
    version: int,
    labels: dict[str, str],
    *,
    reroute: bool,
) -> int:
    """Set service, intent, urgency or abuse to what a person says; the case's new version.

    ``reroute``: ask the rules again with the new labels, even where a person had named the agency.
    Where no clock runs, since one waits for the reporter or is done, the case stays where it is.
    Raises BadInput ``label.unknown``; Conflict while the labels of an edit are on their way to the
    case.
    """
    for field, code in labels.items():
        if code not in _KNOWN[field]:
            raise BadInput("label.unknown", field=field)
    if not labels:
        raise BadInput("label.none", field="service")
    now = city.now
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        await cases.correct_labels(tx.connection, case.item_id, labels)
        columns: dict[str, Any] = {}
        if reroute and case.state in KINDS[case.kind].clock:
            columns = by_rules(case, decide(now.book, now.calendar, _question(case, labels)))
        return await _correct(tx, now, case, columns, labels=labels, by_book=bool(columns))


async def correct_agency(
    ground: Ground,
    city: CityNow,
    who: Principal,
    case_id: int,
    version: int,
    agency: str,
    reason: str,
) -> int:
    """Give the case to another agency; the new version. It keeps its deadline; one that never had any,
    since no rule decided, gets the rules' for such a case. Raises BadInput ``agency.unknown``."""
    now = city.now
    if now.book.agency(agency) is None:
        raise BadInput("agency.unknown", field="agency")
    if not reason.strip():
        raise BadInput("move.needs_reason", field="reason")
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        if agency == case.agency:
            raise BadInput("agency.same", field="agency")
        columns = _to_agency(case, agency, BY_HAND)
        if case.deadline_at is None:
            question = _question(case, {})
            columns["deadline_at"] = deadline_of(now.book, now.calendar, question, agency)
        return await _correct(tx, now, case, columns, note=reason, author=who.user_id)


async def undo_last(
    ground: Ground, city: CityNow, who: Principal, case_id: int, version: int
) -> int:
    """Take back one's own correction, move or assignment, the last thing that was done to the case;
    the new version. Labels, agency, rule, deadline, state and assignee are what they were.

    Raises Conflict ``undo.too_late`` where it was something else or somebody else's, where the case was
    not open before, where the rule book no longer has that agency, or where who undoes it could not put
    it back; Conflict ``move.not_allowed`` where no declared move leads back; Conflict as
    ``correct_labels`` does; BadInput ``assignee.not_in_agency``.
    """
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        told = await log.of_version(tx.connection, "case", case_id, version)
        mine = next((one for one in told if one.type in _UNDONE and one.actor == who.actor), None)
        if mine is None:
            raise Conflict("undo.too_late")
        before = {
            name: mine.data[f"{name}_before"] for name in _CHANGED if f"{name}_before" in mine.data
        }
        labels = {head: before.pop(head) for head in cases.HEADS if head in before}
        if "state" in before:
            await _check_way_back(tx, city.now.book, who, case, before)
        if "agency" in before:
            before["previous_agency"] = case.agency
        if before.get("deadline_at"):
            before["deadline_at"] = datetime.fromisoformat(before["deadline_at"])
        if labels:
            await cases.correct_labels(tx.connection, case.item_id, labels, undo=True)
        return await _correct(tx, city.now, case, before, labels=labels, fact="case.restored")


async def _check_way_back(
    tx: Change, book: RuleBook, who: Principal, case: LockedCase, before: dict[str, Any]
) -> None:
    """Whether ``who`` may put the case back to an agency, a state and a colleague there."""
    agency, state = before.get("agency", case.agency), before["state"]
    assignee = before.get("assignee")
    gone = agency is not None and book.agency(agency) is None
    if gone or not may(who, "case.work", agency=agency) or state not in KINDS[case.kind].open:
        raise Conflict("undo.too_late")
    if state != case.state:
        way = KINDS[case.kind].move(case.state, state)
        if way is not None and "reporter" in way.guards:  # only they say that it is not over
            raise Conflict("undo.too_late")
        check_move(case.kind, case.state, state, agency=agency, reason="case.restored")
    if assignee is not None:
        colleague = await people.principal(tx.connection, assignee)
        if colleague is None or not may(colleague, "case.work", agency=agency):
            raise BadInput("assignee.not_in_agency")


def by_rules(case: LockedCase, decision: Decision) -> dict[str, Any]:
    """The columns of a case that the rules change. With the agency that has it, it keeps its state
    and who works on it; one that a person named stays named by them."""
    same_agency = decision.agency == case.agency
    if same_agency and (decision.rule == case.rule or (case.rule == BY_HAND and case.agency)):
        return {}
    columns = {"rule": decision.rule, "deadline_at": decision.deadline_at, "overdue": False}
    return columns if same_agency else _to_agency(case, decision.agency, decision.rule) | columns


def _to_agency(case: LockedCase, agency: str | None, rule: str) -> dict[str, Any]:
    """The columns of a case that changes hands: it begins anew on the other's queue."""
    state = "queued" if agency else "triage"
    if state != case.state:
        check_move(case.kind, case.state, state, agency=agency, reason=rule)
    return {
        "agency": agency,
        "previous_agency": case.agency,
        "rule": rule,
        "state": state,
        "assignee": None,
    }


async def _correct(
    tx: Change,
    city: City,
    case: LockedCase,
    columns: dict[str, Any],
    *,
    labels: Mapping[str, str | None] | None = None,
    fact: str | None = None,
    by_book: bool = False,
    **note: Any,
) -> int:
    """Write a correction with what stood before it; the agency is told of a case that comes to it.
    ``by_book``: the rules named the columns, and which version of their book did is told as well."""
    moved = "agency" in columns
    corrected = labels or {}
    before = {f"{head}_before": getattr(case, head) for head in corrected}
    # Not as ``config``: that is of what the rules made of the model's labels (hub.store.lessons).
    book = {"book": city.version} if by_book else {}
    version = await write(
        tx,
        case,
        fact or ("case.rerouted" if moved else "case.relabelled"),
        more={**corrected, **before, **book},
        **columns,
        **note,
    )
    if moved:
        await tell_agencies(tx, city.book, [(case.id, columns["agency"], version, case.mark)])
    return version


def _question(case: LockedCase, labels: Mapping[str, Any]) -> Question:
    """As a new item is asked about, but that a person has looked at it."""
    sure = (case.intent_confidence or 0.0) >= SURE_INTENT
    return Question(
        kind=case.kind,
        service=labels.get("service", case.service) or "other",
        intent=labels.get("intent", case.intent if sure else None),
        urgency=labels.get("urgency", case.urgency) or "normal",
        abstain=False,
        district=case.district,
        received_at=case.received_at,
    )
