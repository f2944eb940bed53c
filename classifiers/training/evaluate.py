"""Report cards: ``python -m classifiers.training.evaluate VERSION [VERSION] [--data FOLDER]``.

A version is ``shipped``, a weights file or a folder. Judged are the messages that are kept out of all
training: those of ``FOLDER/labels``, and those of the hub's own on standard input, one JSON object a
line with ``id``, ``text``, and any of ``service``, ``intent`` and ``urgency``. Writes JSON:
``cards``, and how the second compares with the first (``compared``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from classifiers import Classifier, load
from classifiers.training import corpus
from classifiers.training.card import card, compare, judge
from classifiers.training.corpus import Rows
from hub.model.errors import Unavailable

SHIPPED = "shipped"
HUB = "hub"
"""The source of the hub's own messages in a card."""


def version(word: str) -> Classifier:
    """``shipped``, or what a path holds. Raises what ``classifiers.load`` raises."""
    return load(None if word == SHIPPED else Path(word))


def kept_out(own: Iterable[dict[str, Any]], data: Path | None) -> Rows:
    """What is judged: labelled messages of ``data`` and of the hub's ``own`` that nobody learns from,
    each once."""
    own = list(own)
    forms = corpus.forms(row["text"] for row in own)
    rows = corpus.split(corpus.read(data))[1] if data else []
    known = {corpus.sign(row["text"], forms) for row in rows}
    for row in own:
        sign = corpus.sign(row["text"], forms)
        if corpus.held_out(row["id"]) and sign not in known:
            known.add(sign)
            rows.append(row | {"src": HUB})
    return rows


def cards(versions: Sequence[Classifier], rows: Rows) -> dict[str, Any]:
    """The card of each version, and the second compared with the first."""
    judged = [judge(one, rows) for one in versions]
    told: dict[str, Any] = {
        "cards": [
            card(one.model, found, len(rows)) for one, found in zip(versions, judged, strict=True)
        ]
    }
    if len(judged) == 2:
        told["compared"] = compare(*judged)
    return told


def main(arguments: Sequence[str]) -> int:
    """Exit code 2 for what cannot be loaded or read."""
    parser = argparse.ArgumentParser(prog="classifiers.training.evaluate")
    parser.add_argument("versions", nargs="+")
    parser.add_argument("--data", type=Path)
    args = parser.parse_args(arguments)
    try:
        versions = [version(word) for word in args.versions]
        rows = kept_out(map(json.loads, sys.stdin), args.data)
    except (OSError, ValueError, Unavailable) as wrong:
        print(f"evaluate: {wrong}", file=sys.stderr)
        return 2
    print(json.dumps(cards(versions, rows), allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
