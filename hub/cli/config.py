"""The rule book that rules: compare with the files, apply them, export it."""

from __future__ import annotations

import argparse
import difflib
import json
from typing import Any

from hub.cli._ground import on_ground
from hub.flow.configure import apply
from hub.rules import books
from hub.settings import read_settings
from hub.store import rulebooks
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    doing.add_parser("diff", help="what `apply` would change")
    doing.add_parser("apply", help="make the files the rule book; the roles follow by themselves")
    doing.add_parser("export", help="the rule book that rules, as JSON")
    doing.add_parser("history", help="all its versions")


def run(args: argparse.Namespace) -> int:
    return on_ground(
        {"diff": _diff, "apply": _apply, "export": _export, "history": _history}[args.doing]
    )


async def _diff(stand: Standing) -> int:
    lines = list(
        difflib.unified_diff(
            _lines(await _current(stand)), _lines(_files()), "in force", "files", lineterm="", n=2
        )
    )
    print("\n".join(lines) if lines else "the files equal what is in force")
    return 1 if lines else 0


async def _apply(stand: Standing) -> int:
    findings = books.read_document(read_settings().config)[1]
    for finding in findings:
        print(finding)
    if findings:
        return 1
    before = stand.city.now.version
    version = await apply(stand.ground, _files(), "cli")
    print(f"version {version} is in force" if version != before else "nothing has changed")
    return 0


async def _export(stand: Standing) -> int:
    print(json.dumps(await _current(stand), ensure_ascii=False, indent=2))
    return 0


async def _history(stand: Standing) -> int:
    async with stand.ground.db.acquire() as connection:
        for version, digest, by, at in await rulebooks.history(connection):
            print(f"{version:>5}  {at:%Y-%m-%d %H:%M}  {digest[:12]}  {by}")
    return 0


def _files() -> dict[str, Any]:
    return books.read_document(read_settings().config)[0]


async def _current(stand: Standing) -> dict[str, Any]:
    async with stand.ground.db.acquire() as connection:
        newest = await rulebooks.newest(connection)
    return newest[1] if newest else {}


def _lines(document: dict[str, Any]) -> list[str]:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).splitlines()
