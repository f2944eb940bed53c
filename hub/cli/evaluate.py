"""Evaluate the classifier: report cards of two versions, side by side, on messages nobody learned from.

bigear evaluate                        the version that labels, and the newest one
bigear evaluate linear-1f…             the version that labels, and this one
bigear evaluate shipped linear-1f…     two of `bigear model list`; also folders or weights files
bigear evaluate --json | jq .compared  everything, for programs

Judged are the labelled messages of BIGEAR_DATA (or --data) and the hub's own that staff corrected, or
worked on to the end; of both the 15 % that are kept out of all training by a hash of their id.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from hub.cli._cards import table
from hub.cli._ground import on_ground
from hub.cli._laboratory import experiment, there, where
from hub.cli._terminal import say
from hub.flow.model import SHIPPED
from hub.flow.teach import lessons_to_judge
from hub.model.errors import NotFound
from hub.settings import Settings, read_settings
from hub.store import models
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", nargs="?", help="a version; alone: beside the one that labels")
    parser.add_argument("second", nargs="?", help="another one")
    parser.add_argument("--data", type=Path, help="folder with labels/*.jsonl.gz")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    if args.data is not None:
        if not (args.data / "labels").is_dir():
            say(f"bigear evaluate: there is no folder labels in {args.data}")
            return 2
        settings = dataclasses.replace(settings, data=args.data.absolute())
    return on_ground(lambda stand: _evaluate(stand, settings, args), settings)


async def _evaluate(stand: Standing, settings: Settings, args: argparse.Namespace) -> int:
    words = [word for word in (args.first, args.second) if word]
    places = [
        _path(settings, word) or await where(stand, settings, None if word == SHIPPED else word)
        for word in await _pair(stand, words)
    ]
    lessons = await lessons_to_judge(stand.ground, stand.city.now.book)
    lines = [lesson.to_judge() for lesson in lessons]
    told = await experiment("evaluate", places, lines, settings)
    if not told["cards"][0]["messages"]:
        raise NotFound("model.nothing_kept_out")
    print(
        json.dumps(told, ensure_ascii=False, indent=1)
        if args.json
        else "\n".join(table(told["cards"], told.get("compared")))
    )
    return 0


async def _pair(stand: Standing, words: list[str]) -> list[str]:
    """Two are themselves, one goes beside the version that labels, none is the newest other one."""
    if len(words) == 2:
        return words
    async with stand.ground.db.acquire() as connection:
        active = await models.active(connection)
        names = [version.name for version in await models.versions(connection)]
    newest = next((name for name in names if name != active), SHIPPED)
    return list(dict.fromkeys([active or SHIPPED, *(words or [newest])]))


def _path(settings: Settings, word: str) -> str | None:
    """Where a version lies that is no name of one in the home, but a path."""
    path = Path(word)
    if word == SHIPPED or there(settings, word) or not path.exists():
        return None
    return str(path.absolute())
