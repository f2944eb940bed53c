"""The next version, from what a city's staff corrected: ``python -m classifiers.training.from_hub
PARENT OUT [--data FOLDER]``.

The hub's own messages come on standard input, one JSON object a line: ``id``, ``text``, ``corrected``
(head → code, by a person), ``confirmed`` (head → code that a person worked by) and ``doubted`` (heads
that a person did not take as they were, without saying what instead).

New weights are the parent's plus a change. The change is a ridge regression towards what is missing
from the parent's scores, the encoder's share in them included: for a corrected message the distance to
its right label, for every other one nothing, so that the rest holds the model in place while the
corrections pull. The encoder stays as it is, and so does calibration: what people said on a hub is no
fair sample of how often the model is right. They confirm what it was sure of, and what they corrected
it knows by then. ``OUT`` becomes the folder of the version, with ``scores.json``: its report card, and
its parent's on the same messages.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from classifiers import LINEAR, Classifier, load, second
from classifiers.model import HEADS, PLACES, WEIGHTS, read
from classifiers.second import Second, mixed
from classifiers.training import corpus, ridge, vectors
from classifiers.training.corpus import Rows
from classifiers.training.evaluate import SHIPPED, cards, kept_out
from classifiers.training.weights import name_of, quantised
from hub.model.errors import Unavailable

PENALTY = 0.4
"""As in ``classifiers.training``."""
CORRECTED_WEIGHT = 2.0
"""A corrected label beside one that only the model gave. Where half of the labelled messages played the
hub, and what the model had wrong there was corrected, 1, 2 and 4 came out alike on messages set apart
(0.720, 0.720, 0.719; before 0.686; without the others to hold it in place 0.709). Two lets a correction
win over one look-alike that the model still has wrong."""
LEAST_CORRECTED = 20
"""Fewer move nothing that the messages kept out could show."""
CARD = "scores.json"

Floats = NDArray[np.float32]


class TooFew(Exception):
    """Not enough was corrected: how many messages, of how many needed."""

    def __init__(self, found: int) -> None:
        super().__init__(f"{found} corrected messages, {LEAST_CORRECTED} are needed")
        self.found = found


@dataclass(frozen=True, slots=True)
class Head:
    """One head while it learns: its columns, and of each message what a person said (-1: nothing)."""

    name: str
    classes: tuple[str, ...]
    columns: slice
    corrected: NDArray[np.intp]
    doubted: NDArray[np.bool_]

    def missing(self, scores: Floats, share: float) -> Floats:
        """What the linear model lacks for the scores to be the corrected labels, where its part in them
        is one less the encoder's ``share``; nothing for every other message."""
        lacking = np.zeros_like(scores)
        pulls = np.flatnonzero(self.corrected >= 0)
        lacking[pulls] = -scores[pulls]
        lacking[pulls, self.corrected[pulls]] += 1
        return lacking / np.float32(1 - share)

    def weights(self) -> Floats:
        """How much each message counts."""
        return np.where(self.corrected >= 0, CORRECTED_WEIGHT, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Texts:
    """The messages as features, and their inner products."""

    x: sp.csr_matrix
    kernel: Floats
    opinions: dict[str, Floats]
    """Of the encoder where there is one, for what a person corrected; nothing for the rest."""


def heads(arrays: dict[str, Any], rows: Rows) -> list[Head]:
    """All heads of the weights, with what people said of the rows."""
    found, start = [], 0
    for name in HEADS:
        classes = tuple(str(code) for code in arrays[f"{name}_classes"])
        numbers = {code: number for number, code in enumerate(classes)}
        corrected = np.array([numbers.get(row["corrected"].get(name), -1) for row in rows], np.intp)
        doubted = np.array([name in row["doubted"] for row in rows], np.bool_)
        columns = slice(start, start + len(classes))
        found.append(Head(name, classes, columns, corrected, doubted))
        start = columns.stop
    return found


def opinions(encoder: Second | None, rows: Rows) -> dict[str, Floats]:
    """For each head that the encoder has a share in, texts × classes."""
    said = [number for number, row in enumerate(rows) if row["corrected"]]
    if encoder is None or not said:
        return {}
    found = encoder.opinions([rows[number]["text"] for number in said]).heads
    wide = {head: np.zeros((len(rows), part.shape[1]), np.float32) for head, part in found.items()}
    for head, part in found.items():
        wide[head][said] = part
    return wide


def learn(
    arrays: dict[str, Any], rows: Rows, encoder: Second | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the parent's arrays after learning from the rows, what was learned from).

    Raises TooFew.
    """
    corrected = sum(1 for row in rows if row["corrected"])
    if corrected < LEAST_CORRECTED:
        raise TooFew(corrected)
    idf = arrays["idf"].astype(np.float32)
    x = vectors.matrix(vectors.counted([row["text"] for row in rows]), idf)
    texts = Texts(x, vectors.kernel(x), opinions(encoder, rows))
    fresh = dict(arrays)
    for part in ("weights", "scales"):
        fresh[part] = arrays[part].copy()
    told: dict[str, Any] = {"messages": len(rows), "corrected": corrected}
    for head in heads(arrays, rows):
        told[head.name] = {
            "corrected": int((head.corrected >= 0).sum()),
            "doubted": int(head.doubted.sum()),
        }
        if (head.corrected >= 0).any():
            _change(fresh, head, texts)
            _say(f"{head.name}: {told[head.name]['corrected']} corrected messages learned")
    return fresh, told


def _change(fresh: dict[str, Any], head: Head, texts: Texts) -> None:
    """Put a head's change into the arrays."""
    old = fresh["weights"][:, head.columns].astype(np.float32)
    scales, bias = fresh["scales"][head.columns], fresh["bias"][head.columns]
    scores = np.asarray((texts.x @ old) * scales + bias, np.float32)
    opinion = texts.opinions.get(head.name)
    share = 0.0 if opinion is None else float(fresh[f"{head.name}_mix"][0])
    together = scores if opinion is None else mixed(scores, opinion, share)
    lacking, weights = head.missing(together, share), head.weights()
    heard = np.flatnonzero(~head.doubted | (head.corrected >= 0))
    fit = ridge.fit(texts.kernel, lacking, weights, heard, PENALTY, centred=False)
    changed = old * scales + texts.x[heard].T @ fit.dual
    fresh["weights"][:, head.columns], fresh["scales"][head.columns] = quantised(changed)


def lessons(rows: Rows, judged: Rows) -> Rows:
    """The rows to learn from: none that is kept out, nor one that begins like one that is."""
    kept = {corpus.beginning(row["text"]) for row in judged}
    return [
        row
        for row in rows
        if not corpus.held_out(row["id"]) and corpus.beginning(row["text"]) not in kept
    ]


def agreement(old: Classifier, new: Classifier, rows: Rows) -> float | None:
    """In which share of the messages kept out, of which nobody said anything, the service is the
    parent's; None without any."""
    quiet = [
        row["text"]
        for row in rows
        if corpus.held_out(row["id"]) and not row["corrected"] and not row["doubted"]
    ]
    if not quiet:
        return None
    pairs = zip(old.label(quiet), new.label(quiet), strict=True)
    same = [before.service.code == after.service.code for before, after in pairs]
    return round(sum(same) / len(same), 4)


def make(parent: Path | None, out: Path, rows: Rows, data: Path | None) -> dict[str, Any]:
    """Write the version's folder; its report card. ``parent`` None: the shipped version.

    Raises OSError or ValueError for a parent that cannot be read, TooFew; then ``out`` is untouched.
    """
    own = [row | row["confirmed"] | row["corrected"] for row in rows]
    said = [row for row in own if row["confirmed"] or row["corrected"]]
    judged = kept_out(said, data)
    _say(f"{len(rows)} messages of the hub, {len(judged)} kept out to judge by")
    stored = read(_linear(parent))
    encoder = second.read(stored, _linear(parent).parent)
    arrays, learned = learn(stored, lessons(rows, judged), encoder)
    folder = parent if parent is not None and parent.is_dir() else None
    if parent is None:
        folder = WEIGHTS.parent
    if folder is not None:
        shutil.copytree(folder, out, ignore=shutil.ignore_patterns(LINEAR, CARD))
    out.mkdir(parents=True, exist_ok=True)
    arrays["model"] = np.array(name_of(arrays, _places_of(out)))
    np.savez_compressed(out / LINEAR, **arrays)
    old, new = load(parent), load(out)
    told = cards([old, new], judged)
    before, after = told["cards"]
    report: dict[str, Any] = after | {
        "how": "from_hub",
        "parent": old.model,
        "learned_from": learned,
        "agrees_with_parent": agreement(old, new, rows),
        "compared": told["compared"],
        "parent_card": before,
    }
    (out / CARD).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return report


def _places_of(folder: Path) -> dict[str, Any]:
    path = folder / PLACES
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def _linear(parent: Path | None) -> Path:
    if parent is None:
        return WEIGHTS
    return parent / LINEAR if parent.is_dir() else parent


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Writes the report card as JSON, or ``{"too_few": found, "needed": …}``; exit code 2 for a
    parent or data that cannot be read."""
    parser = argparse.ArgumentParser(prog="classifiers.training.from_hub")
    parser.add_argument("parent")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    args = parser.parse_args(arguments)
    parent = None if args.parent == SHIPPED else Path(args.parent)
    try:
        report = make(parent, args.out, [json.loads(line) for line in sys.stdin], args.data)
    except TooFew as few:
        print(json.dumps({"too_few": few.found, "needed": LEAST_CORRECTED}))
        return 0
    except (OSError, ValueError, Unavailable) as wrong:
        print(f"from_hub: {wrong}", file=sys.stderr)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
