"""What each audience may see of a case: the only place that says so.

Four audiences: the case's own *agency*, *other* staff, the *reporter* who holds the private link, and
the *public*. The same functions serve snapshots, live facts, HTTP answers and exports, so that no way
out shows more than another.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from hub.model.cases import EXCERPT_CHARS, CaseRecord
from hub.model.people import Principal
from hub.model.views import CaseView
from hub.rules.masking import mask

Audience = Literal["agency", "other", "reporter", "public"]

PUBLIC_DECIMALS = 3
"""Public points are rounded to a thousandth of a degree, about 100 m: a street, not a front door."""

_READERS = ("agent", "supervisor", "admin")


def audience_for(who: Principal | None, agency: str | None) -> Audience:
    """Which eyes a signed-in person has on a case that lies with ``agency`` (None: in triage)."""
    if who is None:
        return "public"
    if agency is None:
        return "agency" if who.has(*_READERS) else "other"
    return "agency" if who.has_in(agency, *_READERS) else "other"


def rfc3339(at: datetime) -> str:
    """UTC with milliseconds and Z, as every record carries its times."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def case_view(case: CaseRecord, audience: Audience) -> CaseView:
    """The case for one audience; what it may not see is absent."""
    if audience == "public":
        return _public(case)
    if audience == "reporter":
        return _reporter(case)
    return _staff(case, own=audience == "agency")


def _public(case: CaseRecord) -> CaseView:
    return CaseView(
        id=case.id,
        version=case.version,
        ref=case.ref,
        kind=case.kind,
        state=case.state,
        received_at=rfc3339(case.received_at),
        updated_at=rfc3339(case.updated_at),
        mark=case.mark,
        area=case.area,
        district=case.district,
        approximate=case.approximate,
        placeless=case.placeless,
        lat=None if case.lat is None else round(case.lat, PUBLIC_DECIMALS),
        lon=None if case.lon is None else round(case.lon, PUBLIC_DECIMALS),
        service=case.service,
        closed_at=_maybe(case.closed_at),
    )


def _reporter(case: CaseRecord) -> CaseView:
    return CaseView(
        id=case.id,
        version=case.version,
        ref=case.ref,
        kind=case.kind,
        state=case.state,
        received_at=rfc3339(case.received_at),
        updated_at=rfc3339(case.updated_at),
        mark=case.mark,
        agency=case.agency,
        area=case.area,
        district=case.district,
        approximate=case.approximate,
        placeless=case.placeless,
        lat=case.lat,
        lon=case.lon,
        service=case.service,
        deadline_at=_maybe(case.deadline_at),
        closed_at=_maybe(case.closed_at),
        photos=case.photos,
        answers=case.answers,
        merged_into=case.merged_into,
    )


def followed_view(case: CaseRecord) -> CaseView:
    """A case that the reporter of another one follows, since theirs was merged into it: how far it is
    and who has it, nothing of where it is, what it is about or who sent it."""
    return CaseView(
        id=case.id,
        version=case.version,
        ref=case.ref,
        kind=case.kind,
        state=case.state,
        received_at=rfc3339(case.received_at),
        updated_at=rfc3339(case.updated_at),
        mark=case.mark,
        agency=case.agency,
        deadline_at=_maybe(case.deadline_at),
        closed_at=_maybe(case.closed_at),
        merged_into=case.merged_into,
    )


def reporter_reads(kind: str, at: datetime, since: datetime | None) -> bool:
    """Whether a reporter may read a message. ``since``: when their case was merged into the one that
    it was said on, None where it was said on their own.

    What was answered before was written for somebody else, and may hold what only they know.
    """
    if since is None:
        return kind != "note"
    return kind == "answer" and at > since


def _staff(case: CaseRecord, *, own: bool) -> CaseView:
    excerpt = case.text
    if excerpt is not None and not own:
        excerpt = mask(excerpt)
    return CaseView(
        id=case.id,
        version=case.version,
        ref=case.ref,
        kind=case.kind,
        state=case.state,
        received_at=rfc3339(case.received_at),
        updated_at=rfc3339(case.updated_at),
        mark=case.mark,
        platform=case.platform,
        account=case.account,
        agency=case.agency,
        area=case.area,
        district=case.district,
        approximate=case.approximate,
        placeless=case.placeless,
        lat=case.lat,
        lon=case.lon,
        service=case.service,
        service_confidence=case.service_confidence,
        intent=case.intent,
        urgency=case.urgency,
        language=case.language,
        model=case.model,
        deadline_at=_maybe(case.deadline_at),
        overdue=case.overdue,
        closed_at=_maybe(case.closed_at),
        assignee=case.assignee,
        assignee_name=case.assignee_name,
        rule=case.rule,
        excerpt=None if excerpt is None else excerpt[:EXCERPT_CHARS],
        photos=case.photos,
        answers=case.answers,
        merged_into=case.merged_into,
        abuse=case.abuse,
    )


def gone_view(case: CaseRecord) -> CaseView:
    """The case for a topic that it has left: enough to drop it, nothing more."""
    return CaseView(
        id=case.id,
        version=case.version,
        ref=case.ref,
        kind=case.kind,
        state=case.state,
        received_at=rfc3339(case.received_at),
        updated_at=rfc3339(case.updated_at),
        gone=True,
    )
