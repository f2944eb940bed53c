"""Versions of the classifier: which there are, which one labels; promote, roll back, add, remove.

bigear model list                      all versions, their scores, and what each worker runs
bigear model promote linear-1f…        let it label; the workers change by themselves
bigear model rollback                  the one before labels again
bigear model add FOLDER                take in a version that `bigear train --out` wrote
bigear model remove linear-1f…         delete its files

A version that is worse than the one that labels, on messages kept out of training, or whose confidence
says much less of how right it is, is promoted only with --force. BIGEAR_MODEL, where a worker's
environment sets it, wins over any version.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.cli._cards import headline, worse
from hub.cli._ground import on_ground
from hub.cli._laboratory import experiment, refuse_pinned, there, where
from hub.cli._making import making
from hub.cli._terminal import say
from hub.flow import promote as promoting
from hub.flow.model import SHIPPED
from hub.flow.teach import lessons_to_judge
from hub.model.errors import BadInput, BigEarError, Conflict
from hub.settings import Settings, read_settings
from hub.store import models
from hub.wiring import Standing, load_version

ACTOR = "cli"
CARD = "scores.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
"""A version's name, which is also its folder's: one that a file gives itself may be anything."""
UNREADABLE = (BigEarError, OSError, ValueError, LookupError, TypeError, AttributeError)
"""What files lead to that are no version's: arrays or entries that are missing, or of another form."""
FEW = 100
"""On fewer messages a version must be much worse before the test can tell."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="doing", required=True)
    doing.add_parser("list", help="all versions, their scores, and what each worker runs")
    promote = doing.add_parser("promote", help="let a version label from now on")
    promote.add_argument("name", help=f"of the list, or `{SHIPPED}`")
    promote.add_argument("--force", action="store_true", help="also if it is worse")
    doing.add_parser("rollback", help="the version before labels again")
    add = doing.add_parser("add", help="take in the folder of a version")
    add.add_argument("folder", type=Path)
    remove = doing.add_parser("remove", help="delete the files of a version that does not label")
    remove.add_argument("name")


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    match args.doing:
        case "promote":
            refuse_pinned(settings)
            return on_ground(lambda stand: _promote(stand, settings, args.name, args.force))
        case "rollback":
            return on_ground(lambda stand: _rollback(stand, settings))
        case "add":
            return on_ground(lambda stand: take_in(stand, settings, args.folder))
        case "remove":
            return on_ground(lambda stand: _remove(stand, settings, args.name))
        case _:
            return on_ground(lambda stand: _list(stand, settings))


async def _list(stand: Standing, settings: Settings) -> int:
    from classifiers.model import WEIGHTS

    async with stand.ground.db.acquire() as connection:
        active = await models.active(connection)
        versions = await models.versions(connection)
        workers = await models.workers(connection)
    mark = {True: "*", False: " "}
    shipped = f"{SHIPPED} ({load_version(settings.home, None).model})"
    print(f"{mark[active is None]} {shipped:<34} {headline(_card(WEIGHTS.parent))}")
    for one in versions:
        how = one.how if one.parent is None else f"{one.how}, after {one.parent}"
        print(f"{mark[one.name == active]} {one.name:<34} {headline(one.card)}")
        print(f"  {'':<34} {how}, made {one.made_at:%Y-%m-%d %H:%M} UTC by {one.made_by}")
        if not there(settings, one.name):
            print(f"  {'':<34} its files are not in {settings.home.models}")
    print()
    for worker in workers:
        pinned = ", by BIGEAR_MODEL, whatever is promoted" if worker.pinned else ""
        print(f"worker {worker.worker} runs {worker.model}{pinned}")
        if worker.problem:
            print(f"  it cannot load {worker.problem}")
    if not workers:
        print("no worker runs")
    _tell_pinned(settings)
    return 0


def _tell_pinned(settings: Settings) -> None:
    if settings.model is not None:
        print(f"BIGEAR_MODEL is set here, to {settings.model}: workers started so run that one")


async def _tell_unmoved(stand: Standing, settings: Settings) -> None:
    """Where what was promoted or rolled back changes nothing."""
    async with stand.ground.db.acquire() as connection:
        workers = await models.workers(connection)
    for worker in workers:
        if worker.pinned:
            print(
                f"worker {worker.worker} goes on with {worker.model}, which its BIGEAR_MODEL names"
            )
    _tell_pinned(settings)


async def _promote(stand: Standing, settings: Settings, word: str, force: bool) -> int:
    shipped = await asyncio.to_thread(load_version, settings.home, None)
    name = None if word in (SHIPPED, shipped.model) else word
    await _must_load(stand, settings, name)
    compared = {} if force else await _compare(stand, settings, name)
    before = await promoting.promote(stand.ground, name, ACTOR, compared, forced=force)
    print(
        f"{name or SHIPPED} labels from now on; `bigear model rollback` goes back to "
        f"{before or SHIPPED}"
    )
    await _tell_unmoved(stand, settings)
    return 0


async def _must_load(stand: Standing, settings: Settings, name: str | None) -> None:
    """Raises NotFound ``model.unknown`` or ``model.missing``, BadInput ``model.broken``: the workers
    would refuse it too."""
    await where(stand, settings, name)
    try:
        loaded = await asyncio.to_thread(load_version, settings.home, name)
    except UNREADABLE as problem:
        raise _broken(name or SHIPPED, problem) from None
    if name is not None and loaded.model != name:
        raise BadInput("model.broken", name=name, reason=f"its files are those of {loaded.model}")


async def _compare(stand: Standing, settings: Settings, name: str | None) -> Mapping[str, Any]:
    """How the version compares with the one that labels. Raises Conflict ``model.worse`` or
    ``model.not_compared``, NotFound ``model.missing``."""
    async with stand.ground.db.acquire() as connection:
        active = await models.active(connection)
    if active == name:
        return {}  # refused by what promotes
    lessons = await lessons_to_judge(stand.ground, stand.city.now.book)
    say("comparing it with the one that labels now …")
    told = await experiment(
        "evaluate",
        [await where(stand, settings, active), await where(stand, settings, name)],
        [lesson.to_judge() for lesson in lessons],
        settings,
    )
    compared: dict[str, Any] = told["compared"]
    count = compared["service"]["messages"]
    if not count:
        raise Conflict("model.not_compared", name=name or SHIPPED)
    if what := worse(compared):
        raise Conflict("model.worse", name=name or SHIPPED, worse=what)
    if count < FEW:
        say(f"compared on {count} messages only: what is a little worse would not show")
    return compared | {"with": active or SHIPPED}


async def _rollback(stand: Standing, settings: Settings) -> int:
    async with stand.ground.db.acquire() as connection:
        pile = await models.pile(connection, 2)
    if pile:
        await _must_load(stand, settings, pile[1].name if len(pile) > 1 else None)
    before, again = await promoting.rollback(stand.ground, ACTOR)
    print(f"{again or SHIPPED} labels again, instead of {before or SHIPPED}")
    await _tell_unmoved(stand, settings)
    return 0


async def take_in(stand: Standing, settings: Settings, folder: Path) -> int:
    """Copy a version's folder into the home, and let the hub know it. Raises BadInput ``model.broken``
    for what is none."""
    import classifiers

    try:
        if not (folder / classifiers.LINEAR).is_file():
            raise ValueError(f"there is no {classifiers.LINEAR} in it")
        name = (await asyncio.to_thread(classifiers.load, folder)).model
        if not NAME.fullmatch(name) or name == SHIPPED:
            raise ValueError(f"{name!r} is no name of a version")
        card = _card(folder)
    except UNREADABLE as problem:
        raise _broken(str(folder), problem) from None
    keep(settings, folder, name)
    await promoting.add(stand.ground, name, card["how"], card["parent"], card, ACTOR)
    print(f"{name} is there; `bigear model promote {name}` lets it label")
    return 0


def _card(folder: Path) -> dict[str, Any]:
    """The report card in a version's folder. Raises ``UNREADABLE``."""
    text = (folder / CARD).read_text(encoding="utf-8")
    card: dict[str, Any] = json.loads(text, parse_constant=_no_figure)
    headline(card)
    card = {"how": "trained", "parent": None} | card
    if card["how"] not in ("trained", "from_hub") or not isinstance(card["parent"], str | None):
        raise ValueError(f"{CARD} is no report card")
    return card


def _no_figure(word: str) -> None:
    """Raises ValueError for NaN and infinity, which PostgreSQL refuses."""
    raise ValueError(f"{word} in {CARD}")


def _broken(name: str, problem: Exception) -> BadInput:
    return BadInput("model.broken", name=name, reason=f"{type(problem).__name__}: {problem}")


def keep(settings: Settings, folder: Path, name: str) -> None:
    """Copy a version's folder into the home, whole or not at all. One of that name that is there,
    perhaps broken, is replaced: the name is made from the content."""
    target = settings.home.models / name
    with making(settings.home) as made:
        fresh = made.folder / "version"
        shutil.copytree(folder, fresh)
        if target.is_dir():
            target.rename(made.folder / "old")
        fresh.rename(target)


async def _remove(stand: Standing, settings: Settings, name: str) -> int:
    await promoting.remove(stand.ground, name, ACTOR)
    shutil.rmtree(settings.home.models / name, ignore_errors=True)
    print(f"{name} is removed; labels that it gave keep its name")
    return 0
