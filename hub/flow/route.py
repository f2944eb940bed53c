"""Route: a located item gets its case, on the queue of the agency that the rules name, or in triage."""

from __future__ import annotations

from typing import Any

from hub.flow.casework import write
from hub.flow.city import City, CityNow
from hub.flow.correct import BY_HAND, by_rules
from hub.flow.deliver import tell_agencies
from hub.flow.ground import Change, Ground, change
from hub.rules.routing import SENT_BACK, SURE_INTENT, Decision, Question, decide
from hub.store import cases, pipeline
from hub.store.pipeline import ClaimedItem, OpenedCase


async def route(ground: Ground, city: CityNow, limit: int, only: int | None = None) -> int:
    """Open cases for up to ``limit`` located items (or that one); how many.

    An item that already has a case was edited by its author: the case is decided anew only while
    nobody has touched it.
    """
    now = city.now
    async with change(ground) as tx:
        claimed = await pipeline.claim(tx.connection, "located", limit, only)
        if not claimed:
            return 0
        known = await pipeline.cases_of(tx.connection, [item.id for item in claimed])
        fresh = [(item, _decide(now, item)) for item in claimed if item.id not in known]
        opened = await pipeline.open_cases(
            tx.connection, [_opened(item, decision) for item, decision in fresh]
        )
        for item, decision in fresh:
            if item.id in opened:
                tx.record("case.routed", "case", opened[item.id], 1, _told(now, item, decision))
        await tell_agencies(
            tx,
            now.book,
            (
                (opened[item.id], decision.agency, 1, item.mark)
                for item, decision in fresh
                if item.id in opened
            ),
        )
        for item in claimed:
            if item.id in known:
                await _reconsider(tx, now, item, known[item.id])
        await pipeline.finish(tx.connection, [item.id for item in claimed], "routed")
    return len(claimed)


def _decide(city: City, item: ClaimedItem) -> Decision:
    return decide(
        city.book,
        city.calendar,
        Question(
            kind=item.kind,
            service=item.service or "other",
            intent=item.intent if (item.intent_confidence or 0.0) >= SURE_INTENT else None,
            urgency=item.urgency or "normal",
            abstain=bool(item.abstain),
            district=item.district,
            received_at=item.received_at,
        ),
    )


def _opened(item: ClaimedItem, decision: Decision) -> OpenedCase:
    return OpenedCase(
        item.id,
        item.kind,
        item.mark,
        decision.state,
        decision.agency,
        decision.rule,
        decision.deadline_at,
    )


def _told(city: City, item: ClaimedItem, decision: Decision) -> dict[str, Any]:
    """The fact of a routing: the values of every case fact, and the rule book's version."""
    return {
        "ref": item.ref,
        "kind": item.kind,
        "state": decision.state,
        "mark": item.mark,
        "agency": decision.agency,
        "previous_agency": None,
        "assignee": None,
        "rule": decision.rule,
        "deadline_at": decision.deadline_at.isoformat() if decision.deadline_at else None,
        "answers": 0,
        "area": item.area,
        "district": item.district,
        "service": item.service,
        "intent": item.intent,
        "urgency": item.urgency,
        "config": city.version,
        "item": item.id,
    }


async def _reconsider(tx: Change, city: City, item: ClaimedItem, case_id: int) -> None:
    case = await cases.lock(tx.connection, case_id)
    by_person = case.assignee or item.corrected or case.rule in (BY_HAND, SENT_BACK)
    if case.state not in ("triage", "queued") or by_person:
        await write(tx, case, "case.reread")
        return
    columns = by_rules(case, _decide(city, item))
    moved = "agency" in columns
    version = await write(
        tx,
        case,
        "case.rerouted" if moved else "case.reread",
        more={"config": city.version},
        **columns,
    )
    if moved:
        await tell_agencies(tx, city.book, [(case_id, columns["agency"], version, case.mark)])
