"""Who can sign in, and who never can."""

from __future__ import annotations

import pytest

from hub.flow import people
from hub.flow.ground import Ground
from hub.model.errors import NotSignedIn
from hub.model.people import Grant


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
