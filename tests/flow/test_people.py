"""Who can sign in, and who never can."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.flow import people
from hub.flow.ground import Ground
from hub.model.errors import BadInput, NotSignedIn
from hub.model.people import Grant, Principal


async def test_a_visitor_has_a_session_but_can_never_sign_in(ground: Ground) -> None:
    signed_in = await people.add_visitor(ground, "visitor", "Visitor", [Grant("approver")])
    session = await people.session_of(ground, signed_in.token)
    assert session is not None
    assert session.principal.grants == (Grant("approver"),)
    assert not session.principal.must_change_password
    for guess in ("", "visitor", signed_in.token):
        with pytest.raises(NotSignedIn):
            await people.sign_in(ground, "visitor", guess)


async def test_an_unknown_login_is_refused_like_a_wrong_password(ground: Ground) -> None:
    _, password = await people.add_user(ground, "known", "Known", [Grant("agent")])
    for login, guess in (("known", "wrong"), ("unknown", password)):
        with pytest.raises(NotSignedIn) as refused:
            await people.sign_in(ground, login, guess)
        assert refused.value.code == "session.wrong"
    assert (await people.sign_in(ground, "known", password)).session.principal.login == "known"


@pytest.fixture
async def kim(ground: Ground) -> tuple[Principal, str]:
    """Somebody who is signed in, and their password."""
    _, password = await people.add_user(ground, "kim", "Kim", [Grant("agent")])
    return (await people.sign_in(ground, "kim", password)).session.principal, password


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, name: str, deed: Callable[[], Awaitable[object]]
) -> None:
    """Let ``deed`` happen while a password is verified (``_verify``) or hashed (``_hash``)."""
    work = getattr(people, name)

    async def slow(*given: str) -> object:
        done = await work(*given)
        monkeypatch.setattr(people, name, work)
        await deed()
        return done

    monkeypatch.setattr(people, name, slow)


@pytest.mark.parametrize("deed", [people.reset_password, people.disable])
async def test_a_sign_in_loses_against_what_an_administrator_does_meanwhile(
    ground: Ground,
    kim: tuple[Principal, str],
    monkeypatch: pytest.MonkeyPatch,
    deed: Callable[[Ground, str], Awaitable[object]],
) -> None:
    _, password = kim
    meanwhile(monkeypatch, "_verify", lambda: deed(ground, "kim"))
    with pytest.raises(NotSignedIn, match=r"session\.wrong"):
        await people.sign_in(ground, "kim", password)
    open_ones = "SELECT count(*) FROM staff_session WHERE ended_at IS NULL"
    assert await ground.db.fetchval(open_ones) == 0


@pytest.mark.parametrize("name", ["_verify", "_hash"])
async def test_a_new_password_loses_against_a_reset_meanwhile(
    ground: Ground, kim: tuple[Principal, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    who, password = kim
    given: list[str] = []

    async def reset() -> None:
        given.append(await people.reset_password(ground, "kim"))

    meanwhile(monkeypatch, name, reset)
    with pytest.raises(NotSignedIn, match=r"session\.required"):
        await people.change_password(ground, who, password, "a new one of mine")
    after = await people.sign_in(ground, "kim", given[0])
    assert after.session.principal.must_change_password


async def test_of_two_new_passwords_at_once_one_is_taken(
    ground: Ground, kim: tuple[Principal, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    who, password = kim
    first, second = "the first of mine", "the second of mine"
    meanwhile(monkeypatch, "_hash", lambda: people.change_password(ground, who, password, first))
    with pytest.raises(BadInput, match=r"password\.wrong"):
        await people.change_password(ground, who, password, second)
    assert (await people.sign_in(ground, "kim", first)).session.principal.login == "kim"


async def test_who_signed_out_meanwhile_has_changed_nothing(
    ground: Ground, kim: tuple[Principal, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    who, password = kim
    meanwhile(monkeypatch, "_hash", lambda: people.sign_out(ground, who))
    with pytest.raises(NotSignedIn, match=r"session\.required"):
        await people.change_password(ground, who, password, "a new one of mine")
    assert (await people.sign_in(ground, "kim", password)).session.principal.login == "kim"
