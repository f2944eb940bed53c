"""A version's report card: how right its answers are on messages that nobody learned from, and two
versions on the same messages.

Judged is what a worker would store (``Classifier.label``, the lexicon's net included). A message counts
for the heads that somebody has judged: a row holds ``service``, ``intent`` and ``urgency``, or some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from classifiers import Classifier
from classifiers.model import HEADS, URGENT
from classifiers.training.corpus import Rows
from classifiers.training.scores import COVERAGE, OFTEN, calibration_error, share
from hub.model.labels import Labels

BATCH = 256
SHOWN_CONFUSIONS = 10

SURE = 0.05
"""A version is called worse where it would look this much worse by chance in one of twenty cases."""
MISCALIBRATED = 0.05
"""So much more may the calibration error be: below it, no threshold on the confidence is far off."""
SWAPS = 1_000

Codes = NDArray[np.str_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Judged:
    """One head of one version on the rows that have its truth."""

    rows: Rows
    wanted: Codes
    given: Codes
    confidence: Floats
    languages: Codes
    abstained: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each answer is."""
        found: NDArray[np.bool_] = self.wanted == self.given
        return found


def judge(model: Classifier, rows: Rows) -> dict[str, Judged]:
    """Every head of a version on the rows."""
    labels: list[Labels] = []
    for start in range(0, len(rows), BATCH):
        labels += model.label([row["text"] for row in rows[start : start + BATCH]])
    return {head: _judged(head, rows, labels) for head in HEADS}


def _judged(head: str, rows: Rows, labels: Sequence[Labels]) -> Judged:
    pairs = [(row, one) for row, one in zip(rows, labels, strict=True) if row.get(head)]
    answers = [getattr(one, head) for _, one in pairs]
    return Judged(
        rows=[row for row, _ in pairs],
        wanted=np.array([row[head] for row, _ in pairs], dtype=np.str_),
        given=np.array([answer.code for answer in answers], dtype=np.str_),
        confidence=np.array([answer.confidence for answer in answers], np.float32),
        languages=np.array([one.language.code for _, one in pairs], dtype=np.str_),
        abstained=np.array([one.abstain for _, one in pairs], np.bool_),
    )


def card(name: str, judged: dict[str, Judged], messages: int) -> dict[str, Any]:
    """The report card of the version ``name`` on so many messages; a head that nobody has judged is
    left out."""
    told: dict[str, Any] = {"model": name, "messages": messages}
    for head, one in judged.items():
        if len(one.wanted):
            told[head] = _head(one)
    if "service" in told:
        told["service"]["abstention"] = _abstention(judged["service"])
    if "urgency" in told:
        told["urgency"]["urgent"] = _urgent(judged["urgency"])
    return told


def _head(one: Judged) -> dict[str, Any]:
    right = one.right
    surest = np.argsort(-one.confidence, kind="stable")[: max(int(len(right) * COVERAGE), 1)]
    often = [code for code in np.unique(one.wanted) if (one.wanted == code).sum() >= OFTEN]
    macro = f1_score(one.wanted, one.given, labels=often, average="macro", zero_division=0)
    sources = np.array([row.get("src", "") for row in one.rows], dtype=np.str_)
    return {
        "messages": len(right),
        "accuracy": _rounded(right.mean()),
        "interval_95": _interval(right),
        "macro_f1": _rounded(macro) if often else None,
        "accuracy_at_80_percent": _rounded(right[surest].mean()),
        "calibration_error": _rounded(calibration_error(one.confidence, right)),
        "by_class": _by_class(one),
        "by_language": _by(one.languages, right),
        "by_source": _by(sources, right),
        "confusions": _confusions(one),
    }


def _interval(right: NDArray[np.bool_]) -> list[float]:
    """95 % interval of a share (Wilson 1927): honest for few messages, too."""
    found = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
    return [_rounded(found.low), _rounded(found.high)]


def _by_class(one: Judged) -> dict[str, dict[str, float]]:
    codes = np.unique(np.concatenate([one.wanted, one.given]))
    precision, recall, _, count = precision_recall_fscore_support(
        one.wanted, one.given, labels=codes, zero_division=0
    )
    return {
        str(code): {
            "precision": _rounded(precision[n]),
            "recall": _rounded(recall[n]),
            "messages": int(count[n]),
        }
        for n, code in enumerate(codes)
    }


def _by(groups: Codes, right: NDArray[np.bool_]) -> dict[str, dict[str, float]]:
    return {
        str(name): {
            "accuracy": _rounded(right[groups == name].mean()),
            "messages": int((groups == name).sum()),
        }
        for name in np.unique(groups)
    }


def _confusions(one: Judged) -> list[dict[str, Any]]:
    """What is most often taken for what."""
    wrong = ~one.right
    pairs = Counter(zip(one.wanted[wrong].tolist(), one.given[wrong].tolist(), strict=True))
    return [
        {"wanted": wanted, "given": given, "messages": count}
        for (wanted, given), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    ][:SHOWN_CONFUSIONS]


def _abstention(one: Judged) -> dict[str, float | None]:
    return {
        "left_to_a_person": _rounded(one.abstained.mean()),
        "accuracy_of_the_rest": share(one.right[~one.abstained]),
    }


def _urgent(one: Judged) -> dict[str, Any]:
    """Emergency and high together."""
    seen, true = np.isin(one.given, URGENT), np.isin(one.wanted, URGENT)
    return {
        "recall": share(seen[true]),
        "precision": share(true[seen]),
        "messages": int(true.sum()),
    }


def compare(ruling: dict[str, Judged], offered: dict[str, Judged]) -> dict[str, Any]:
    """Whether ``offered`` is worse than ``ruling``, beyond chance, on the same messages.

    For the service and for seeing what is urgent: how many only one of the two has right, and the
    exact McNemar test, one-sided (p: how often chance alone would make it look so much worse).
    ``worse`` names what is; ``miscalibrated`` the heads whose confidence is worth much less.
    """
    service = _paired(ruling["service"].right, offered["service"].right)
    grave = np.isin(ruling["urgency"].wanted, URGENT)
    seen = [np.isin(one["urgency"].given, URGENT)[grave] for one in (ruling, offered)]
    told: dict[str, Any] = {"service": service, "urgent": _paired(*seen)}
    told["worse"] = [name for name, test in told.items() if test["p"] < SURE]
    told["calibration"] = {head: _calibrated(ruling[head], offered[head]) for head in HEADS}
    told["miscalibrated"] = [head for head, test in told["calibration"].items() if test["worse"]]
    return told


def _calibrated(ruling: Judged, offered: Judged) -> dict[str, Any]:
    """The two calibration errors on the messages that both have right or both have wrong: a version
    that has learned to be right where it is not sure yet must not look worse for it. ``worse``: by more
    than ``MISCALIBRATED``, and beyond what swapping the two at random makes of it."""
    alike = ruling.right == offered.right
    right, before, now = ruling.right[alike], ruling.confidence[alike], offered.confidence[alike]
    errors = [calibration_error(confidence, right) for confidence in (before, now)]
    worse = errors[1] - errors[0]
    return {
        "messages": len(right),
        "before": _rounded(errors[0]),
        "now": _rounded(errors[1]),
        "worse": worse > MISCALIBRATED and _by_chance(worse, before, now, right) < SURE,
    }


def _by_chance(worse: float, before: Floats, now: Floats, right: NDArray[np.bool_]) -> float:
    """How often the second would look so much worse if it were chance which of the two a message's
    confidence came from (a paired permutation test)."""
    dice, seen = np.random.default_rng(0), 1
    for _ in range(SWAPS):
        swapped = dice.random(len(right)) < 0.5
        first, second = np.where(swapped, now, before), np.where(swapped, before, now)
        seen += calibration_error(second, right) - calibration_error(first, right) >= worse
    return seen / (SWAPS + 1)


def _paired(ruling: NDArray[np.bool_], offered: NDArray[np.bool_]) -> dict[str, Any]:
    lost, won = int((ruling & ~offered).sum()), int((offered & ~ruling).sum())
    p = binomtest(lost, lost + won, alternative="greater").pvalue if lost + won else 1.0
    return {"messages": len(ruling), "lost": lost, "won": won, "p": _rounded(p)}


def _rounded(value: Any) -> float:
    return round(float(value), 4)
