"""Staff on the terminal: made, listed, given a new password, shut out."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from hub.flow import people
from tests.cli.conftest import Bigear, ask


def password_of(told: str) -> str:
    return told.split("first password: ")[1].strip()


def is_right(url: str, login: str, password: str) -> bool:
    [(stored,)] = ask(url, "SELECT password_hash FROM staff_user WHERE login = $1", login)
    return asyncio.run(people._verify(stored, password))


@pytest.mark.usefixtures("settled")
def test_a_user_is_made_with_a_first_password_that_must_be_changed(
    bigear: Bigear, city_url: str
) -> None:
    roles = ("--role", "agent:mapo_gu", "--role", "analyst", "--role", "analyst")
    code, out, err = bigear("users", "add", "kim", "--name", "김철수", *roles)
    assert (code, err) == (0, "")
    assert is_right(city_url, "kim", password_of(out))
    rows = ask(
        city_url,
        "SELECT name, must_change_password, role, agency FROM staff_user u"
        " JOIN staff_grant g ON g.user_id = u.id WHERE login = 'kim' ORDER BY role",
    )
    assert rows == [("김철수", True, "agent", "mapo_gu"), ("김철수", True, "analyst", None)]
    code, out, _ = bigear("users", "list")
    [line] = [line for line in out.splitlines() if line.startswith("kim ")]
    assert code == 0 and "김철수" in line and "agent:mapo_gu, analyst" in line
    facts = ask(city_url, "SELECT data FROM outbox WHERE type = 'user.changed'")
    assert "김철수" not in str(facts)


def test_the_first_start_makes_one_user_of_each_role_and_tells_only_the_owner(
    bigear: Bigear, tmp_path: Path
) -> None:
    code, out, _ = bigear("users", "list")
    listed = [line.split()[0] for line in out.splitlines()]
    assert code == 0
    assert listed == ["admin", "agent", "analyst", "approver", "broadcaster", "supervisor"]
    [kept] = (tmp_path / "home").rglob("first_users.txt")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert all(login in kept.read_text("utf-8") for login in listed)
    assert "password" not in out


@pytest.mark.usefixtures("settled")
def test_what_cannot_be_done_is_refused_and_changes_nothing(bigear: Bigear, city_url: str) -> None:
    before = ask(city_url, "SELECT u::text FROM staff_user u")
    for words, code in (
        (("add", "lee", "--name", "A", "--role", "agent"), "login.taken"),
        (("add", "Park Kim", "--name", "A", "--role", "agent"), "login.invalid"),
        (("add", "park", "--name", "A", "--role", "chief"), "role.unknown"),
        (("add", "park", "--name", "A", "--role", "agent:atlantis"), "agency.unknown"),
        (("add", "park", "--name", "A", "--role", "agent:"), "agency.unknown"),
        (("add", "park", "--name", "\udcb1", "--role", "agent"), "input.encoding"),
        (("reset", "nobody"), "user.not_found"),
        (("disable", "nobody"), "user.not_found"),
        (("enable", "nobody"), "user.not_found"),
    ):
        exit_code, out, err = bigear("users", *words)
        assert (exit_code, out) == (1, "") and f"[{code}]" in err
    assert ask(city_url, "SELECT u::text FROM staff_user u") == before


@pytest.mark.usefixtures("settled")
def test_a_new_password_ends_every_session_and_so_does_shutting_out(
    bigear: Bigear, city_url: str
) -> None:
    ask(
        city_url,
        "INSERT INTO staff_session (token_digest, user_id, csrf, expires_at)"
        " SELECT '\\x01', id, 'x', now() + interval '1 hour' FROM staff_user",
    )
    code, out, err = bigear("users", "reset", "lee")
    assert (code, err) == (0, "") and is_right(city_url, "lee", password_of(out))
    assert ask(city_url, "SELECT ended_at IS NULL FROM staff_session") == [(False,)]
    ask(city_url, "UPDATE staff_session SET ended_at = NULL")
    code, out, err = bigear("users", "disable", "lee")
    assert (code, err) == (0, "")
    assert ask(city_url, "SELECT ended_at IS NULL FROM staff_session") == [(False,)]
    assert ask(city_url, "SELECT must_change_password, disabled FROM staff_user") == [(True, True)]
    assert "lee" not in bigear("users", "list")[1]


@pytest.mark.usefixtures("settled")
def test_one_who_was_shut_out_gets_no_password_until_let_in_again(
    bigear: Bigear, city_url: str
) -> None:
    assert bigear("users", "disable", "lee")[0] == 0
    code, out, err = bigear("users", "reset", "lee")
    assert (code, out) == (1, "") and "[user.disabled]" in err and "bigear users enable lee" in err
    code, out, err = bigear("users", "enable", "lee")
    assert (code, err) == (0, "") and "can sign in again" in out
    assert "lee" in bigear("users", "list")[1]
    told = ask(city_url, "SELECT data->>'what' FROM outbox WHERE type = 'user.changed' ORDER BY id")
    assert told == [("disabled",), ("enabled",)]
    assert bigear("users", "reset", "lee")[0] == 0
