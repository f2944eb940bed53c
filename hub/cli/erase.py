"""Erase a person: by a case, by who wrote it, or by e-mail or telephone; shows first what would go.

What the hub keeps then: codes, states, labels, times and areas, and facts about them.
"""

from __future__ import annotations

import argparse
import sys

from hub.cli._arguments import words
from hub.cli._ground import on_ground
from hub.flow.erase import Found, Person, erase_person, look
from hub.model.errors import NotFound
from hub.settings import read_settings
from hub.store.erase import Traces
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    by = parser.add_mutually_exclusive_group(required=True)
    by.add_argument("--ref", type=words, help="one case, for example K7M3Q-X9P2D")
    by.add_argument(
        "--author", type=words, metavar="PLATFORM:ID", help="all that somebody wrote there"
    )
    by.add_argument(
        "--contact", type=words, metavar="EMAIL_OR_PHONE", help="all who left this contact"
    )
    parser.add_argument(
        "--reason", type=words, default="", help="kept with the case; it must not name them"
    )
    parser.add_argument("--yes", action="store_true", help="do it: nothing brings it back")


def run(args: argparse.Namespace) -> int:
    platform, _, author = (args.author or "").partition(":")
    if args.author is not None and not (platform and author):
        print("bigear: --author wants PLATFORM:ID, for example rss:kim", file=sys.stderr)
        return 2
    person = Person(
        ref=(args.ref or "").upper(),
        author=(platform, author) if args.author else None,
        contact=(args.contact or "").strip(),
    )
    return on_ground(lambda stand: _erase(stand, person, args.reason, args.yes))


async def _erase(stand: Standing, person: Person, reason: str, yes: bool) -> int:
    if yes:
        folder = read_settings().home.photos
        found = await erase_person(stand.ground, folder, person, reason, actor="cli")
    else:
        found = await look(stand.ground, person)
    if not found.traces and not found.quarantined:
        raise NotFound("person.not_found")
    _tell(found)
    total = f"{len(found.traces)} items and {len(found.quarantined)} unreadable payloads"
    print(f"{total} erased" if yes else f"{total} would be erased; --yes does it, for good")
    return 0


def _tell(found: Found) -> None:
    for one in found.traces:
        print(f"{one.ref}  {one.received_at:%Y-%m-%d}  {one.kind:<9}  {_what(one)}")
    if found.others:
        print(f"not among them, yet of the same author or contact: {', '.join(found.others)}")


def _what(one: Traces) -> str:
    if one.erased and not one.messages:
        return "erased before"
    parts = ["text", "author or contact" if one.names else ""]
    parts += [f"{one.photos} photos" if one.photos else ""]
    parts += [f"{one.messages} messages" if one.messages else ""]
    return ", ".join(filter(None, parts))
