"""Begin something: `bigear new connector NAME` makes a platform's folder that works and is tested."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

from hub.model.errors import BadInput, Conflict
from hub.settings import CLONE, in_clone

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
NEXT = """\
{folder} is made. What is next:
  1. connectors/platforms/{name}/parse.py: the platform's bytes to items, without any network
  2. connector.py: how they are fetched, from which cursor on; or webhook(), where they are pushed
  3. manifest.toml and README.md: its settings, and what it was tested against
  4. config/texts/*.toml: its name under [platform]; config/accounts.toml: an account of it
  5. ./test tests/connectors/test_platforms.py: the contract, which holds for every platform"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="what", required=True)
    connector = kinds.add_parser("connector", help="a platform that posts come from")
    connector.add_argument("name", help="lower-case letters, digits and _; the folder's name")


def run(args: argparse.Namespace) -> int:
    if not in_clone():
        raise BadInput("new.no_clone")
    folder = make_connector(args.name, CLONE / "connectors")
    print(NEXT.format(folder=folder, name=args.name))
    return 0


def make_connector(name: str, connectors: Path) -> Path:
    """Copy the scaffold to a platform's folder of that name. Raises BadInput ``new.name``, Conflict
    ``new.exists``."""
    if not _NAME.fullmatch(name):
        raise BadInput("new.name", name=name)
    folder = connectors / "platforms" / name
    if folder.exists():
        raise Conflict("new.exists", name=name)
    shutil.copytree(
        CLONE / "connectors" / "scaffold", folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    title = "".join(word.capitalize() for word in name.split("_"))
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        for old, new in (
            ("Scaffold: what `bigear new connector NAME` copies. It works as it is:", f"{title}:"),
            ("connectors.scaffold", f"connectors.platforms.{name}"),
            ("scaffold", name),
            ("Scaffold", title),
        ):
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    return folder
