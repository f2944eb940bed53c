"""Make the weights: ``python -m classifiers.training FOLDER OUT`` (``bigear train`` starts it).

Reads ``FOLDER/labels/*.jsonl.gz`` (``id, text, service, intent, urgency``; ``src`` and ``place`` are
scored where they stand) and, where it exists, ``FOLDER/text``. Keeps 15 % out by a hash of the id, and
writes the weights and, beside them, the scores on what was kept out.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.model import FORMAT, HEADS, PLACES, probabilities
from classifiers.spans import load as load_places
from classifiers.training import abuse, corpus, places, ridge, scores, vectors
from classifiers.training.baseline import baseline
from classifiers.training.calibration import calibrate
from classifiers.training.corpus import Rows
from classifiers.training.weights import name_of, quantised
from hub.model.labels import INTENTS, SERVICES, URGENCIES

PENALTY = 0.4
REST_WEIGHT, SEED_WEIGHT = 0.4, 2.0
"""Beside a labelled message: its text after the first lines, and a short message of our own. These
and the penalty were chosen by cross-validation among the messages to learn from."""
WRONG_AGENCY_MIN, PERSON_MIN = 10.0, 4.0
"""What a wrong agency costs its staff, and what a look by a person costs, in minutes: a case is left
to a person where the expected cost of trusting the model is higher."""
CODES = {"service": SERVICES, "intent": INTENTS, "urgency": URGENCIES}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lessons:
    """All texts to learn from: ``rows`` first, then the rests of some, then the seeds.

    ``parents`` are the row numbers of the rests; ``folds`` of cross-validation, -1 for the seeds.
    """

    rows: Rows
    texts: list[str]
    parents: NDArray[np.intp]
    seeds: list[str]
    folds: NDArray[np.intp]

    def labels(self, head: str) -> NDArray[np.str_]:
        """Of every text that has one for the head: rests and seeds only say what it is about."""
        of_rows = np.array([row[head] for row in self.rows])
        if head != "service":
            return of_rows
        return np.concatenate([of_rows, of_rows[self.parents], np.array(self.seeds)])

    def weights(self) -> Floats:
        """How much each text counts."""
        sizes = (len(self.rows), len(self.parents), len(self.seeds))
        return np.repeat(np.array([1, REST_WEIGHT, SEED_WEIGHT], np.float32), sizes)


def lessons(folder: Path, rows: Rows) -> Lessons:
    """Everything that the rows' part of the folder teaches, and the seeds."""
    rests, seeds = corpus.rests(folder, rows), corpus.seeds()
    parents = np.array([number for number, _ in rests], np.intp)
    folds = np.array([corpus.fold(row["text"]) for row in rows], np.intp)
    texts = [row["text"] for row in rows] + [text for _, text in rests + seeds]
    services = [service for service, _ in seeds]
    all_folds = np.concatenate([folds, folds[parents], np.full(len(seeds), -1, np.intp)])
    return Lessons(rows, texts, parents, services, all_folds)


def train(folder: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(arrays for the weights file, those for the place weights, scores on what was kept out)."""
    known, unseen = corpus.split(corpus.read(folder))
    lesson = lessons(folder, known)
    counted = vectors.counted(lesson.texts)
    idf = vectors.inverse_document_frequency(counted)
    x = vectors.matrix(counted, idf)
    x_unseen = vectors.matrix(vectors.counted([row["text"] for row in unseen]), idf)
    kernel = vectors.kernel(x)
    arrays: dict[str, Any] = {"format": FORMAT, "bits": vectors.BITS, "idf": idf.astype(np.float16)}
    told: dict[str, Any] = {
        "train": len(known),
        "rests": len(lesson.parents),
        "seeds": len(lesson.seeds),
        "test": len(unseen),
    }
    arrays["abstain_below"] = 1 - PERSON_MIN / WRONG_AGENCY_MIN
    columns: list[tuple[NDArray[np.int8], Floats, Floats]] = []
    for head in HEADS:
        labels = lesson.labels(head)
        classes = np.array([code for code in CODES[head] if code in labels])
        wanted, weights = ridge.targets(labels, classes), lesson.weights()[: len(labels)]
        part = kernel[: len(labels), : len(labels)]
        guesses = ridge.out_of_fold(part, wanted, weights, lesson.folds[: len(labels)], PENALTY)
        guesses, truth = guesses[: len(known)], wanted[: len(known)].argmax(axis=1)
        found = calibrate(guesses, truth)
        fit = ridge.fit(part, wanted, weights, np.arange(len(labels)), PENALTY)
        steps, scales = quantised(x[: len(labels)].T @ fit.dual)
        columns.append((steps, scales, fit.mean))
        arrays |= {f"{head}_classes": classes.astype("U32"), f"{head}_calibration": np.array(found)}
        unseen_scores = (x_unseen @ steps.astype(np.float32)) * scales + fit.mean
        told[head] = {"out_of_fold": round(float((guesses.argmax(axis=1) == truth).mean()), 4)}
        sure = probabilities(unseen_scores, *found)
        told[head] |= _judged(head, sure, classes, unseen, arrays["abstain_below"])
        print(head, json.dumps(told[head]), file=sys.stderr, flush=True)
    for number, name in enumerate(("weights", "scales", "bias")):
        arrays[name] = np.concatenate([column[number] for column in columns], axis=-1)
    abuse_arrays, told["abuse"] = abuse.train(folder, known, unseen)
    arrays |= abuse_arrays
    print("abuse", json.dumps(told["abuse"]), file=sys.stderr, flush=True)
    said = [(row["text"], row.get("place", "")) for row in known] + corpus.placed_seeds()
    where = places.train(said) if any(place for _, place in said) else load_places()
    told["place"] = scores.places(unseen, where)
    told["baseline"] = _baseline(known, unseen)
    located = places.arrays(where)
    arrays["model"] = told["model"] = name_of(
        arrays | {f"place_{key}": value for key, value in located.items()}
    )
    return arrays, located, told


def _judged(
    head: str, sure: Floats, classes: NDArray[np.str_], rows: Rows, abstain_below: float
) -> dict[str, Any]:
    wanted = np.array([row[head] for row in rows])
    told = scores.report(sure, classes, wanted, rows)
    if head == "service":
        told["abstention"] = scores.abstention(sure, classes, wanted, abstain_below)
    if head == "urgency":
        told["urgent"] = scores.urgent_recall(sure, classes, wanted)
    return told


def _baseline(known: Rows, unseen: Rows) -> dict[str, Any]:
    told = {}
    texts, asked = [row["text"] for row in known], [row["text"] for row in unseen]
    for head in HEADS:
        found, classes = baseline(texts, np.array([row[head] for row in known]), asked)
        told[head] = scores.report(found, classes, np.array([row[head] for row in unseen]), unseen)
    return told


def main(arguments: Sequence[str]) -> int:
    """``FOLDER OUT``: exit code 2 when there is nothing to train on."""
    folder, out = Path(arguments[0]), Path(arguments[1])
    began = time.monotonic()
    try:
        arrays, located, told = train(folder)
    except (FileNotFoundError, ValueError) as wrong:
        print(f"bigear train: {wrong}", file=sys.stderr)
        return 2
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, **arrays)
    np.savez_compressed(out.with_name(PLACES), **located)
    out.with_name("scores.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
