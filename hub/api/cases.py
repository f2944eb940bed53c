"""The staff's side of a case: lists, the whole of one, its photos."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aiohttp import web
from msgspec import Meta, Struct

from hub.api.complaints import PhotoInfo, photo_response
from hub.api.fields import Code
from hub.api.layer import Call, Route
from hub.model.cases import CaseRecord
from hub.model.errors import BadInput, NotFound
from hub.model.facts import Fact
from hub.model.items import composed
from hub.model.kinds import COMPLAINT
from hub.model.views import CaseView, MessageView
from hub.rules.masking import mask
from hub.rules.moves import moves_from
from hub.rules.permissions import agencies_of, may
from hub.rules.views import audience_for, case_view, rfc3339
from hub.store import broadcasts, following, log, reading
from hub.store.reading import ListQuery, MessageRecord

NEARBY_M = 300.0
NEARBY_CASES = 10


class CasesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What to list. ``queue``: an agency or ``triage``; ``state``: one state, or ``open``/``all``."""

    queue: Code | None = None
    state: Code = "open"
    district: Code | None = None
    service: Code | None = None
    urgency: Code | None = None
    assignee: Literal["me"] | None = None
    marks: bool = True
    q: Annotated[str, Meta(max_length=100)] = ""
    before: Annotated[int, Meta(ge=1, le=2**62)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class CasePage(Struct, frozen=True):
    """``next``: what to give as ``before`` for the next page; null on the last."""

    cases: list[CaseView]
    next: str | None
    position: int


class LabelInfo(Struct, frozen=True):
    """A label and how sure the model was."""

    code: str | None
    confidence: float | None


class PieceInfo(Struct, frozen=True):
    """A piece of the text, and where it begins and ends in it, counted in Unicode code points."""

    text: str
    start: int
    end: int


class ReasonsInfo(Struct, frozen=True):
    """The words that carried what the model said; the case's service may be another by now."""

    service: str
    words: list[PieceInfo]


class LabelsInfo(Struct, frozen=True):
    """All labels. ``corrected``: which a person set; ``model`` made the others. ``places``: pieces of
    the text with their offsets; none of them, and no ``reasons``, for those who may not read the text
    unmasked."""

    service: LabelInfo
    intent: LabelInfo
    urgency: LabelInfo
    language: LabelInfo
    places: list[dict[str, Any]]
    model: str | None
    corrected: list[str]
    alternatives: list[LabelInfo]
    reasons: ReasonsInfo | None
    abuse: LabelInfo | None


class Why(Struct, frozen=True):
    """Why the case is where it is."""

    rule: str
    reason_ko: str | None
    reason_en: str | None
    how_located: str | None
    candidates: list[str]


class Entry(Struct, frozen=True):
    """One fact of the case's history, without anybody's words."""

    position: int
    at: str
    type: str
    actor_name: str | None
    summary: dict[str, Any]


class MoveInfo(Struct, frozen=True):
    """A state the case may go to now, and what that needs."""

    to: str
    guards: list[str]


class CameBy(Struct, frozen=True):
    """One of the city's accounts. ``platform``: where it lives, whatever fetched the item."""

    code: str
    platform: str
    name: str


class StaffCase(Struct, frozen=True):
    """The whole case, as far as the caller may see it. ``joined``: how many cases were merged into it,
    whose reporters read the answers to it since; ``reply_language``: in which the sender wishes to be
    answered."""

    case: CaseView
    account: CameBy | None
    text: str | None
    text_masked: bool
    author: dict[str, str | None] | None
    contact: dict[str, str | None] | None
    url: str | None
    place: str | None
    reply_language: str | None
    labels: LabelsInfo | None
    why: Why
    messages: list[MessageView]
    joined: int
    history: list[Entry]
    photos: list[PhotoInfo]
    nearby: list[CaseView]
    moves: list[MoveInfo]


async def list_cases(call: Call) -> CasePage:
    """Cases of the caller's agencies and triage, newest first."""
    wanted: CasesQuery = call.query
    me = call.me
    # What an analyst reads is masked: searching the texts would tell what the mask hides.
    in_texts = bool(wanted.q) and may(me, "case.work")
    states = {"open": COMPLAINT.open, "all": COMPLAINT.states}.get(wanted.state, (wanted.state,))
    if any(state not in COMPLAINT.states for state in states):
        raise BadInput("state.unknown", field="state")
    query = ListQuery(
        agencies=agencies_of(me, "case.work" if in_texts else "case.list"),
        queue=wanted.queue,
        states=states,
        district=wanted.district,
        service=wanted.service,
        urgency=wanted.urgency,
        assignee=me.user_id if wanted.assignee else None,
        marks=wanted.marks,
        words=composed(wanted.q),
        in_texts=in_texts,
        before=wanted.before,
        limit=wanted.limit,
    )
    async with (
        call.context.ground.db.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        position = await log.newest(connection)
        found = await reading.list_cases(connection, query)
    return CasePage(
        [case_view(case, audience_for(me, case.agency)) for case in found],
        str(found[-1].id) if len(found) == wanted.limit else None,
        position,
    )


async def show(call: Call) -> StaffCase:
    """The whole of one case."""
    me = call.me
    async with call.context.ground.db.acquire() as connection:
        record = await _record(call, connection)
        detail = await reading.item_detail(connection, record.item_id) or {}
        own = audience_for(me, record.agency) == "agency"
        said = await reading.messages(connection, [record.id]) if own else []
        history = await log.of_case(connection, record.id, record.item_id)
        close = await reading.nearby(connection, record.id, NEARBY_M, NEARBY_CASES)
        actors = {int(f.actor[5:]) for f in history if f.actor.startswith("user:")}
        names = await broadcasts.names_of(connection, sorted(actors))
        joined = await following.followers(connection, [record.id])
    text = None if detail.get("erased_at") else detail.get("text")
    return StaffCase(
        case=case_view(record, audience_for(me, record.agency)),
        account=_came_by(call, record),
        text=text if own or text is None else mask(text),
        text_masked=not own,
        author=_fields(detail, own, name="author_name", id="author_id"),
        contact=_fields(
            detail, own, name="contact_name", email="contact_email", phone="contact_phone"
        ),
        url=detail.get("url") if own else None,
        place=detail.get("place") if own else None,
        reply_language=detail.get("language_hint") if own else None,
        labels=_labels(detail, own=own),
        why=_why(call, record, detail),
        messages=[_said(message) for message in said],
        joined=len(joined.get(str(record.id), ())),
        history=[_entry(fact, names) for fact in history],
        photos=[PhotoInfo(p["n"], p["width"], p["height"]) for p in detail["photos"]]
        if own
        else [],
        nearby=[case_view(case, audience_for(me, case.agency)) for case in close],
        moves=[
            MoveInfo(move.target, list(move.guards))
            for move in moves_from(record.kind, record.state)
            if may(me, "case.work", agency=record.agency)
            and not {"reporter", "system"} & set(move.guards)
        ],
    )


async def _record(call: Call, connection: Any, action: str = "case.read") -> CaseRecord:
    """The case of the path, if the caller may see it. Raises NotFound."""
    found = await reading.records(connection, [call.path["id"]])
    if not found or not may(call.me, action, agency=found[0].agency):
        raise NotFound("case.not_found")
    return found[0]


def _fields(detail: dict[str, Any], own: bool, **names: str) -> dict[str, str | None] | None:
    values = {name: detail.get(column) for name, column in names.items()}
    return values if own and any(values.values()) else None


def _labels(detail: dict[str, Any], *, own: bool) -> LabelsInfo | None:
    if not detail.get("service"):
        return None
    pairs = {
        name: LabelInfo(detail[name], round(detail[f"{name}_confidence"], 4))
        for name in ("service", "intent", "urgency", "language")
    }
    return LabelsInfo(
        **pairs,
        places=detail["places"] if own else [],
        model=detail["model"],
        corrected=sorted(detail["corrected"]),
        alternatives=[LabelInfo(**one) for one in detail["alternatives"]],
        reasons=_reasons(detail) if own else None,
        abuse=_abuse(detail),
    )


def _reasons(detail: dict[str, Any]) -> ReasonsInfo:
    return ReasonsInfo(detail["model_service"], [PieceInfo(**piece) for piece in detail["reasons"]])


def _abuse(detail: dict[str, Any]) -> LabelInfo | None:
    if detail["abuse"] is None:
        return None
    return LabelInfo(detail["abuse"], round(detail["abuse_confidence"], 4))


def _came_by(call: Call, record: CaseRecord) -> CameBy | None:
    book = call.context.city.now.book
    entry = next((one for one in book.accounts if one.code == record.account), None)
    return CameBy(entry.code, entry.platform, entry.name_ko) if entry else None


def _why(call: Call, record: CaseRecord, detail: dict[str, Any]) -> Why:
    rule = next((r for r in call.context.city.now.book.rules if r.id == record.rule), None)
    return Why(
        record.rule,
        rule.reason_ko if rule else None,
        rule.reason_en if rule else None,
        detail.get("located_how"),
        detail.get("candidates") or [],
    )


def _entry(fact: Fact, names: dict[int, str]) -> Entry:
    actor = names.get(int(fact.actor[5:])) if fact.actor.startswith("user:") else None
    summary = {k: v for k, v in fact.data.items() if v is not None and not k.endswith("_digest")}
    return Entry(fact.position, rfc3339(fact.at), fact.type, actor, summary)


def _said(message: MessageRecord) -> MessageView:
    return MessageView(
        id=message.id,
        case=message.case_id,
        kind=message.kind,  # type: ignore[arg-type]  # checked by the database
        at=rfc3339(message.created_at),
        text=message.text,
        author_name=message.author_name,
    )


async def photo(call: Call) -> web.StreamResponse:
    """One of the case's photos; only for its own agency."""
    async with call.context.ground.db.acquire() as connection:
        record = await _record(call, connection, "case.work")
    return await photo_response(call, record.item_id)


ROUTES = [
    Route(
        "GET", "/cases", "case.list", list_cases, "List cases", query=CasesQuery, answer=CasePage
    ),
    Route("GET", "/cases/{id}", "case.read", show, "One case", answer=StaffCase),
    Route(
        "GET",
        "/cases/{id}/photos/{n}",
        "case.work",
        photo,
        "A photo of a case",
        media="image/jpeg",
    ),
]
