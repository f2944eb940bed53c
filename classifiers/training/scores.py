"""How right labels are on messages that were kept out: what stands in ``weights/scores.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from classifiers.model import URGENT
from classifiers.training.corpus import Rows
from hub.model.labels import Span

BINS = 15
COVERAGE = 0.8
OFTEN = 5
"""Macro F1 leaves out classes with fewer items: one message would decide them."""

Floats = NDArray[np.float32]


def report(
    probabilities: Floats,
    classes: NDArray[np.str_],
    wanted: NDArray[np.str_],
    rows: Rows,
    guessed: NDArray[np.str_] | None = None,
) -> dict[str, Any]:
    """Accuracy with its 95 % interval (normal), macro F1, accuracy on the surest, calibration; of the
    likeliest class, or of what was ``guessed``."""
    if guessed is None:
        guessed = classes[probabilities.argmax(axis=1)]
    right = guessed == wanted
    confidence = probabilities[np.arange(len(right)), (guessed[:, None] == classes).argmax(axis=1)]
    surest = np.argsort(-confidence, kind="stable")[: max(int(len(right) * COVERAGE), 1)]
    often = [code for code in np.unique(wanted) if (wanted == code).sum() >= OFTEN]
    macro = f1_score(wanted, guessed, labels=often, average="macro", zero_division=0)
    return {
        "accuracy": _rounded(right.mean()),
        "accuracy_95": _rounded(1.96 * np.sqrt(right.mean() * (1 - right.mean()) / len(right))),
        "macro_f1": _rounded(macro) if often else None,
        "accuracy_at_80_percent": _rounded(right[surest].mean()),
        "calibration_error": _rounded(calibration_error(confidence, right)),
        "by_source": _by_source(right, rows),
    }


def calibration_error(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Expected calibration error (Naeini et al. 2015) over bins of equal width."""
    error = 0.0
    edges = np.minimum((confidence * BINS).astype(int), BINS - 1)
    for number in range(BINS):
        inside = edges == number
        if inside.any():
            gap = abs(confidence[inside].mean() - right[inside].mean())
            error += float(gap * inside.mean())
    return error


def share(true: NDArray[np.bool_]) -> float | None:
    """Of how many it is true, 0 to 1; None of none, for JSON and PostgreSQL have no NaN."""
    return _rounded(true.mean()) if len(true) else None


def abstention(
    probabilities: Floats, classes: NDArray[np.str_], wanted: NDArray[np.str_], below: float
) -> dict[str, float | None]:
    """What is left to a person at the threshold, and how right the rest is."""
    trusted = probabilities.max(axis=1) >= below
    right = classes[probabilities.argmax(axis=1)] == wanted
    return {
        "below": _rounded(below),
        "left_to_a_person": _rounded(1 - trusted.mean()),
        "accuracy_of_the_rest": share(right[trusted]),
    }


def urgent(
    probabilities: Floats,
    classes: NDArray[np.str_],
    wanted: NDArray[np.str_],
    guessed: NDArray[np.str_],
) -> dict[str, Any]:
    """Emergency and high together: how many were seen, and how many of those seen were; and the
    precision that other recalls would cost, ranking by their probability."""
    seen, true = np.isin(guessed, URGENT), np.isin(wanted, URGENT)
    likely = probabilities[:, np.isin(classes, URGENT)].sum(axis=1)
    ranked = np.cumsum(true[np.argsort(-likely, kind="stable")])
    told: dict[str, Any] = {
        "recall": share(seen[true]),
        "precision": share(true[seen]),
        "messages": int(true.sum()),
    }
    for recall in (0.8, 0.9, 0.95):
        asked = int(np.searchsorted(ranked, np.ceil(recall * true.sum()))) + 1
        precision = _rounded(ranked[asked - 1] / asked) if true.any() else None
        told[f"precision_at_recall_{recall}"] = precision
    return told


def places(rows: Rows, spans: Sequence[Sequence[Span]]) -> dict[str, Any]:
    """The labelled place against the best of each row's pieces, as exact strings; how many of the
    labelled are among all the pieces; how many best pieces at least overlap; and F1 by source."""
    found = [[span.text for span in one] for one in spans]
    best = [spans[0] if spans else "" for spans in found]
    wanted = [row.get("place", "") for row in rows]
    named = max(sum(map(bool, wanted)), 1)
    told: dict[str, Any] = _exact(best, wanted)
    told["among_spans"] = _rounded(
        sum(b != "" and b in a for a, b in zip(found, wanted, strict=True)) / named
    )
    told["overlapping"] = _rounded(
        sum(bool(a and b) and (a in b or b in a) for a, b in zip(best, wanted, strict=True)) / named
    )
    sources = sorted({row.get("src", "") for row in rows})
    told["by_source"] = {
        source: _exact(
            *zip(
                *(
                    (a, b)
                    for a, b, row in zip(best, wanted, rows, strict=True)
                    if row.get("src", "") == source
                ),
                strict=True,
            )
        )["f1"]
        for source in sources
    }
    return told


def _exact(best: Sequence[str], wanted: Sequence[str]) -> dict[str, float]:
    hits = sum(a == b != "" for a, b in zip(best, wanted, strict=True))
    named, said = sum(map(bool, wanted)), sum(map(bool, best))
    return {
        "f1": _rounded(2 * hits / max(named + said, 1)),
        "precision": _rounded(hits / max(said, 1)),
        "recall": _rounded(hits / max(named, 1)),
    }


def _by_source(right: NDArray[np.bool_], rows: Rows) -> dict[str, float]:
    source = np.array([row.get("src", "") for row in rows])
    return {str(name): _rounded(right[source == name].mean()) for name in np.unique(source)}


def _rounded(value: Any) -> float:
    return round(float(value), 4)
