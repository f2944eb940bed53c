"""Train the linear model: ``python -m classifiers.train FOLDER OUT`` (``bigear train`` starts it).

Offline, and the only part that needs scikit-learn (extra ``train``). Reads
``FOLDER/labels/*.jsonl.gz`` (``id, text, service, intent, urgency``), keeps 15 % out by a hash of the
id, and writes the weights and, beside them, the scores on what was kept out.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from classifiers.features import count, normalise
from classifiers.model import HEADS, softmax, weigh
from hub.model.labels import INTENTS, SERVICES, URGENCIES

BITS = 18
HELD_OUT_PERCENT = 15
REGULARISATION = {"service": 1.0, "intent": 0.4, "urgency": 0.4}
FOLDS = 4
PREFIX_CHARS = 40
"""Texts that begin alike are the same proposal sent twice: kept on one side of the split."""
WRONG_AGENCY_MIN, PERSON_MIN = 10.0, 4.0
"""What a wrong agency costs its staff, and what a look by a person costs, in minutes: a case is left
to a person where the expected cost of trusting the model is higher."""
CLASSES = {"service": SERVICES, "intent": INTENTS, "urgency": URGENCIES}

NONE = np.empty(0, np.int64)

Rows = list[dict[str, Any]]
Floats = NDArray[np.float64]


def held_out(item_id: str) -> bool:
    """Whether an item is never trained on: the first four bytes of SHA-256 of its id, mod 100."""
    digest = hashlib.sha256(item_id.encode()).digest()
    return int.from_bytes(digest[:4]) % 100 < HELD_OUT_PERCENT


def read(folder: Path) -> Rows:
    """All labelled rows. Raises FileNotFoundError with the format that is expected."""
    files = sorted((folder / "labels").glob("*.jsonl.gz"))
    if not files:
        raise FileNotFoundError(
            f"no labels/*.jsonl.gz in {folder}; one JSON object a line: "
            '{"id", "text", "service", "intent", "urgency"}'
        )
    rows: Rows = []
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows += [json.loads(line) for line in lines]
    return rows


def split(rows: Rows) -> tuple[Rows, Rows]:
    """(train, test); a text that begins like one of the test's is left out of training."""
    test = [row for row in rows if held_out(row["id"])]
    heads = {normalise(row["text"])[:PREFIX_CHARS] for row in test}
    train = [
        row
        for row in rows
        if not held_out(row["id"]) and normalise(row["text"])[:PREFIX_CHARS] not in heads
    ]
    return train, test


def matrix(texts: Sequence[str], idf: NDArray[np.float32] | None) -> sp.csr_matrix:
    """Texts × buckets; without ``idf`` a one where a text has the feature."""
    columns, values, starts = [], [], [0]
    for text in texts:
        blocks = count(text, BITS)
        if idf is None:
            buckets = np.unique(np.concatenate([NONE, *(b.buckets for b in blocks)]))
            weighted = np.ones(len(buckets), np.float32)
        else:
            buckets, weighted = weigh(blocks, idf)
        columns.append(buckets)
        values.append(weighted)
        starts.append(starts[-1] + len(buckets))
    shape = (len(texts), 2**BITS)
    return sp.csr_matrix((np.concatenate(values), np.concatenate(columns), starts), shape=shape)


def inverse_document_frequency(texts: Sequence[str]) -> NDArray[np.float32]:
    """ln((1 + n) / (1 + df)) + 1 (Salton and Buckley 1988, smoothed); 0 for what occurs once."""
    seen = matrix(texts, None)
    frequency = np.bincount(seen.indices, minlength=2**BITS)
    idf = np.log((1 + len(texts)) / (1 + frequency)) + 1
    idf[frequency < 2] = 0
    rounded: NDArray[np.float32] = idf.astype(np.float16).astype(np.float32)
    return rounded


def fit(x: sp.csr_matrix, y: NDArray[Any], c: float) -> LinearSVC:
    """A linear SVM, one against the rest."""
    return LinearSVC(C=c, random_state=0).fit(x, y)


def out_of_fold(x: sp.csr_matrix, y: NDArray[Any], c: float) -> Floats:
    """Scores of every row by a model that did not see it."""
    scores = np.zeros((len(y), len(np.unique(y))))
    for known, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(x, y):
        scores[unseen] = fit(x[known], y[known], c).decision_function(x[unseen])
    return scores


def temperature(scores: Floats, truth: NDArray[np.intp]) -> float:
    """The temperature with the least negative log-likelihood, by search over a grid."""
    grid = np.geomspace(0.05, 3.0, 120)
    losses = [_loss(scores / t, truth) for t in grid]
    return float(grid[int(np.argmin(losses))])


def _loss(scores: Floats, truth: NDArray[np.intp]) -> float:
    high = scores.max(axis=1, keepdims=True)
    logs = scores - high - np.log(np.exp(scores - high).sum(axis=1, keepdims=True))
    return float(-logs[np.arange(len(truth)), truth].mean())


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error (Naeini et al. 2015) over equal-width bins."""
    error = 0.0
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    for number in range(bins):
        inside = edges == number
        if inside.any():
            gap = abs(confidence[inside].mean() - right[inside].mean())
            error += float(gap * inside.mean())
    return error


def train(rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    """(arrays for the weights file, scores on what was kept out)."""
    known, unseen = split(rows)
    texts = [row["text"] for row in known]
    idf = inverse_document_frequency(texts)
    x = matrix(texts, idf)
    x_test = matrix([row["text"] for row in unseen], idf)
    arrays: dict[str, Any] = {"format": 1, "bits": BITS, "idf": idf.astype(np.float16)}
    scores: dict[str, Any] = {"train": len(known), "test": len(unseen)}
    for head in HEADS:
        y = np.array([row[head] for row in known])
        svm = fit(x, y, REGULARISATION[head])
        classes = svm.classes_
        truth = np.searchsorted(classes, y)
        found = temperature(out_of_fold(x, y, REGULARISATION[head]), truth)
        weights, scales = _quantised(svm.coef_.T)
        bias = svm.intercept_.astype(np.float32)
        arrays |= {
            f"{head}_classes": classes.astype("U32"),
            f"{head}_weights": weights,
            f"{head}_scales": scales,
            f"{head}_bias": bias,
            f"{head}_temperature": found,
        }
        test_scores = (x_test @ weights.astype(np.float32)) * scales + bias
        wanted = np.array([row[head] for row in unseen])
        scores[head] = _report(test_scores / found, classes, wanted, unseen)
    arrays["abstain_below"] = 1 - PERSON_MIN / WRONG_AGENCY_MIN
    digest = hashlib.sha256(b"".join(np.asarray(v).tobytes() for v in arrays.values()))
    arrays["model"] = f"linear-{digest.hexdigest()[:10]}"
    scores["model"] = arrays["model"]
    return arrays, scores


def _quantised(weights: Floats) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 weights and one scale a class."""
    scales = np.abs(weights).max(axis=0) / 127
    return np.rint(weights / scales).astype(np.int8), scales.astype(np.float32)


def _report(
    scores: Floats, classes: NDArray[Any], wanted: NDArray[Any], rows: Rows
) -> dict[str, Any]:
    """Accuracy with its 95 % interval (normal), macro F1 over classes of at least five, calibration."""
    probabilities = np.array([softmax(row.astype(np.float32)) for row in scores])
    guessed = classes[probabilities.argmax(axis=1)]
    right = guessed == wanted
    confidence = probabilities.max(axis=1)
    often = [code for code in np.unique(wanted) if (wanted == code).sum() >= 5]
    sure = np.sort(confidence)[::-1][int(len(confidence) * 0.8) - 1]
    margin = 1.96 * float(np.sqrt(right.mean() * (1 - right.mean()) / len(right)))
    sources = sorted({row["src"] for row in rows if "src" in row})
    of_source = {
        source: round(float(right[[row.get("src") == source for row in rows]].mean()), 4)
        for source in sources
    }
    return {
        "accuracy": round(float(right.mean()), 4),
        "accuracy_95": round(margin, 4),
        "macro_f1": round(
            float(f1_score(wanted, guessed, labels=often, average="macro", zero_division=0)), 4
        ),
        "accuracy_at_80_percent": round(float(right[confidence >= sure].mean()), 4),
        "calibration_error": round(calibration_error(confidence, right), 4),
        "by_source": of_source,
    }


def main(arguments: Sequence[str]) -> int:
    """``FOLDER OUT``: exit code 2 when there is nothing to train on."""
    folder, out = Path(arguments[0]), Path(arguments[1])
    try:
        rows = read(folder)
    except FileNotFoundError as missing:
        print(f"bigear train: {missing}", file=sys.stderr)
        return 2
    arrays, scores = train(rows)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, **arrays)
    out.with_name("scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(scores, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
