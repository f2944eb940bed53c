"""Make the weights: ``python -m classifiers.training FOLDER OUT`` (``bigear train`` starts it).

Reads ``FOLDER/labels/*.jsonl.gz`` (``id, text, service, intent, urgency``; ``src`` and ``place`` are
scored where they stand) and, where it exists, ``FOLDER/text``. Keeps 15 % out by a hash of the id, fits
the linear model, mixes in the encoder that lies beside ``OUT`` if there is one, and scores that on what
was kept out. Only then the weights replace those at ``OUT``, and the scores those beside them.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import Classifier, second
from classifiers.encoder import FILES, GRAPH, Encoder, Opinions
from classifiers.model import FORMAT, HEADS, PLACES, load
from classifiers.spans import Places
from classifiers.spans import load as load_places
from classifiers.training import (
    abuse,
    baseline,
    corpus,
    lessons,
    linear,
    mixing,
    places,
    scores,
    vectors,
)
from classifiers.training.calibration import calibrate
from classifiers.training.corpus import Rows
from classifiers.training.lessons import Lesson
from classifiers.training.weights import name_of

WRONG_AGENCY_MIN, PERSON_MIN = 10.0, 4.0
"""What a wrong agency costs its staff, and what a look by a person costs, in minutes: a case is left
to a person where the expected cost of trusting the model is higher."""
MISSED_HAZARD = 4.0
"""How many false alarms, each a look by a person, are as bad as a hazard that nobody looks at soon."""
CARD = "scores.json"

Floats = NDArray[np.float32]
Heads = Mapping[str, tuple[str, ...]]


def make(learned: Sequence[Lesson], folder: Path, where: Places) -> dict[str, Any]:
    """The arrays of the weights file, calibrated on what is set aside, with the folder's encoder."""
    heads = linear.classes(learned)
    known = linear.field(learned)
    _say(f"{len(learned)} texts to learn from")
    aside = np.array(
        [
            number
            for number, lesson in enumerate(learned)
            if lesson.aside and len(lesson.labels) == len(heads)
        ]
    )
    before = linear.fit(known, heads, without_aside=True).scores(known.x[aside])
    texts = [learned[number].text for number in aside]
    truth = {
        head: np.array([codes.index(learned[n].labels[head]) for n in aside], np.intp)
        for head, codes in heads.items()
    }
    parts = _parts(before, heads)
    alone = {head: calibrate(parts[head], truth[head]) for head in heads}
    _say(f"calibrated on {len(aside)} set aside")
    arrays: dict[str, Any] = {
        "format": FORMAT,
        "abstain_below": 1 - PERSON_MIN / WRONG_AGENCY_MIN,
        "urgent_above": 1 / (1 + MISSED_HAZARD),
    } | {f"{head}_calibration": np.array(found) for head, found in alone.items()}
    if (folder / GRAPH).exists():
        encoder = Encoder(folder)
        opinions = encoder.read(texts)
        said = _in_order(opinions, encoder.sheet.heads, heads)
        mixes = {head: mixing.mix(parts[head], said[head], truth[head]) for head in heads}
        placed = mixing.places(texts, [learned[n].place for n in aside], where, opinions)
        doubt = mixing.doubt(placed, where.sure)
        arrays |= second.arrays(mixes, placed.weights, mixing.ASK_BELOW, doubt, folder)
        _say(f"encoder: {mixing.told(mixes, doubt)}")
    fitted = linear.fit(known, heads, without_aside=False)
    return arrays | linear.arrays(known, heads, fitted)


def _parts(found: Floats, heads: Heads) -> dict[str, Floats]:
    starts = np.cumsum([0, *(len(codes) for codes in heads.values())])
    return {
        head: found[:, start : start + len(codes)]
        for (head, codes), start in zip(heads.items(), starts, strict=False)
    }


def _in_order(opinions: Opinions, classes: Heads, heads: Heads) -> dict[str, Floats]:
    """The encoder's probabilities, by head in the linear model's order."""
    return {
        head: opinions.heads[head][:, [classes[head].index(code) for code in codes]]
        for head, codes in heads.items()
    }


def judged(model: Classifier, rows: Rows) -> dict[str, Any]:
    """For each head how right the model is on the rows, without the lexicon's net."""
    found = model.read([row["text"] for row in rows])
    told: dict[str, Any] = {}
    for head in HEADS:
        sure = np.array([answer[head] for answer in found])
        classes, wanted = np.array(model.classes(head)), np.array([row[head] for row in rows])
        if head == "urgency":
            given = np.array([model.urgency(one).code for one in sure])
            told[head] = scores.report(sure, classes, wanted, rows, given)
            told[head]["urgent"] = scores.urgent(sure, classes, wanted, given)
            continue
        told[head] = scores.report(sure, classes, wanted, rows)
        if head == "service":
            told[head]["abstention"] = scores.abstention(sure, classes, wanted, model.abstain_below)
    return told


def _places(learned: Sequence[Lesson]) -> Places:
    """What tells where, the shipped one where no lesson names a place."""
    said = lessons.places(learned)
    return places.train(said) if any(place for _, place in said) else load_places()


def _baselines(known: Rows, unseen: Rows) -> dict[str, Any]:
    told: dict[str, Any] = {}
    texts, asked = [row["text"] for row in known], [row["text"] for row in unseen]
    for name, recipe in baseline.RECIPES.items():
        told[name] = {}
        for head in HEADS:
            labels = np.array([row[head] for row in known])
            found, classes = baseline.guess(recipe, texts, labels, asked)
            wanted = np.array([row[head] for row in unseen])
            told[name][head] = scores.report(found, classes, wanted, unseen)
            _say(f"{name}: {head} {told[name][head]['accuracy']}")
    return told


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """Where to write the weights, ``out``'s encoder beside them. What was written in the block replaces
    what lies at ``out``, each file at once: a worker that starts meanwhile can load what it finds."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=out.parent) as room:
        fresh = Path(room) / out.name
        for name in FILES:
            if out.with_name(name).exists():
                fresh.with_name(name).symlink_to(Path("..") / name)
        yield fresh
        for name in (PLACES, CARD, out.name):
            fresh.with_name(name).replace(out.with_name(name))


def train(folder: Path, out: Path) -> dict[str, Any]:
    """Writes the weights to ``out``, and beside them the scores on what was kept out, which it returns.

    Raises FileNotFoundError or ValueError for a folder without labelled messages, or too few of them,
    and OSError where nothing can be written; what lies at ``out`` stays then."""
    known, unseen = corpus.split(corpus.read(folder))
    learned = lessons.gather(folder, known)
    arrays = make(learned, out.parent, _places([le for le in learned if not le.aside]))
    where = _places(learned)
    located = places.arrays(where)
    folded, told_of_abuse = abuse.train(folder, known, unseen)
    arrays |= folded
    arrays["model"] = name_of(arrays, located)
    with _replacing(out) as fresh:
        np.savez_compressed(fresh, **arrays)
        np.savez_compressed(fresh.with_name(PLACES), **located)
        told = {"model": arrays["model"], "train": len(known), "test": len(unseen)}
        told |= {"learned": len(learned), "bits": vectors.BITS}
        told |= _scored(fresh, unseen) | {"abuse": told_of_abuse}
        told["baselines"] = _baselines(known, unseen)
        written = json.dumps(told, indent=1, allow_nan=False)
        fresh.with_name(CARD).write_text(written + "\n", encoding="utf-8")
    return told


def _scored(weights: Path, unseen: Rows) -> dict[str, Any]:
    """How right the labels and places of a weights file are; beside that, of its linear model alone."""
    model = load(weights)
    texts = [row["text"] for row in unseen]
    told = judged(model, unseen)
    if weights.with_name(GRAPH).exists():
        alone = load(weights, alone=True)
        told["linear_alone"] = judged(alone, unseen)
        told["linear_alone"]["place"] = scores.places(unseen, alone.places(texts))
        told["asked"] = model.asked(texts)
    return told | {"place": scores.places(unseen, model.places(texts))}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """``FOLDER OUT``: exit code 2 where there is nothing to train on, or it cannot be written."""
    folder, out = Path(arguments[0]), Path(arguments[1])
    began = time.monotonic()
    try:
        told = train(folder, out)
    except (OSError, ValueError) as wrong:
        _say(f"bigear train: {wrong}")
        return 2
    print(json.dumps(told, indent=1))
    _say(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
