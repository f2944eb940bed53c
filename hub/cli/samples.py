"""The samples: `bigear samples clear` deletes them all, with what hangs on them, and ends them."""

from __future__ import annotations

import argparse

from hub.cli._ground import on_ground
from hub.flow.samples import clear


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_subparsers(dest="doing", required=True).add_parser("clear", help="delete them all")


def run(_: argparse.Namespace) -> int:
    print(f"{on_ground(lambda stand: clear(stand.ground))} samples deleted")
    return 0
