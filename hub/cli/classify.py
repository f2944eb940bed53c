"""Label texts: JSON lines `{"id","text"}` on standard input, labels on standard output.

What a case shows of them, and under the same names: `abstain` says that a person decides the service,
`alternatives` what comes next, `reasons` the words that carried it, `abuse` (null where the model does
not judge it) whether staff see the text folded. `start` and `end` count signs of the text in NFC, the
form in which the hub keeps it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from hub.model.labels import Label, Labels, Span

BATCH = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights", type=Path, help="a weights file, or a Hugging Face model's folder"
    )


def run(args: argparse.Namespace) -> int:
    from classifiers import load

    try:
        model = load(args.weights)
    except (OSError, ValueError) as problem:
        print(f"bigear classify: {args.weights or 'weights'}: {problem}", file=sys.stderr)
        return 2
    lines = JsonLines("text")
    while batch := list(islice(lines, BATCH)):
        labelled = model.label([row["text"] for row in batch])
        for row, labels in zip(batch, labelled, strict=True):
            print(json.dumps(_answer(row["id"], labels), ensure_ascii=False))
        sys.stdout.flush()
    return 1 if lines.bad else 0


class JsonLines(Iterator[dict[str, Any]]):
    """Objects with an ``id`` from standard input. A bad line is told on standard error, with its
    number and a code, and passed over; ``bad`` counts them. ``wanted`` must then be a string."""

    def __init__(self, wanted: str | None = None) -> None:
        self.bad = 0
        self._wanted = wanted
        self._lines = enumerate(sys.stdin.buffer, start=1)

    def __next__(self) -> dict[str, Any]:
        for number, line in self._lines:
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                self._refuse(number, "line.not_json")
                continue
            if not isinstance(row, dict) or "id" not in row:
                self._refuse(number, "line.no_id")
            elif self._wanted is not None and not isinstance(row.get(self._wanted), str):
                self._refuse(number, f"line.no_{self._wanted}")
            else:
                return row
        raise StopIteration

    def _refuse(self, number: int, code: str) -> None:
        self.bad += 1
        print(json.dumps({"line": number, "error": code}), file=sys.stderr)


def _answer(item_id: Any, labels: Labels) -> dict[str, Any]:
    return {
        "id": item_id,
        "service": _label(labels.service),
        "intent": _label(labels.intent),
        "urgency": _label(labels.urgency),
        "language": _label(labels.language),
        "places": list(map(_span, labels.places)),
        "abstain": labels.abstain,
        "alternatives": list(map(_label, labels.alternatives)),
        "reasons": list(map(_span, labels.reasons)),
        "abuse": labels.abuse and _label(labels.abuse),
        "model": labels.model,
    }


def _label(label: Label) -> dict[str, Any]:
    return {"code": label.code, "confidence": label.confidence}


def _span(span: Span) -> dict[str, Any]:
    return {"text": span.text, "start": span.start, "end": span.end}
