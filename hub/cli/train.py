"""Train the classifier, from `$BIGEAR_DATA/labels` or from what the staff of this hub corrected.

bigear train                           the shipped weights anew, from BIGEAR_DATA
bigear train --base FOLDER_OR_ID       with another encoder, any of Hugging Face's, fine-tuned
bigear train --pretrain FOLDER_OR_ID   with a new small encoder, taught by a large one
bigear train --from-hub                a next version, from corrections; it labels once promoted

--base and --pretrain need torch: pip install torch onnx onnxscript
"""

from __future__ import annotations

import argparse
import math
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from classifiers.model import WEIGHTS
from hub.cli._cards import headline
from hub.cli._ground import on_ground
from hub.cli._laboratory import LINEAR, experiment, where
from hub.cli._making import PREFIX, making
from hub.cli._memory import memory_left
from hub.cli._terminal import say
from hub.cli.model import ACTOR, keep, take_in
from hub.flow import promote as promoting
from hub.flow.teach import Lesson, lessons_to_judge, lessons_to_learn
from hub.model.errors import BadInput, Conflict, Unavailable
from hub.settings import CLONE, Settings, read_settings
from hub.store import models
from hub.wiring import Standing

LAST = 5_000
MOST = 20_000
"""With --from-hub at most so many messages: 2 GB for their inner products, and minutes to solve."""
PAIR_BYTES = 5
"""For every two messages: their inner product, and room to make it in."""
BASE_BYTES = 700_000_000
"""Beside that: the model, the encoder, the texts. 610 MB were measured for 1,000, 660 MB for 5,000."""
NEEDED = ("torch", "onnx", "onnxscript")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--from-hub", action="store_true", help="learn what staff corrected")
    how.add_argument("--base", metavar="FOLDER_OR_ID", help="fine-tune this encoder")
    how.add_argument("--pretrain", metavar="FOLDER_OR_ID", help="teach a small encoder by this one")
    parser.add_argument(
        "--last",
        type=_count,
        default=LAST,
        help=f"with --from-hub: of so many messages (%(default)s, at most {MOST})",
    )
    parser.add_argument(
        "--out",
        type=_path,
        help="weights file to write; with an encoder or --from-hub a new folder, outside of the hub",
    )


def _path(word: str) -> Path:
    """As seen from here: what trains runs in the clone."""
    return Path(word).absolute()


def _count(word: str) -> int:
    value = int(word)
    if value < 1:
        raise argparse.ArgumentTypeError("a number above 0 is needed")
    return value


def run(args: argparse.Namespace) -> int:
    settings = read_settings()
    if args.from_hub:
        _refuse_too_many(args.last)
        return on_ground(lambda stand: _from_hub(stand, settings, args.last, args.out), settings)
    if settings.data is None:
        print(
            "bigear train: set BIGEAR_DATA to a folder that holds labels/*.jsonl.gz; one JSON object\n"
            'a line: {"id", "text", "service", "intent", "urgency"}; the codes are in\n'
            "config/services.toml and hub/model/labels.py",
            file=sys.stderr,
        )
        return 2
    if args.base or args.pretrain:
        return _with_encoder(settings, settings.data, args)
    return _laboratory("classifiers.training", settings.data, args.out or WEIGHTS)


def _refuse_too_many(last: int) -> None:
    """Raises BadInput ``model.too_many``: memory grows with the square of the messages."""
    most = min(MOST, math.isqrt(max(memory_left() - BASE_BYTES, 0) // PAIR_BYTES))
    if last > most:
        gigabytes = -(-(BASE_BYTES + last * last * PAIR_BYTES) // 10**9)
        raise BadInput("model.too_many", last=last, gigabytes=gigabytes, most=most)


def _laboratory(module: str, *words: str | Path, held: Sequence[int] = ()) -> int:
    # Training is a process of its own: nothing of it is ever loaded into the hub.
    command = [sys.executable, "-m", module, *map(str, words)]
    done = subprocess.run(command, cwd=CLONE, check=False, stdout=sys.stderr, pass_fds=held)
    return done.returncode


def _with_encoder(settings: Settings, data: Path, args: argparse.Namespace) -> int:
    """An encoder, then the linear model that it is mixed with."""
    for package in NEEDED:
        if find_spec(package) is None:
            raise Unavailable("model.needs_torch", missing=package)
    if args.out:
        return _encoder(data, args, args.out) or _linear(data, args.out) or _told(args.out)
    with making(settings.home) as made:
        fresh = made.folder / "version"
        if code := _encoder(data, args, fresh, [made.lock]):
            return code
        # Many hours went into it: it stays until it is taken in, whatever comes in between.
        folder = settings.home.models / made.folder.name.replace(PREFIX, "encoder-")
        fresh.rename(folder)
    if code := _linear(data, folder):
        return code
    try:
        code = on_ground(lambda stand: take_in(stand, settings, folder), settings)
    except BaseException:
        _told(folder)
        raise
    shutil.rmtree(folder)
    return code


def _encoder(data: Path, args: argparse.Namespace, folder: Path, held: Sequence[int] = ()) -> int:
    base, how = (args.base, ()) if args.base else (args.pretrain, ("--pretrain",))
    if Path(base).exists():
        base = str(Path(base).absolute())
    return _laboratory("classifiers.training.encoder", base, data, folder, *how, held=held)


def _linear(data: Path, folder: Path) -> int:
    say(f"the encoder lies in {folder}")
    code = _laboratory("classifiers.training", data, folder / LINEAR)
    if code:
        print(f"next: bigear train --out {folder / LINEAR}")
    return code


def _told(folder: Path) -> int:
    print(f"next: bigear model add {folder}")
    return 0


async def _from_hub(stand: Standing, settings: Settings, last: int, out: Path | None) -> int:
    book = stand.city.now.book
    lessons = await lessons_to_learn(stand.ground, book, last)
    if not any(lesson.corrected for lesson in lessons):
        raise Conflict("model.no_corrections")
    _tell(lessons, last)
    # All of them, however old: what is like one of them must not be learned either.
    judged = await lessons_to_judge(stand.ground, book)
    async with stand.ground.db.acquire() as connection:
        active = await models.active(connection)
    parent = await where(stand, settings, active)
    with making(settings.home) as made:
        folder = out or made.folder / "version"
        card = await experiment(
            "from_hub",
            [parent, folder],
            [*(one.to_learn() for one in lessons), *(one.to_judge() for one in judged)],
            settings,
            held=[made.lock],
        )
        if "too_few" in card:
            raise Conflict("model.few_corrections", found=card["too_few"], needed=card["needed"])
        if "unlike" in card:
            raise Conflict("model.unlike_corrections", corrected=card["unlike"])
        if out is None:
            keep(settings, folder, card["model"])
    if out is None:
        await promoting.add(stand.ground, card["model"], "from_hub", card["parent"], card, ACTOR)
    _report(card, out)
    return 0


def _tell(lessons: Sequence[Lesson], last: int) -> None:
    corrected = sum(1 for lesson in lessons if lesson.corrected)
    doubted = sum(1 for lesson in lessons if lesson.doubted)
    say(f"{len(lessons)} messages, {corrected} of them corrected")
    if doubted:
        say(
            f"{doubted} were given to an agency that has several services, or edited after a person "
            "set a label: that label is not learned from"
        )
    if 2 * sum(1 for lesson in lessons if lesson.corrected or lesson.doubted) >= last:
        say(
            "at most half of --last are messages that staff said something of, the newest: a greater "
            "--last takes older ones along"
        )


def _report(card: dict[str, Any], out: Path | None) -> None:
    print(f"{card['model']}, after {card['parent']}")
    if card["messages"]:
        print(f"  before  {headline(card['parent_card'])}")
        print(f"  now     {headline(card)}")
    else:
        print(
            "  no message that was kept out has been judged by a person yet: its worth is unknown"
        )
    if card["agrees_with_parent"] is not None:
        print(f"  the same service as before for {card['agrees_with_parent']:.1%} of the others")
    if out is None:
        print(f"next: bigear model promote {card['model']}")
    else:
        print(f"next: bigear model add {out}")
