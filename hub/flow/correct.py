"""Correct: a person says what the label or the agency should have been; the model learns from it."""

from __future__ import annotations

import secrets
from typing import Any

from hub.flow.casework import changing, summary
from hub.flow.city import CityNow
from hub.flow.deliver import tell_agencies
from hub.flow.ground import Ground
from hub.model.errors import BadInput
from hub.model.facts import digest
from hub.model.labels import ABUSE, INTENTS, SERVICES, URGENCIES
from hub.model.people import Principal
from hub.rules.moves import check_move
from hub.rules.routing import Question, decide
from hub.store import cases
from hub.store.cases import LockedCase

BY_HAND = "by_hand"
"""In place of a rule's id: a person named the agency."""

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

    ``reroute``: ask the rules again with the new labels. Raises BadInput ``label.unknown``.
    """
    for field, code in labels.items():
        if code not in _KNOWN[field]:
            raise BadInput("label.unknown", field=field)
    if not labels:
        raise BadInput("label.none", field="service")
    now = city.now
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        await cases.correct_labels(tx.connection, case.item_id, labels)
        changed: dict[str, Any] = dict(labels)
        columns: dict[str, Any] = {}
        if reroute:
            decision = decide(now.book, now.calendar, _question(case, changed))
            if decision.agency != case.agency or case.state == "triage":
                columns = _to_agency(case, decision.agency, decision.rule)
                columns |= {"deadline_at": decision.deadline_at, "overdue": False}
        new_version = await cases.update(tx.connection, case.id, **columns)
        before = {f"{field}_before": getattr(case, field) for field in labels}
        tx.record(
            "case.rerouted" if columns else "case.relabelled",
            "case",
            case.id,
            new_version,
            summary(case, **changed, **columns, **before, from_state=case.state),
        )
        if columns:
            await tell_agencies(
                tx, now.book, [(case.id, columns["agency"], new_version, case.mark)]
            )
    return new_version


async def correct_agency(
    ground: Ground,
    city: CityNow,
    who: Principal,
    case_id: int,
    version: int,
    agency: str,
    reason: str,
) -> int:
    """Give the case to another agency; the new version. Raises BadInput ``agency.unknown``."""
    if city.now.book.agency(agency) is None:
        raise BadInput("agency.unknown", field="agency")
    if not reason.strip():
        raise BadInput("move.needs_reason", field="reason")
    async with changing(ground, who, case_id, version, "case.work") as (tx, case):
        if agency == case.agency:
            raise BadInput("agency.same", field="agency")
        columns = _to_agency(case, agency, BY_HAND)
        new_version = await cases.update(tx.connection, case.id, **columns)
        salt = secrets.token_bytes(16)
        message_id, _ = await cases.add_message(
            tx.connection, case.id, "note", who.user_id, reason, salt
        )
        tx.record(
            "case.rerouted",
            "case",
            case.id,
            new_version,
            summary(
                case,
                **columns,
                from_state=case.state,
                message=message_id,
                text_digest=digest(salt, reason),
            ),
        )
        await tell_agencies(tx, city.now.book, [(case.id, agency, new_version, case.mark)])
    return new_version


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


def _question(case: LockedCase, labels: dict[str, Any]) -> Question:
    return Question(
        kind=case.kind,
        service=labels.get("service", case.service) or "other",
        intent=labels.get("intent", case.intent) or "report",
        urgency=labels.get("urgency", case.urgency) or "normal",
        abstain=False,
        district=case.district,
        received_at=case.received_at,
    )
