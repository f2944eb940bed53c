"""The classifier that a worker runs: a linear model, a calibrated softmax, and the lexicon's net.

Scores are sums of weights over hashed features (``classifiers.features``), as a linear SVM learned
them; a temperature (Guo et al. 2017, "On Calibration of Modern Neural Networks") turns them into
probabilities. Weights are int8 per class with one scale each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.features import Counts, count
from classifiers.language import language
from classifiers.lexicon import CONFIDENCE, alarm
from classifiers.spans import find_spans
from hub.model.labels import URGENCIES, Label, Labels

WEIGHTS = Path(__file__).resolve().parent / "weights" / "linear.npz"
HEADS = ("service", "intent", "urgency")


@dataclass(frozen=True, slots=True)
class Head:
    """One question: its classes, and weights (buckets × classes, int8) with a scale a class."""

    classes: tuple[str, ...]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float


class Classifier:
    """Texts in, labels out; never raises on any text. ``model`` names the version."""

    def __init__(
        self,
        model: str,
        bits: int,
        idf: NDArray[np.float32],
        heads: dict[str, Head],
        abstain_below: float,
    ) -> None:
        self.model = model
        self._bits = bits
        self._idf = idf
        self._heads = heads
        self._abstain_below = abstain_below

    def label(self, texts: Sequence[str]) -> list[Labels]:
        """One Labels per text, in order."""
        return [self._label(text) for text in texts]

    def probabilities(self, text: str) -> dict[str, NDArray[np.float32]]:
        """For each head the probability of each of its classes, without the lexicon."""
        buckets, values = weigh(count(text, self._bits), self._idf)
        found = {}
        for name, head in self._heads.items():
            scores = (values @ head.weights[buckets]) * head.scales + head.bias
            found[name] = softmax(scores / head.temperature)
        return found

    def _label(self, text: str) -> Labels:
        probabilities = self.probabilities(text)
        best = {name: self._best(name, p) for name, p in probabilities.items()}
        service, urgency = best["service"], best["urgency"]
        abstain = service.confidence < self._abstain_below
        grave = alarm(text)
        if grave is not None:
            urgency = Label(URGENCIES[0], max(CONFIDENCE, urgency.confidence))
            if grave.service is not None and (abstain or service.confidence < CONFIDENCE):
                service, abstain = Label(grave.service, CONFIDENCE), False
        return Labels(
            service=service,
            intent=best["intent"],
            urgency=urgency,
            language=language(text),
            places=find_spans(text),
            abstain=abstain or not text.strip(),
            model=self.model,
        )

    def _best(self, name: str, probabilities: NDArray[np.float32]) -> Label:
        index = int(np.argmax(probabilities))
        return Label(self._heads[name].classes[index], round(float(probabilities[index]), 4))


def weigh(
    blocks: Sequence[Counts], idf: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Buckets and values of a text: sublinear term frequency times inverse document frequency, each
    block to unit length times its weight."""
    buckets, values = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for block in blocks:
        weighted = (1.0 + np.log(block.times)) * idf[block.buckets]
        length = float(np.sqrt(np.dot(weighted, weighted)))
        if length:
            kept = weighted > 0
            buckets.append(block.buckets[kept])
            values.append((weighted[kept] * (block.weight / length)).astype(np.float32))
    return np.concatenate(buckets), np.concatenate(values)


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities that sum to one."""
    powers = np.exp(scores - scores.max())
    result: NDArray[np.float32] = powers / powers.sum()
    return result


def load(path: Path | None = None) -> Classifier:
    """The classifier in a weights file. Raises FileNotFoundError, ValueError for another format."""
    with np.load(path or WEIGHTS, allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    if int(arrays["format"]) != 1:
        raise ValueError(f"weights of format {arrays['format']}")
    heads = {
        name: Head(
            tuple(str(code) for code in arrays[f"{name}_classes"]),
            arrays[f"{name}_weights"],
            arrays[f"{name}_scales"],
            arrays[f"{name}_bias"],
            float(arrays[f"{name}_temperature"]),
        )
        for name in HEADS
    }
    return Classifier(
        str(arrays["model"]),
        int(arrays["bits"]),
        arrays["idf"].astype(np.float32),
        heads,
        float(arrays["abstain_below"]),
    )
