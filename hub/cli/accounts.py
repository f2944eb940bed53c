"""The city's accounts: list them, enable one with its settings and secret, disable one.

`check CODE` tries an account that has its settings, `quarantine` shows what came and did not parse.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from connectors.registry import manifests, open_connector
from hub import wiring
from hub.cli._arguments import number
from hub.cli._ground import on_ground
from hub.flow.accounts import disable, enable
from hub.model.errors import BadInput, NotFound
from hub.model.items import Account
from hub.model.network import networks
from hub.model.rulebook import AccountEntry
from hub.net.client import Outside
from hub.ports.connector import ConnectorError
from hub.settings import Settings, read_settings
from hub.store import accounts, quarantine
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    doing.add_parser("list", help="all accounts and how they are")
    let_in = doing.add_parser("enable", help="let an account in; says whether it can be reached")
    let_in.add_argument("code")
    let_in.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", type=_pair)
    let_in.add_argument("--secret-file", type=Path, help="file holding the secret, or - for stdin")
    stop = doing.add_parser("disable", help="stop an account; its cursor is kept")
    stop.add_argument("code")
    probe = doing.add_parser("check", help="try an account once, storing nothing")
    probe.add_argument("code")
    kept = doing.add_parser("quarantine", help="payloads that did not parse, newest first")
    kept.add_argument(
        "--raw", type=number, metavar="ID", help="write one payload's bytes to stdout"
    )


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    return on_ground(lambda stand: carry_out(stand, settings, args))


async def carry_out(stand: Standing, settings: Settings, args: argparse.Namespace) -> int:
    """Do what was asked for; the exit code. Raises BigEarError."""
    match args.doing:
        case "list":
            return await _list(stand)
        case "enable":
            return await _enable(stand, settings, args)
        case "disable":
            return await _disable(stand, args.code)
        case "check":
            return await _check(stand, settings, args.code)
        case _:
            return await _quarantine(stand, args.raw)


def _pair(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given:
        raise argparse.ArgumentTypeError("NAME=VALUE is wanted, for example url=https://…")
    return name, value


async def _list(stand: Standing) -> int:
    async with stand.ground.db.acquire() as connection:
        states = await accounts.states(connection)
    for entry in stand.city.now.book.accounts:
        state = states.get(entry.code)
        notes = [] if entry.platform in manifests() else ["(no connector yet)"]
        if state and state.error_code:
            notes.append(f"{state.error_code}: {state.error_text}")
        if state and state.quarantined:
            notes.append(f"{state.quarantined} in quarantine")
        health = state.health if state else "disabled"
        print(f"{entry.code:<20} {entry.platform:<10} {health:<21} {', '.join(notes)}".rstrip())
    return 0


async def _enable(stand: Standing, settings: Settings, args: argparse.Namespace) -> int:
    entry = _entry(stand, args.code)
    secret = _read_secret(args.secret_file) if args.secret_file else None
    async with stand.ground.db.acquire() as connection:
        state = (await accounts.states(connection)).get(args.code)
        if secret is None:
            secret = await accounts.secret(connection, args.code)
    wanted = dict(args.set) or (state.settings if state else {})
    account = Account(entry.code, entry.platform, entry.name_en, wanted, secret, enabled=True)
    try:
        open_connector(account, Outside())
    except ConnectorError as refused:
        return _refused(entry.code, refused)
    await enable(stand.ground, entry.code, wanted, secret)
    print(f"{entry.code} is enabled")
    if await _probe(account, settings) != 0:
        print("bigear: it stays enabled, and is tried again and again", file=sys.stderr)
    return 0


async def _disable(stand: Standing, code: str) -> int:
    await disable(stand.ground, _entry(stand, code).code)
    print(f"{code} is disabled")
    return 0


async def _check(stand: Standing, settings: Settings, code: str) -> int:
    entry = _entry(stand, code)
    async with stand.ground.db.acquire() as connection:
        state = (await accounts.states(connection)).get(code)
        secret = await accounts.secret(connection, code)
    if state is None:
        raise NotFound("account.not_found")
    account = Account(code, entry.platform, entry.name_en, state.settings, secret, enabled=True)
    return await _probe(account, settings)


async def _probe(account: Account, settings: Settings) -> int:
    allowed = networks(wiring.network_of(settings).allowed_private)
    try:
        async with Outside(allowed_private=allowed) as outside:
            await open_connector(account, outside).check()
    except ConnectorError as refused:
        return _refused(account.code, refused)
    print(f"{account.code} can be reached")
    return 0


async def _quarantine(stand: Standing, payload_id: int | None) -> int:
    async with stand.ground.db.acquire() as connection:
        if payload_id is None:
            for one in await quarantine.newest(connection):
                print(
                    f"{one.id:>6}  {one.last_at:%Y-%m-%d %H:%M}  {one.account:<20} {one.code:<18}"
                    f" {one.size_bytes} bytes, {one.times} times"
                )
            return 0
        raw = await quarantine.raw(connection, payload_id)
    if raw is None:
        raise NotFound
    sys.stdout.buffer.write(raw)
    return 0


def _entry(stand: Standing, code: str) -> AccountEntry:
    entry = next((a for a in stand.city.now.book.accounts if a.code == code), None)
    if entry is None:
        raise NotFound("account.not_found")
    return entry


def _read_secret(file: Path) -> str:
    try:
        given = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput("input.encoding") from None
    if not (secret := given.strip()):
        raise BadInput("secret.empty")
    return secret


def _refused(code: str, refused: ConnectorError) -> int:
    print(f"bigear: {code}: {refused} [{refused.code}]", file=sys.stderr)
    return 1
