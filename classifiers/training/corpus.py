"""What is learned from: labelled messages, the rest of the long ones, and seeds of our own; the split.

A message is kept out of all training by a hash of its id, so the split stays what it is when messages
are added.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from classifiers.features import normalise

HELD_OUT_PERCENT = 15
SET_ASIDE_PERCENT = 10
"""Of all: to calibrate by, before they are learned from as well."""
FOLDS = 4
PREFIX_CHARS = 40
"""Texts that begin alike are the same proposal sent twice: kept on one side of every split."""
FORM_SHARE, FORM_LEAST = 0.05, 20
"""A beginning that more than this share of a city's messages have, and more than so many of them, is a
form's, or what a feed puts before each: no sign of one message sent twice."""
REST_MIN_CHARS, REST_MAX_CHARS = 80, 1_000
SEEDS, READINGS = Path(__file__).with_name("seeds"), Path(__file__).with_name("readings")
READING_MAX_CHARS = 420
READING_CHARS = {"dasan120": 200}
"""How much was read of each text, where it was not the usual 420."""
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


def forms(texts: Iterable[str]) -> frozenset[str]:
    """The beginnings that are no sign of near-duplicates among these texts of a city."""
    count = Counter(map(beginning, texts))
    most = max(FORM_SHARE * count.total(), FORM_LEAST)
    return frozenset(start for start, times in count.items() if times > most)


def sign(text: str, forms: frozenset[str]) -> str:
    """What near-duplicates share: their beginning, and all the rest too where that is a form's."""
    start = beginning(text)
    return normalise(text) if start in forms else start


def _percentile(item_id: str) -> int:
    """0 to 99: the first four bytes of SHA-256 of the id, mod 100."""
    digest = hashlib.sha256(item_id.encode()).digest()
    return int.from_bytes(digest[:4]) % 100


def held_out(item_id: str) -> bool:
    """Whether an item is never trained on."""
    return _percentile(item_id) < HELD_OUT_PERCENT


def set_aside(item_id: str) -> bool:
    """Whether an item is calibrated by, so that a model that is calibrated has not seen it."""
    return 0 <= _percentile(item_id) - HELD_OUT_PERCENT < SET_ASIDE_PERCENT


def split(rows: Rows) -> tuple[Rows, Rows]:
    """(train, test); a text that begins like one of the test's is left out of training."""
    test = [row for row in rows if held_out(row["id"])]
    beginnings = {beginning(row["text"]) for row in test}
    train = [
        row for row in rows if not held_out(row["id"]) and beginning(row["text"]) not in beginnings
    ]
    return train, test


def fold(text: str, forms: frozenset[str] = frozenset()) -> int:
    """The fold of cross-validation that a text belongs to; near-duplicates share theirs."""
    return hashlib.sha256(sign(text, forms).encode()).digest()[0] % FOLDS


def rests(folder: Path, rows: Rows) -> list[tuple[int, str]]:
    """(number of a row, how its message goes on) where ``FOLDER/text`` holds the whole of it."""
    known = {beginning(row["text"]): number for number, row in enumerate(rows)}
    found: dict[int, str] = {}
    for path in sorted((folder / "text").glob("*.jsonl.gz")):
        for line in _lines(path):
            if not isinstance(line, dict) or "title" not in line or "text" not in line:
                continue
            whole = whole_text(line)
            number = known.get(beginning(whole))
            if number is not None:
                rest = whole[len(rows[number]["text"]) :][:REST_MAX_CHARS]
                if len(rest) >= REST_MIN_CHARS:
                    found[number] = rest
    return sorted(found.items())


def whole_text(line: dict[str, Any]) -> str:
    """Title and text of a line, in one."""
    parts = [line.get("title", ""), line.get("text", "")]
    return _SPACE.sub(" ", ". ".join(part for part in parts if part)).strip()


def seeds(folder: Path = SEEDS) -> Iterator[tuple[str, str, str, str, str]]:
    """(service, intent, urgency, place, text) of messages of our own, from ``SERVICE.tsv``; names and
    phrases have only a service. Raises ValueError for a line of another form, or whose place is not in
    its text."""
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            columns = line.split("\t")
            if len(columns) != 4:
                raise ValueError(f"{path.name}, line {number}: not four columns")
            intent, urgency, place, text = columns
            if place not in text:
                raise ValueError(f"{path.name}, line {number}: the place is not in the text")
            yield path.stem, intent, urgency, place, text


def readings(folder: Path, known: Rows) -> Rows:
    """Lines of ``FOLDER/text`` that were read and labelled, as rows; none that begins like one of the
    labelled messages, be it kept out or not."""
    labelled = {beginning(row["text"]) for row in [*known, *read(folder)]}
    found: Rows = []
    for path in sorted(READINGS.glob("*.tsv")):
        source = folder / "text" / f"{path.stem}.jsonl.gz"
        if not source.exists():
            continue
        texts = [whole_text(line) for line in _lines(source)]
        for line in path.read_text(encoding="utf-8").splitlines():
            number, service, intent, urgency, where = line.split("\t")
            text = texts[int(number)][: READING_CHARS.get(path.stem, READING_MAX_CHARS)]
            if not text or beginning(text) in labelled:
                continue
            start, _, end = where.partition(":")
            found.append(
                {
                    "id": f"{path.stem}-{number}",
                    "src": path.stem,
                    "text": text,
                    "service": service,
                    "intent": intent,
                    "urgency": urgency,
                    "place": text[int(start) : int(end)] if end else "",
                }
            )
    return found


def texts(folder: Path) -> Iterator[list[str]]:
    """All texts of ``FOLDER/text``, labelled or not, file by file."""
    for path in sorted((folder / "text").glob("*.gz")):
        if path.name.endswith(".jsonl.gz"):
            yield [whole_text(line) for line in _lines(path)]
        else:
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                yield [line.rstrip("\n").rsplit("\t", 1)[-1] for line in lines]
