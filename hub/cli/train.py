"""Train the classifier from `$BIGEAR_DATA/labels`; writes weights and their scores."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from classifiers.model import WEIGHTS
from hub.settings import CLONE, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="weights file to write")


def run(args: argparse.Namespace) -> int:
    data = read_settings().data
    if data is None:
        print(
            "bigear train: set BIGEAR_DATA to a folder that holds labels/*.jsonl.gz; one JSON object\n"
            'a line: {"id", "text", "service", "intent", "urgency"}; the codes are in\n'
            "config/services.toml and hub/model/labels.py",
            file=sys.stderr,
        )
        return 2
    command = [sys.executable, "-m", "classifiers.training", str(data), str(args.out)]
    # Training is a process of its own: nothing of it is ever loaded into the hub.
    return subprocess.run(command, cwd=CLONE, check=False).returncode
