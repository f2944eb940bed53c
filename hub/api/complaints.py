"""A citizen's side: send a complaint with photos, and follow it by its private link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from hub.api.layer import Call, Route
from hub.api.parse import read_bounded
from hub.api.reference import AgencyInfo, Latitude, Longitude
from hub.bus.rate import Limit
from hub.flow import photos
from hub.flow.casework import withdraw
from hub.flow.complain import MAX_PHOTOS, Complaint, complain
from hub.flow.converse import add
from hub.flow.receive import secret_digest
from hub.model.cases import CaseRecord
from hub.model.errors import BadInput, Conflict, NotFound
from hub.model.facts import Fact
from hub.model.items import MAX_TEXT_CHARS, Contact, Point
from hub.model.views import CaseView, MessageView, ProgressView
from hub.rules.moves import takes_additions
from hub.rules.views import case_view, followed_view, rfc3339
from hub.store import following, log, reading
from hub.store import photos as stored_photos
from hub.store.reading import MessageRecord, Progress

Short = Annotated[str, Meta(max_length=200)]


class ContactIn(Struct, frozen=True, forbid_unknown_fields=True):
    """How to reach the reporter; all optional, never shown to the public."""

    name: Short = ""
    email: Short = ""
    phone: Annotated[str, Meta(max_length=40)] = ""


class ComplaintIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A complaint. ``photos``: ids from POST /photos. ``place``: where, in words. ``language``: in
    which an answer is wished."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARS)]
    lat: Latitude | None = None
    lon: Longitude | None = None
    place: Annotated[str, Meta(max_length=300)] = ""
    language: Annotated[str, Meta(pattern=r"^([a-z]{2})?$(?!\n)")] = ""
    contact: ContactIn | None = None
    photos: Annotated[list[Short], Meta(max_length=MAX_PHOTOS)] = []
    account: Annotated[str, Meta(pattern=r"^[a-z0-9_]{0,64}$(?!\n)")] = ""


class ComplaintMade(Struct, frozen=True, omit_defaults=True):
    """``url`` holds the secret after ``#``, so that it reaches no server's log. Without ``secret``:
    the same was sent before, perhaps by somebody else."""

    ref: str
    secret: str | None = None
    url: str | None = None


class PhotoMade(Struct, frozen=True):
    """An upload that a complaint can name by ``id`` within a day."""

    id: str
    width: int
    height: int
    bytes: int


class PhotoInfo(Struct, frozen=True):
    """The n-th photo of a complaint."""

    n: int
    width: int
    height: int


class Step(Struct, frozen=True):
    """One step on the way: ``code`` is a stage or a state."""

    at: str
    code: str


class CitizenCase(Struct, frozen=True):
    """All that the holder of the private link may see. ``follows``: the case that is worked on in place
    of theirs, which was merged into it; ``agency`` has that one, ``messages`` hold its answers too.
    ``may_add``: whether anything can be added; what was resolved or closed goes back to its agency."""

    progress: ProgressView
    case: CaseView | None
    follows: CaseView | None
    text: str | None
    place: str | None
    photos: list[PhotoInfo]
    messages: list[MessageView]
    steps: list[Step]
    agency: AgencyInfo | None
    erased: bool
    may_add: bool


class TextIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Some words."""

    text: Annotated[str, Meta(min_length=1, max_length=5_000)]


async def upload(call: Call) -> PhotoMade:
    """Upload one photo: JPEG, PNG or WebP; it is written anew without its metadata."""
    raw = await read_bounded(call.request, photos.MAX_BYTES)
    photo = await photos.store(call.context.ground, call.context.photos, raw)
    return PhotoMade(photo.token, photo.width, photo.height, photo.size_bytes)


async def send(call: Call) -> tuple[int, ComplaintMade]:
    """Send a complaint; 201 when it is new, 200 for a repetition."""
    wanted: ComplaintIn = call.body
    source = "app" if call.request.headers.get("X-Client") == "app" else "web"
    received = await complain(call.context.ground, _complaint(call, wanted, source), key=call.key)
    url = f"/c/{received.ref}#{received.secret}" if received.secret else None
    return (201 if received.new else 200), ComplaintMade(received.ref, received.secret, url)


def _complaint(call: Call, wanted: ComplaintIn, source: str) -> Complaint:
    point = None
    if (wanted.lat is None) != (wanted.lon is None):
        raise BadInput("place.invalid", field="lat" if wanted.lat is None else "lon")
    if wanted.lat is not None and wanted.lon is not None:
        if call.context.city.now.index.at(wanted.lat, wanted.lon).area is None:
            raise BadInput("place.outside_city", field="lat")
        point = Point(wanted.lat, wanted.lon)
    contact = wanted.contact
    return Complaint(
        source=source,
        text=wanted.text,
        point=point,
        place=wanted.place,
        language=wanted.language,
        contact=Contact(contact.name, contact.email, contact.phone) if contact else None,
        photos=tuple(wanted.photos),
        account=wanted.account,
        mark=call.mark,
    )


async def follow(call: Call) -> CitizenCase:
    """The whole of one's own complaint."""
    progress = await _mine(call)
    async with call.context.ground.db.acquire() as connection:
        detail = await reading.item_detail(connection, progress.item_id)
        if detail is None:
            raise NotFound("case.not_found")
        followed = await following.followed(connection, progress.ref)
        case_id = followed.cases[0].id if followed.cases else 0
        history = await log.of_case(connection, case_id, progress.item_id)
    code = followed.cases[-1].agency if followed.cases else None
    agency = call.context.city.now.book.agency(code) if code else None
    return CitizenCase(
        progress=ProgressView(progress.ref, progress.stage, rfc3339(progress.at)),
        case=case_view(followed.cases[0], "reporter") if followed.cases else None,
        follows=followed_view(followed.cases[-1]) if len(followed.cases) > 1 else None,
        text=None if detail["erased_at"] else detail["text"],
        place=detail["place"],
        photos=[PhotoInfo(p["n"], p["width"], p["height"]) for p in detail["photos"]],
        messages=[_said(message) for message in followed.said],
        steps=_steps(history),
        agency=AgencyInfo(
            agency.code, agency.name_ko, agency.name_en, agency.kind, agency.district, agency.phone
        )
        if agency
        else None,
        erased=detail["erased_at"] is not None,
        may_add=detail["erased_at"] is None and _may_add(followed.cases),
    )


def _may_add(cases: Sequence[CaseRecord]) -> bool:
    """Before it has a case, too: it will have one in a moment."""
    if not cases:
        return True
    own = cases[0]
    return takes_additions(own.kind, own.state, own.closed_at, datetime.now(UTC))


def _steps(history: list[Fact]) -> list[Step]:
    """Stages and states, each once when it began; never who did it or why."""
    steps: list[Step] = []
    for fact in history:
        if fact.subject == "item":
            code = fact.type.removeprefix("item.")
            if code not in ("received", "labelled", "located"):
                continue
        else:
            code = str(fact.data.get("state", ""))
        if not steps or steps[-1].code != code:
            steps.append(Step(rfc3339(fact.at), code))
    return steps


def _said(message: MessageRecord) -> MessageView:
    return MessageView(
        id=message.id,
        case=message.case_id,
        kind=message.kind,  # type: ignore[arg-type]  # checked by the database
        at=rfc3339(message.created_at),
        text=message.text,
    )


async def add_words(call: Call) -> MessageView:
    """Add something to one's own complaint; 409 ``case.not_yet`` in its first moments."""
    progress = await _mine(call)
    with _case_to_come():
        return await add(call.context.ground, progress.ref, call.body.text, key=call.key)


async def take_back(call: Call) -> None:
    """Withdraw one's own complaint; 409 ``case.not_yet`` in its first moments."""
    progress = await _mine(call)
    with _case_to_come():
        await withdraw(call.context.ground, progress.ref)


async def show_photo(call: Call) -> web.StreamResponse:
    """One of one's own photos."""
    progress = await _mine(call)
    return await photo_response(call, progress.item_id)


async def photo_response(call: Call, item_id: int) -> web.StreamResponse:
    """The file of a photo, after the caller's right to the case was checked."""
    async with call.context.ground.db.acquire() as connection:
        name = await stored_photos.file_of(connection, item_id, call.path["n"])
    path = photos.path_of(call.context.photos, name) if name else None
    if path is None or not path.is_file():
        raise NotFound("photo.unknown")
    headers = {"Cache-Control": "private, max-age=3600", "Content-Type": "image/jpeg"}
    return web.FileResponse(path, headers=headers)


async def _mine(call: Call) -> Progress:
    """The item of the private link that the request carries. Raises NotFound."""
    async with call.context.ground.db.acquire() as connection:
        progress = await reading.progress(
            connection, call.path["ref"], secret_digest(call.secret or "")
        )
    if progress is None:
        raise NotFound("case.not_found")
    return progress


@contextmanager
def _case_to_come() -> Iterator[None]:
    """The private link was right: a case that is not found has only not been opened yet."""
    try:
        yield
    except NotFound:
        raise Conflict("case.not_yet") from None


_SEND = Limit(burst=20, interval_s=6.0)
_FOLLOW = Limit(burst=60, interval_s=0.5)

ROUTES = [
    Route(
        "POST",
        "/photos",
        "complaint.send",
        upload,
        "Upload a photo",
        answer=PhotoMade,
        status=201,
        raw_bytes=photos.MAX_BYTES,
        limit=_SEND,
    ),
    Route(
        "POST",
        "/complaints",
        "complaint.send",
        send,
        "Send a complaint",
        body=ComplaintIn,
        answer=ComplaintMade,
        status=201,
        limit=_SEND,
        keyed=True,
    ),
    Route(
        "GET",
        "/complaints/{ref}",
        "complaint.follow",
        follow,
        "Follow a complaint",
        answer=CitizenCase,
        limit=_FOLLOW,
    ),
    Route(
        "POST",
        "/complaints/{ref}/additions",
        "complaint.follow",
        add_words,
        "Add to a complaint",
        body=TextIn,
        answer=MessageView,
        status=201,
        limit=_SEND,
        keyed=True,
    ),
    Route(
        "POST",
        "/complaints/{ref}/withdraw",
        "complaint.follow",
        take_back,
        "Withdraw a complaint",
        status=204,
        limit=_SEND,
    ),
    Route(
        "GET",
        "/complaints/{ref}/photos/{n}",
        "complaint.follow",
        show_photo,
        "A photo of a complaint",
        media="image/jpeg",
        limit=_FOLLOW,
    ),
]
