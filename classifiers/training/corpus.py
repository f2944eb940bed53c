"""What is learned from: labelled messages, the rest of the long ones, and seeds of our own; the split.

A message is kept out of all training by a hash of its id, so the split stays what it is when messages
are added.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from classifiers.features import normalise

HELD_OUT_PERCENT = 15
FOLDS = 4
PREFIX_CHARS = 40
"""Texts that begin alike are the same proposal sent twice: kept on one side of every split."""
REST_MIN_CHARS, REST_MAX_CHARS = 80, 1_000
SEEDS = Path(__file__).with_name("seeds.toml")
PLACED_SEEDS = Path(__file__).with_name("seeds")
FORMAT = '{"id", "text", "service", "intent", "urgency"}'

_SPACE = re.compile(r"\s+")

Rows = list[dict[str, Any]]


def read(folder: Path) -> Rows:
    """All labelled rows of ``FOLDER/labels``. Raises FileNotFoundError with the format expected, and
    ValueError for a line that lacks it."""
    files = sorted((folder / "labels").glob("*.jsonl.gz"))
    if not files:
        raise FileNotFoundError(
            f"no labels/*.jsonl.gz in {folder}; one JSON object a line: {FORMAT}"
        )
    return [_checked(row, path) for path in files for row in _lines(path)]


def _checked(row: Any, path: Path) -> dict[str, Any]:
    wanted = ("id", "text", "service", "intent", "urgency")
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in wanted):
        raise ValueError(f"{path.name}: a line is not {FORMAT}")
    return row


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def beginning(text: str) -> str:
    """What near-duplicates share."""
    return normalise(text[: PREFIX_CHARS * 3])[:PREFIX_CHARS]


def held_out(item_id: str) -> bool:
    """Whether an item is never trained on: the first four bytes of SHA-256 of its id, mod 100."""
    digest = hashlib.sha256(item_id.encode()).digest()
    return int.from_bytes(digest[:4]) % 100 < HELD_OUT_PERCENT


def split(rows: Rows) -> tuple[Rows, Rows]:
    """(train, test); a text that begins like one of the test's is left out of training."""
    test = [row for row in rows if held_out(row["id"])]
    beginnings = {beginning(row["text"]) for row in test}
    train = [
        row for row in rows if not held_out(row["id"]) and beginning(row["text"]) not in beginnings
    ]
    return train, test


def fold(text: str) -> int:
    """The fold of cross-validation that a text belongs to; near-duplicates share theirs."""
    return hashlib.sha256(beginning(text).encode()).digest()[0] % FOLDS


def rests(folder: Path, rows: Rows) -> list[tuple[int, str]]:
    """(number of a row, how its message goes on) where ``FOLDER/text`` holds the whole of it."""
    known = {beginning(row["text"]): number for number, row in enumerate(rows)}
    found: dict[int, str] = {}
    for path in sorted((folder / "text").glob("*.jsonl.gz")):
        for line in _lines(path):
            if not isinstance(line, dict) or "title" not in line or "text" not in line:
                continue
            whole = _SPACE.sub(" ", f"{line['title']}. {line['text']}")
            number = known.get(beginning(whole))
            if number is not None:
                rest = whole[len(rows[number]["text"]) :][:REST_MAX_CHARS]
                if len(rest) >= REST_MIN_CHARS:
                    found[number] = rest
    return sorted(found.items())


def seeds() -> list[tuple[str, str]]:
    """(service, text): messages of our own that show what belongs to a service."""
    services = tomllib.loads(SEEDS.read_text(encoding="utf-8"))
    return [
        (service, text) for service, texts in services.items() for text in texts.strip().split("\n")
    ]


def placed_seeds(folder: Path = PLACED_SEEDS) -> list[tuple[str, str]]:
    """(text, its place or ""): messages of our own, ``SERVICE.tsv`` of intent, urgency, place and text;
    those with ``-`` for the intent are words, not messages. Raises ValueError for a line of another
    form, or whose place is not in its text."""
    found = []
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            intent, _, place, text = _columns(line, path, number)
            if place not in text:
                raise ValueError(f"{path.name}, line {number}: the place is not in the text")
            if intent != "-":
                found.append((text, place))
    return found


def _columns(line: str, path: Path, number: int) -> list[str]:
    columns = line.split("\t")
    if len(columns) != 4:
        raise ValueError(f"{path.name}, line {number}: not four columns")
    return columns
