"""The next version, from what a city's staff corrected: ``python -m classifiers.training.from_hub
PARENT OUT [--data FOLDER]``.

The hub's own messages come on standard input, one JSON object a line: ``id``, ``text``, ``corrected``
(head → code, by a person), ``confirmed`` (head → code that a person worked by) and ``doubted`` (heads
that a person did not take as they were, without saying what instead). Lines without ``corrected`` are
those that evaluation reads: never learned from, for those of them that are kept out judge the version.

New weights are the parent's plus a change. The change is a ridge regression towards what is missing
from the parent's scores: for a corrected message the distance to its right label, for every other one
nothing, so that the rest holds the model in place while the corrections pull. The linear model learns
it of the pieces of words, and the encoder, for its own scores, of its states; the encoder itself stays
as it is. So does calibration: what people said on a hub is no fair sample of how often the model is
right. They confirm what it was sure of, and what they corrected it knows by then. ``OUT`` becomes the
folder of the version, with ``scores.json``: its report card, and its parent's on the same messages.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from classifiers import LINEAR, Classifier, load, second
from classifiers.encoder import FILES
from classifiers.model import HEADS, PLACES, WEIGHTS, read
from classifiers.second import Second
from classifiers.training import corpus, ridge, vectors
from classifiers.training.calibration import surprise
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
STATES_PENALTY = 0.1
"""Of the encoder's states, whose mean square length is made one."""
CONSTANT = 0.3
"""Beside the states, so that what is unlike all that was corrected stays as it was."""
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""How much of a change may be made. Corrections that say the same deserve more than all of it, for the
regression goes only part of the way to them; where people decide this way and that, little."""
LEAST_CORRECTED = 20
"""Fewer move nothing that the messages kept out could show."""
CARD = "scores.json"
SHARED = (PLACES, *FILES)
"""What a version takes over from its parent as it is; nothing else is read to label."""

Floats = NDArray[np.float32]


class TooFew(Exception):
    """Not enough was corrected: how many messages, of how many needed."""

    def __init__(self, found: int) -> None:
        super().__init__(f"{found} corrected messages, {LEAST_CORRECTED} are needed")
        self.found = found


class Unlike(Exception):
    """So many corrections have nothing in common that would be right about other messages."""

    def __init__(self, corrected: int) -> None:
        super().__init__(f"{corrected} corrections teach nothing about other messages")
        self.corrected = corrected


@dataclass(frozen=True, slots=True)
class Head:
    """One head while it learns: its columns, the calibration of its scores, and of each message what a
    person said (-1: nothing)."""

    name: str
    classes: tuple[str, ...]
    columns: slice
    calibration: tuple[float, float]
    corrected: NDArray[np.intp]
    doubted: NDArray[np.bool_]

    def missing(self, scores: Floats) -> Floats:
        """What a model's scores lack to be the corrected labels; nothing for every other message."""
        lacking = np.zeros_like(scores)
        pulls = np.flatnonzero(self.corrected >= 0)
        lacking[pulls] = -scores[pulls]
        lacking[pulls, self.corrected[pulls]] += 1
        return lacking

    @property
    def heard(self) -> NDArray[np.intp]:
        """The rows to learn from."""
        return np.flatnonzero(~self.doubted | (self.corrected >= 0))

    def weights(self) -> Floats:
        """How much each message counts."""
        return np.where(self.corrected >= 0, CORRECTED_WEIGHT, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Words:
    """The messages as the linear model sees them, and the inner products of every two."""

    x: sp.csr_matrix
    kernel: Floats

    def change(self, head: Head, scores: Floats, rows: NDArray[np.intp]) -> Floats:
        """Features × classes: what to add to the weights, learned from the rows."""
        lacking, weights = head.missing(scores), head.weights()
        fit = ridge.fit(self.kernel, lacking, weights, rows, PENALTY, centred=False)
        return fit.weights(self.x)


@dataclass(frozen=True, slots=True)
class States:
    """As the encoder sees them: ``x`` is its states, and a one beside them, in another ``frame``."""

    x: Floats
    frame: Floats

    def change(self, head: Head, scores: Floats, rows: NDArray[np.intp]) -> Floats:
        """The same, solved for the dimensions, which are fewer than messages."""
        x, weights = self.x[rows].astype(np.float64), head.weights()[rows, None]
        products = x.T @ (x * weights) + STATES_PENALTY * np.eye(x.shape[1])
        found: Floats = np.linalg.solve(products, x.T @ (head.missing(scores)[rows] * weights))
        return found.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the models: its view, its scores for a head (texts × classes), its share in the mix."""

    view: Words | States
    scores: Floats
    share: float


def heads(arrays: dict[str, Any], rows: Rows) -> list[Head]:
    """All heads of the weights, with what people said of the rows."""
    found, start = [], 0
    for name in HEADS:
        classes = tuple(str(code) for code in arrays[f"{name}_classes"])
        numbers = {code: number for number, code in enumerate(classes)}
        corrected = np.array([numbers.get(row["corrected"].get(name), -1) for row in rows], np.intp)
        # What this model has no class for is no word for the label that it gives instead.
        doubted = np.array(
            [
                name in row["doubted"] or row["corrected"].get(name, classes[0]) not in numbers
                for row in rows
            ],
            np.bool_,
        )
        columns = slice(start, start + len(classes))
        mix = arrays.get(f"{name}_mix", arrays[f"{name}_calibration"])
        calibration = (float(mix[-2]), float(mix[-1]))
        found.append(Head(name, classes, columns, calibration, corrected, doubted))
        start = columns.stop
    return found


def learn(
    arrays: dict[str, Any], rows: Rows, encoder: Second | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the parent's arrays after learning from the rows, what was learned from).

    Raises TooFew, Unlike.
    """
    corrected = sum(1 for row in rows if row["corrected"])
    if corrected < LEAST_CORRECTED:
        raise TooFew(corrected)
    fresh = dict(arrays)
    for part in ("weights", "scales"):
        fresh[part] = arrays[part].copy()
    told: dict[str, Any] = {"messages": len(rows), "corrected": corrected}
    texts = [row["text"] for row in rows]
    forms = corpus.forms(texts)
    folds = np.array([corpus.fold(text, forms) for text in texts])
    words, states, opinions = _views(fresh, encoder, texts)
    for head in heads(arrays, rows):
        count = int((head.corrected >= 0).sum())
        told[head.name] = {"corrected": count, "doubted": int(head.doubted.sum())}
        if not count:
            continue
        parts = _parts(fresh, head, words, states, opinions)
        step = told[head.name]["step"] = best_step(head, parts, folds)
        if not step:
            _say(
                f"{head.name}: {count} corrected, too unlike one another to say anything of others"
            )
            continue
        _change_words(fresh, head, parts[0], step)
        if len(parts) > 1:
            _shift_states(fresh, head, parts[1], step)
        _say(f"{head.name}: {count} corrected messages learned, {step:.0%} of the change")
    if not any(told[name].get("step") for name in HEADS):
        raise Unlike(corrected)
    return fresh, told


def _views(
    arrays: dict[str, Any], encoder: Second | None, texts: Sequence[str]
) -> tuple[Words, States | None, dict[str, Floats]]:
    """The texts as words, as the encoder's states, and what it says of them."""
    x = vectors.rows(texts, arrays["idf"].astype(np.float32))
    words = Words(x, vectors.kernel(x))
    if encoder is None:
        return words, None, {}
    found = encoder.opinions(texts)
    frame = _frame(found.states)
    states = np.hstack([found.states, np.ones((len(texts), 1), np.float32)]) @ frame
    return words, States(states, frame), found.heads


def _frame(states: Floats) -> Floats:
    """What takes a state and a one to the state less the mean, over the root of the mean square length,
    and the constant."""
    middle = states.mean(axis=0)
    spread = np.sqrt(((states - middle) ** 2).sum(axis=1).mean()) + np.float32(1e-6)
    frame = np.eye(states.shape[1] + 1, dtype=np.float32)
    frame[:-1, :-1] /= spread
    frame[-1, :-1] = -middle / spread
    frame[-1, -1] = CONSTANT
    return frame


def _parts(
    arrays: dict[str, Any],
    head: Head,
    words: Words,
    states: States | None,
    opinions: Mapping[str, Floats],
) -> list[Part]:
    old = arrays["weights"][:, head.columns].astype(np.float32) * arrays["scales"][head.columns]
    scores = np.asarray(words.x @ old + arrays["bias"][head.columns], np.float32)
    if states is None or head.name not in opinions:
        return [Part(words, scores, 1.0)]
    share = float(arrays[f"{head.name}_mix"][0])
    return [Part(words, scores, 1 - share), Part(states, opinions[head.name], share)]


def best_step(head: Head, parts: Sequence[Part], folds: NDArray[np.intp]) -> float:
    """How much of the change to make: as much as makes the labels likeliest of messages that it was not
    learned from, by folds: the corrected label, and of all others the one that the parent gives."""
    moved = [np.zeros_like(part.scores) for part in parts]
    for fold in range(corpus.FOLDS):
        unseen, rest = (
            head.heard[folds[head.heard] == fold],
            head.heard[folds[head.heard] != fold],
        )
        if not len(unseen) or not (head.corrected[rest] >= 0).any():
            continue
        for part, change in zip(parts, moved, strict=True):
            learned = part.view.change(head, part.scores, rest)
            change[unseen] = part.view.x[unseen] @ learned
    before = _together(parts, [part.scores for part in parts])
    after = _together(parts, moved)
    wanted = np.where(head.corrected >= 0, head.corrected, before.argmax(axis=1))
    heard = head.heard
    return min(
        STEPS,
        key=lambda s: surprise((before + s * after)[heard], wanted[heard], *head.calibration),
    )


def _together(parts: Sequence[Part], each: Sequence[Floats]) -> Floats:
    shares = [part.share * found for part, found in zip(parts, each, strict=True)]
    found: Floats = np.sum(shares, axis=0, dtype=np.float32)
    return found


def _change_words(fresh: dict[str, Any], head: Head, part: Part, step: float) -> None:
    """Put the linear model's change into the arrays."""
    old = fresh["weights"][:, head.columns].astype(np.float32) * fresh["scales"][head.columns]
    changed = old + np.float32(step) * part.view.change(head, part.scores, head.heard)
    fresh["weights"][:, head.columns], fresh["scales"][head.columns] = quantised(changed)


def _shift_states(fresh: dict[str, Any], head: Head, part: Part, step: float) -> None:
    """Put what is added to the encoder's scores into the arrays, as ``classifiers.second`` reads it."""
    assert isinstance(part.view, States)
    change = part.view.change(head, part.scores, head.heard)
    shift = part.view.frame @ (np.float32(step) * change)
    fresh[f"{head.name}_shift"] = shift + fresh.get(f"{head.name}_shift", np.float32(0))


def lessons(rows: Rows, judged: Rows) -> Rows:
    """The rows to learn from: none that is kept out, be it judged already or not, nor one that is
    the same message (``corpus.sign``)."""
    forms = corpus.forms(row["text"] for row in rows)
    out = [row for row in rows if corpus.held_out(row["id"])]
    kept = {corpus.sign(row["text"], forms) for row in [*judged, *out]}
    return [row for row in rows if corpus.sign(row["text"], forms) not in kept]


def agreement(old: Classifier, new: Classifier, rows: Rows) -> float | None:
    """In which share of the messages kept out, of which nobody said that they are wrong, the service is
    the parent's; None without any."""
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


def make(parent: Path | None, out: Path, lines: Rows, data: Path | None) -> dict[str, Any]:
    """Write the version's folder; its report card. ``parent`` None: the shipped version.
    ``lines``: to learn from, and to judge by.

    Raises OSError or ValueError for a parent that cannot be read or an ``out`` that exists, TooFew,
    Unlike; then ``out`` is untouched.
    """
    if out.exists():
        raise FileExistsError(f"{out} is there already; name a folder that is not")
    rows = [line for line in lines if "corrected" in line]
    judged = kept_out((line for line in lines if "corrected" not in line), data)
    _say(f"{len(rows)} messages of the hub, {len(judged)} kept out to judge by")
    stored = read(_linear(parent))
    encoder = second.read(stored, _linear(parent).parent)
    arrays, learned = learn(stored, lessons(rows, judged), encoder)
    out.mkdir(parents=True)
    for name in SHARED:
        if (beside := _linear(parent).with_name(name)).exists():
            shutil.copy(beside, out)
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
    written = json.dumps(report, indent=1, allow_nan=False)
    (out / CARD).write_text(written + "\n", encoding="utf-8")
    return report


def _places_of(folder: Path) -> dict[str, Any]:
    with np.load(folder / PLACES, allow_pickle=False) as stored:
        return dict(stored)


def _linear(parent: Path | None) -> Path:
    if parent is None:
        return WEIGHTS
    return parent / LINEAR if parent.is_dir() else parent


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Writes the report card as JSON, or ``{"too_few": found, "needed": …}``, or ``{"unlike":
    corrected}``; exit code 2 for a parent or data that cannot be read."""
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
    except Unlike as unlike:
        print(json.dumps({"unlike": unlike.corrected}))
        return 0
    except (OSError, ValueError, Unavailable) as wrong:
        print(f"from_hub: {wrong}", file=sys.stderr)
        return 2
    print(json.dumps(report, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
