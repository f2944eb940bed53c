"""Who is signed in, signing in and out, and what a page needs to know first."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from hub.api.caller import hostname
from hub.api.layer import COOKIE, Call, Route
from hub.api.tiles import PATH as TILES
from hub.bus.rate import Limit
from hub.flow import people
from hub.model.errors import NotSignedIn
from hub.net.address import client_net
from hub.store import people as stored_people
from hub.store import samples
from hub.store.people import OpenSession

# A lock-out that cannot be turned against others: tries are counted for (login, address), so that
# failing from elsewhere never keeps the owner out; all tries from one address are counted too.
TRIES_OF_ONE = Limit(burst=8, interval_s=60.0)
TRIES_OF_ADDRESS = Limit(burst=40, interval_s=10.0)


class Person(Struct, frozen=True):
    """The signed-in person. ``grants``: (role, agency or null for all)."""

    id: int
    login: str
    name: str
    grants: list[tuple[str, str | None]]
    must_change_password: bool


class LatLon(Struct, frozen=True):
    """WGS 84 degrees."""

    lat: float
    lon: float


class CityInfo(Struct, frozen=True):
    """What a page needs to know of the city. ``bounds``: west, south, east, north.

    ``tile_url``: of raster tiles when it holds ``{z}``, else of a map style.
    """

    name_ko: str
    name_en: str
    center: LatLon
    bounds: tuple[float, float, float, float]
    approximate_areas: bool
    tile_url: str | None
    tile_credit: str


class SessionAnswer(Struct, frozen=True, omit_defaults=True):
    """``csrf``: to be sent back as X-CSRF-Token. ``token``: only after signing in, for programs."""

    user: Person | None
    csrf: str | None
    live_url: str
    city: CityInfo
    samples: bool
    version: str
    token: str | None = None


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Login and password."""

    login: str
    password: str


class NewPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """The present password, and the one to have."""

    old: str
    new: str


async def show(call: Call) -> SessionAnswer:
    """Who am I, and where is the live window?"""
    return await _answer(call, call.session)


async def sign_in(call: Call) -> web.StreamResponse:
    """Open a session; the cookie is for browsers, the token for programs."""
    wanted: SignIn = call.body
    login = wanted.login[:200]
    name = hashlib.sha256(login.encode()).hexdigest()[:16]
    net = client_net(call.address)
    of_address = TRIES_OF_ADDRESS.scaled(call.context.rate_scale)
    await call.context.rates.spend(f"sign-in:{net}", of_address)
    await call.context.rates.spend(f"sign-in:{net}:{name}", TRIES_OF_ONE)
    if len(wanted.password) > people.MAX_PASSWORD_CHARS:
        raise NotSignedIn("session.wrong")
    signed_in = await people.sign_in(call.context.ground, login, wanted.password)
    call.who = signed_in.session.principal
    answer = await _answer(call, signed_in.session, token=signed_in.token)
    response = web.Response(body=msgspec.json.encode(answer), content_type="application/json")
    response.set_cookie(
        COOKIE,
        signed_in.token,
        max_age=int(people.SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=call.context.public_url.startswith("https://"),
        path="/",
    )
    return response


async def sign_out(call: Call) -> web.StreamResponse:
    """End this session."""
    await people.sign_out(call.context.ground, call.me)
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/")
    return response


async def change_password(call: Call) -> None:
    """Change one's own password; one's other sessions end."""
    wanted: NewPassword = call.body
    await people.change_password(call.context.ground, call.me, wanted.old, wanted.new)


async def list_people(call: Call) -> list[Person]:
    """Colleagues to whom a case can be given: those who share an agency with the caller."""
    async with call.context.ground.db.acquire() as connection:
        everybody = await stored_people.everybody(connection)
    mine = {grant.agency for grant in call.me.grants}
    return [
        _person(who)
        for who in everybody
        if None in mine or any(g.agency is None or g.agency in mine for g in who.grants)
    ]


async def _answer(
    call: Call, session: OpenSession | None, token: str | None = None
) -> SessionAnswer:
    city = call.context.city.now
    facts = city.book.city
    archive = call.context.tiles
    async with call.context.ground.db.acquire() as connection:
        has_samples = await samples.any_left(connection)
    return SessionAnswer(
        user=_person(call.who) if call.who else None,
        csrf=session.csrf if session else None,
        live_url=_live_url(call),
        city=CityInfo(
            facts.name_ko,
            facts.name_en,
            LatLon(facts.center_lat, facts.center_lon),
            facts.bounds,
            city.index.approximate,
            TILES if archive else facts.tile_url or None,
            archive.credit if archive else facts.tile_credit,
        ),
        samples=has_samples,
        version=call.context.version,
        token=token,
    )


def _live_url(call: Call) -> str:
    """Behind a proxy both are one origin; otherwise the window has a port of its own."""
    if call.context.public_url:
        return call.context.public_url.replace("http", "ws", 1) + "/live"
    return f"ws://{hostname(call.request)}:{call.context.live_port}/live"


def _person(who: Any) -> Person:
    return Person(
        who.user_id,
        who.login,
        who.name,
        [(grant.role, grant.agency) for grant in who.grants],
        who.must_change_password,
    )


ROUTES = [
    Route("GET", "/session", "public.read", show, "Who is signed in", answer=SessionAnswer),
    Route(
        "POST",
        "/session",
        "session.open",
        sign_in,
        "Sign in",
        body=SignIn,
        answer=SessionAnswer,
    ),
    Route("DELETE", "/session", "session.own", sign_out, "Sign out", status=204),
    Route(
        "POST",
        "/password",
        "session.own",
        change_password,
        "Change one's password",
        body=NewPassword,
        status=204,
        limit=Limit(10, 30.0),
    ),
    Route("GET", "/users", "people.read", list_people, "Colleagues", answer=list[Person]),
]
