"""The city's accounts: list them, enable one with its settings and secret, disable one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from connectors.registry import manifests, open_connector
from hub.cli._ground import on_ground
from hub.flow.configure import CONFIG
from hub.flow.ground import change
from hub.model.items import Account
from hub.net.client import Outside
from hub.ports.connector import Rejected
from hub.store import accounts
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    doing.add_parser("list", help="all accounts and how they are")
    enable = doing.add_parser("enable", help="let an account in")
    enable.add_argument("code")
    enable.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    enable.add_argument("--secret-file", type=Path, help="file holding the secret, or - for stdin")
    disable = doing.add_parser("disable", help="stop an account; its cursor is kept")
    disable.add_argument("code")


def run(args: argparse.Namespace) -> int:
    if args.doing == "list":
        return on_ground(_list)
    if args.doing == "disable":
        return on_ground(lambda stand: _disable(stand, args.code))
    settings = dict(pair.split("=", 1) for pair in args.set if "=" in pair)
    if len(settings) != len(args.set):
        print("bigear: --set wants NAME=VALUE, for example url=https://…", file=sys.stderr)
        return 2
    secret = None
    if args.secret_file is not None:
        raw = sys.stdin.read() if str(args.secret_file) == "-" else args.secret_file.read_text()
        secret = raw.strip()
    return on_ground(lambda stand: _enable(stand, args.code, settings, secret))


async def _list(stand: Standing) -> int:
    async with stand.ground.db.acquire() as connection:
        states = await accounts.states(connection)
    for entry in stand.city.now.book.accounts:
        state = states.get(entry.code)
        built = "" if entry.platform in manifests() else "  (no connector yet)"
        health = state.health if state else "disabled"
        error = f"  {state.error_code}" if state and state.error_code else ""
        print(f"{entry.code:<20} {entry.platform:<10} {health:<22}{error}{built}")
    return 0


async def _enable(stand: Standing, code: str, settings: dict[str, str], secret: str | None) -> int:
    entry = next((a for a in stand.city.now.book.accounts if a.code == code), None)
    if entry is None:
        print(f"bigear: no account {code} in the rule book [account.not_found]", file=sys.stderr)
        return 1
    account = Account(code, entry.platform, entry.name_en, settings, secret, enabled=True)
    try:
        async with Outside() as outside:
            open_connector(account, outside)
    except Rejected as refused:
        print(f"bigear: {refused.code}: {refused}", file=sys.stderr)
        return 1
    async with change(stand.ground) as tx:
        await accounts.enable(tx.connection, code, settings, secret)
        tx.record("account.changed", "account", code, 0, {"health": "starting", "code": None})
        tx.wake(CONFIG)
    print(f"{code} is enabled")
    return 0


async def _disable(stand: Standing, code: str) -> int:
    async with change(stand.ground) as tx:
        await accounts.disable(tx.connection, code)
        tx.record("account.changed", "account", code, 0, {"health": "disabled", "code": None})
        tx.wake(CONFIG)
    print(f"{code} is disabled")
    return 0
