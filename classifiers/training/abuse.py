"""How abuse is learned: from comments that readers marked, citizens' messages and lines of our own."""

from __future__ import annotations

import gzip
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifiers.abuse import LEAST_N_GRAMS, Abuse, pieces, read, said
from classifiers.features import count_signs, normalise, signs, word_of_each
from classifiers.training import corpus
from classifiers.training.corpus import Rows
from classifiers.training.vectors import BITS

LINES = Path(__file__).with_name("abuse.toml")
COMMENTS = "text/abuse_ko.jsonl.gz"
STRENGTH = 8.0
LINE_WEIGHT = 10.0
COMMENT_WEIGHTS = {"hate": 0.5, "offensive": 0.125, "none": 0.5}
"""Beside a piece of a citizen's message: a line of our own, which is what citizens write, and comments
under entertainment news, where much that counts as offensive is mockery."""
FALSE_ALARMS = 0.001
"""The share of citizens' messages that may be folded wrongly: it sets the threshold."""
LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces × buckets, and for each piece the number of the text that it is of."""

    x: sp.csr_matrix
    texts: NDArray[np.intp]

    def of(self, kept: NDArray[np.bool_]) -> Pieces:
        """Some of the pieces."""
        return Pieces(self.x[kept], self.texts[kept])

    def worst(self, of_pieces: NDArray[np.float64]) -> NDArray[np.float64]:
        """The greatest number among the pieces of each text."""
        found = np.full(self.texts.max(initial=-1) + 1, -np.inf)
        np.maximum.at(found, self.texts, of_pieces)
        return found


Lesson = tuple[Pieces, bool, float]
"""Pieces, whether they are abuse, and how much each counts."""


def cut(texts: Sequence[str]) -> Pieces:
    """The pieces of texts as the classifier itself cuts them: each n-gram counts one through the
    square root of how many the piece has, or should have at least."""
    buckets, rows, values = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    owners: list[int] = []
    for number, text in enumerate(texts):
        read = signs(said(normalise(text)))
        if not read.text:
            continue
        found = count_signs(read, BITS)[0].found
        words = word_of_each(read)[0]
        for numbers in pieces(read):
            _, piece, sizes = np.unique(numbers[words], return_inverse=True, return_counts=True)
            buckets.append(found.astype(np.int64))
            rows.append(piece + len(owners))
            values.append(1 / np.sqrt(np.maximum(sizes, LEAST_N_GRAMS))[piece])
            owners += [number] * len(sizes)
    shape = (len(owners), 2**BITS)
    places = (np.concatenate(rows), np.concatenate(buckets))
    return Pieces(sp.csr_matrix((np.concatenate(values), places), shape), np.array(owners, np.intp))


def train(folder: Path, known: Rows, unseen: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    """(arrays for the weights file, scores on what was kept out). Without the comments in ``folder``
    it learns from our own lines and the citizens' messages alone."""
    learned = [row for row in _comments(folder) if not corpus.held_out(row["text"])]
    lines = own_lines()
    citizens = cut([row["text"] for row in known])
    always = [
        (cut([row["text"] for row in learned if row["hate"] == kind]), kind != "none", weight)
        for kind, weight in COMMENT_WEIGHTS.items()
    ]
    always += [(cut(lines["abuse"]), True, LINE_WEIGHT), (cut(lines["fair"]), False, LINE_WEIGHT)]
    folds = np.array([corpus.fold(row["text"]) for row in known])[citizens.texts]
    found = _out_of_fold(always, citizens, folds)
    above = max(float(np.quantile(found, 1 - FALSE_ALARMS)), LEAST)
    arrays = _arrays(_fit([*always, (citizens, False, 1.0)]), above)
    told = {
        "above": round(above, 4),
        "lines": {name: len(some) for name, some in lines.items()},
        "comments": len(learned),
        "out_of_fold_false_alarms": int((found > above).sum()),
        "kept_out": judged(folder, read(arrays), unseen),
    }
    return arrays, told


def _out_of_fold(
    always: Sequence[Lesson], citizens: Pieces, folds: NDArray[np.intp]
) -> NDArray[np.float64]:
    """How surely each citizen's message is abuse to a model that has not seen it."""
    scores = np.empty(len(folds))
    for number in range(corpus.FOLDS):
        model = _fit([*always, (citizens.of(folds != number), False, 1.0)])
        scores[folds == number] = model.predict_proba(citizens.of(folds == number).x)[:, 1]
    return citizens.worst(scores)


def own_lines() -> dict[str, list[str]]:
    """Messages of our own: ``abuse``, and angry but ``fair`` ones."""
    lines = tomllib.loads(LINES.read_text(encoding="utf-8"))
    return {name: text.strip().split("\n") for name, text in lines.items()}


def judged(folder: Path, model: Abuse, citizens: Rows) -> dict[str, dict[str, int]]:
    """How many would be folded of the comments kept out, and of citizens' messages."""
    asked: dict[str, list[str]] = {kind: [] for kind in COMMENT_WEIGHTS}
    for row in _comments(folder):
        if corpus.held_out(row["text"]):
            asked[row["hate"]].append(row["text"])
    asked["citizens"] = [row["text"] for row in citizens]
    return {
        name: {"of": len(texts), "folded": flagged(model, texts)} for name, texts in asked.items()
    }


def flagged(model: Abuse, texts: Sequence[str]) -> int:
    """How many of the texts would be folded."""
    every = [signs(normalise(text)) for text in texts]
    return sum(
        model.label(read, count_signs(read, BITS), word_of_each(read)).code == "abuse"
        for read in every
    )


def _comments(folder: Path) -> Rows:
    path = folder / COMMENTS
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _fit(lessons: Sequence[Lesson]) -> LogisticRegression:
    sizes = [part.x.shape[0] for part, _, _ in lessons]
    wanted = np.repeat([abuse for _, abuse, _ in lessons], sizes)
    weights = np.repeat([weight for _, _, weight in lessons], sizes)
    model = LogisticRegression(C=STRENGTH, solver="liblinear", tol=1e-3, random_state=0)
    return model.fit(sp.vstack([part.x for part, _, _ in lessons]), wanted, sample_weight=weights)


def _arrays(model: LogisticRegression, above: float) -> dict[str, Any]:
    weights = model.coef_[0]
    scale = np.abs(weights).max() / 127
    return {
        "abuse_weights": np.rint(weights / scale).astype(np.int8),
        "abuse_scale": np.float32(scale),
        "abuse_bias": np.float32(model.intercept_[0]),
        "abuse_above": np.float32(above),
    }
