"""The rule book that rules: compare, apply, export, go back to an older version.

bigear config diff                     what the files in config/ would change
bigear config apply                    make them a new version; the roles follow by themselves
bigear config apply ../other/config    another folder, or a file that `export` wrote
bigear config export > city.json       the version in force, or `--version 3`
bigear config rollback 3               make version 3 the newest again
"""

from __future__ import annotations

import argparse
import difflib
import json
from pathlib import Path
from typing import Any

from hub.cli._ground import on_ground
from hub.flow.configure import apply
from hub.model.errors import BadInput, NotFound
from hub.rules import books
from hub.settings import read_settings
from hub.store import rulebooks
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    for name, summary in (
        ("diff", "what `apply` would change"),
        ("apply", "make the files the rule book; the roles follow by themselves"),
    ):
        command = doing.add_parser(name, help=summary)
        command.add_argument("source", type=Path, nargs="?", help="folder or exported JSON file")
    export = doing.add_parser("export", help="the rule book that rules, as JSON")
    export.add_argument("--version", type=int, help="an older one")
    doing.add_parser("history", help="all its versions")
    rollback = doing.add_parser("rollback", help="make an older version the newest again")
    rollback.add_argument("version", type=int)


def run(args: argparse.Namespace) -> int:
    match args.doing:
        case "diff":
            offered = _offered(args.source)
            return on_ground(lambda stand: _diff(stand, offered))
        case "apply":
            offered = _offered(args.source)
            return on_ground(lambda stand: _apply(stand, offered))
        case "export":
            return on_ground(lambda stand: _export(stand, args.version))
        case "rollback":
            return on_ground(lambda stand: _rollback(stand, args.version))
        case _:
            return on_ground(_history)


def _offered(source: Path | None) -> dict[str, Any]:
    """The document in a folder or file. Raises BadInput ``config.invalid`` for one with faults."""
    folder = source or read_settings().config
    if folder.is_dir():
        document, findings = books.read_document(folder)
        book = books.open_book(document, folder)
        if not findings and isinstance(book, books.Finding):
            findings = [book]
        if findings:
            raise BadInput("config.invalid", detail="\n".join(map(str, findings)))
        return document
    try:
        exported = json.loads(folder.read_bytes())
    except (ValueError, RecursionError):
        raise BadInput("config.invalid", detail=f"{folder} is no JSON") from None
    if not isinstance(exported, dict):
        raise BadInput("config.invalid", detail=f"{folder} is no JSON object")
    return exported


async def _diff(stand: Standing, offered: dict[str, Any]) -> int:
    before, after = _lines(await _version(stand, None)), _lines(offered)
    lines = list(difflib.unified_diff(before, after, "in force", "offered", lineterm="", n=2))
    print("\n".join(lines) if lines else "this is what is in force already")
    return 1 if lines else 0


async def _apply(stand: Standing, offered: dict[str, Any]) -> int:
    before = stand.city.now.version
    version = await apply(stand.ground, offered, "cli")
    if version == before:
        print(f"nothing has changed: version {version} says the same")
    else:
        print(f"version {version} is in force; `bigear config rollback {before}` goes back")
    return 0


async def _export(stand: Standing, version: int | None) -> int:
    print(json.dumps(await _version(stand, version), ensure_ascii=False, indent=2))
    return 0


async def _rollback(stand: Standing, version: int) -> int:
    return await _apply(stand, await _version(stand, version))


async def _history(stand: Standing) -> int:
    async with stand.ground.db.acquire() as connection:
        for version, digest, by, at in await rulebooks.history(connection):
            print(f"{version:>5}  {at:%Y-%m-%d %H:%M}  {digest[:12]}  {by}")
    return 0


async def _version(stand: Standing, version: int | None) -> dict[str, Any]:
    """A version's document, the newest for None. Raises NotFound ``config.no_version``."""
    async with stand.ground.db.acquire() as connection:
        chosen = version or await rulebooks.newest_version(connection)
        document = await rulebooks.document(connection, chosen)
    if document is None:
        raise NotFound("config.no_version", version=chosen)
    return document


def _lines(document: dict[str, Any]) -> list[str]:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).splitlines()
