"""Staff: list them, add one, give one a new password, shut one out or let one in again."""

from __future__ import annotations

import argparse

from hub.cli._ground import on_ground
from hub.flow import people
from hub.model.errors import BadInput
from hub.model.people import ROLES, Grant
from hub.store import people as stored
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    doing.add_parser("list", help="all who may sign in")
    add = doing.add_parser("add", help="a new user; prints a first password")
    add.add_argument("login")
    add.add_argument("--name", required=True)
    add.add_argument(
        "--role",
        action="append",
        required=True,
        metavar="ROLE[:AGENCY]",
        help=f"one of {', '.join(ROLES)}; with an agency only there",
    )
    reset = doing.add_parser("reset", help="a new first password; all sessions end")
    reset.add_argument("login")
    disable = doing.add_parser("disable", help="no more signing in; all sessions end")
    disable.add_argument("login")
    enable = doing.add_parser("enable", help="let one in again who was shut out, as they were")
    enable.add_argument("login")


def run(args: argparse.Namespace) -> int:
    if args.doing == "list":
        return on_ground(_list)
    if args.doing == "add":
        return on_ground(lambda stand: _add(stand, args))
    if args.doing == "reset":
        return on_ground(lambda stand: _reset(stand, args.login))
    if args.doing == "enable":
        return on_ground(lambda stand: _enable(stand, args.login))
    return on_ground(lambda stand: _disable(stand, args.login))


async def _list(stand: Standing) -> int:
    async with stand.ground.db.acquire() as connection:
        for who in await stored.everybody(connection):
            grants = ", ".join(f"{g.role}:{g.agency}" if g.agency else g.role for g in who.grants)
            print(f"{who.login:<20} {who.name:<20} {grants}")
    return 0


async def _add(stand: Standing, args: argparse.Namespace) -> int:
    grants = [_grant(stand, word) for word in dict.fromkeys(args.role)]
    _, password = await people.add_user(stand.ground, args.login, args.name, grants)
    print(f"{args.login}  first password: {password}")
    return 0


def _grant(stand: Standing, word: str) -> Grant:
    role, bound, agency = word.partition(":")
    if bound and stand.city.now.book.agency(agency) is None:
        raise BadInput("agency.unknown", agency=agency)
    return Grant(role, agency or None)


async def _reset(stand: Standing, login: str) -> int:
    print(f"{login}  first password: {await people.reset_password(stand.ground, login)}")
    return 0


async def _disable(stand: Standing, login: str) -> int:
    await people.disable(stand.ground, login)
    print(f"{login}  can no longer sign in")
    return 0


async def _enable(stand: Standing, login: str) -> int:
    await people.enable(stand.ground, login)
    print(f"{login}  can sign in again, with the roles and the password of before")
    return 0
