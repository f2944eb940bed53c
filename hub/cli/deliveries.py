"""What agencies' own systems were told: list it, send again what failed, show a webhook's secret."""

from __future__ import annotations

import argparse

from hub.cli._arguments import number
from hub.cli._ground import on_ground
from hub.flow.ground import DELIVERIES
from hub.model.errors import NotFound
from hub.settings import read_settings
from hub.store import deliveries
from hub.store.deliveries import DeliveryRecord
from hub.wiring import Standing

OPEN = ("queued", "sending", *deliveries.ENDED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    listed = doing.add_parser("list", help="what is not delivered, the newest first")
    listed.add_argument("--all", action="store_true", help="what is delivered too")
    listed.add_argument("--limit", type=number, default=100, help="at most so many (100)")
    again = doing.add_parser("retry", help="send again what failed")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("id", type=number, nargs="*", default=[], help="these")
    which.add_argument("--agency", help="all for one agency")
    secret = doing.add_parser("secret", help="the secret that an agency checks signatures with")
    secret.add_argument("agency")


def run(args: argparse.Namespace) -> int:
    if args.doing == "list":
        states = (*OPEN, "sent") if args.all else OPEN
        return on_ground(lambda stand: _list(stand, states, args.limit))
    if args.doing == "retry":
        return on_ground(lambda stand: _retry(stand, args.id, args.agency))
    return on_ground(lambda stand: _secret(stand, args.agency))


async def _list(stand: Standing, states: tuple[str, ...], limit: int) -> int:
    async with stand.ground.db.acquire() as connection:
        for one in await deliveries.newest(connection, states, limit):
            print(_line(one))
    return 0


def _line(one: DeliveryRecord) -> str:
    when = f"{one.done_at:%Y-%m-%d %H:%M}" if one.done_at else f"next {one.next_at:%m-%d %H:%M}"
    code = f"  {one.error_code}" if one.error_code else ""
    return (
        f"{one.id:>8}  {one.ref or '-':<11}  v{one.version:<3} {one.target:<20} {one.state:<8} "
        f"{one.attempts:>2} attempts  {when}{code}"
    )


async def _retry(stand: Standing, ids: list[int], agency: str | None) -> int:
    async with stand.ground.db.acquire() as connection:
        number = await deliveries.retry(connection, ids, agency)
    stand.bell.ring(DELIVERIES)
    print(f"{number} will be sent again")
    return 0 if number else 1


async def _secret(stand: Standing, code: str) -> int:
    if stand.city.now.book.agency(code) is None:
        raise NotFound("agency.unknown")
    print(read_settings().home.agency_secret(code))
    return 0
