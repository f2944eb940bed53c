"""The classifier that a worker runs: a linear model, calibrated; where it is unsure, an encoder's
second opinion; and the lexicon's net.

Scores are sums of weights over hashed features (``classifiers.features``). Least squares learned them
towards 1 for the right class and 0 for the others, so a score is a rough guess at a probability;
``probabilities`` makes it a true one. Weights are int8 per class with one scale each.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.abuse import Abuse
from classifiers.abuse import read as abuse_of
from classifiers.features import Counts, Room, Signs, count_signs, normalise, signs, word_of_each
from classifiers.language import language
from classifiers.lexicon import CONFIDENCE, Alarm, alarm
from classifiers.marks import Found
from classifiers.reasons import reasons
from classifiers.second import Mix, Second, mixed
from classifiers.second import read as second_of
from classifiers.spans import Places
from classifiers.spans import load as load_places
from hub.model.items import composed
from hub.model.labels import URGENCIES, Label, Labels, Span

WEIGHTS = Path(__file__).resolve().parent / "weights" / "linear.npz"
PLACES = "places.npz"
ALTERNATIVES = 3
HEADS = ("service", "intent", "urgency")
URGENT = ("emergency", "high")
FORMAT = 5


@dataclass(frozen=True, slots=True)
class Head:
    """One question: its classes, their columns in the weights, and its calibration."""

    classes: tuple[str, ...]
    columns: slice
    sharpness: float
    floor: float


@dataclass(frozen=True, slots=True)
class Weights:
    """Buckets × classes of all heads (int8), a scale and a bias a class."""

    quantised: NDArray[np.int8]
    scales: NDArray[np.float32]
    bias: NDArray[np.float32]

    def scores(
        self, buckets: NDArray[np.int64], values: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """One score a class for a text's weighed features."""
        found: NDArray[np.float32] = values @ self.quantised.take(buckets, axis=0).astype(
            np.float32
        )
        return found * self.scales + self.bias

    def of_class(self, column: int, buckets: NDArray[np.int64]) -> NDArray[np.float32]:
        """The weights of one class."""
        found: NDArray[np.float32] = self.quantised[buckets, column] * self.scales[column]
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the model sees it, and for each head the probability of each class."""

    text: str
    signs: Signs
    blocks: tuple[Counts, ...]
    values: tuple[NDArray[np.float32], ...]
    scores: NDArray[np.float32]
    probabilities: dict[str, NDArray[np.float32]]


class ServiceModel(Protocol):
    """Another model for the service alone (``classifiers.neural``); ``name`` names its version."""

    name: str
    classes: tuple[str, ...]

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts × classes; each row sums to one."""
        ...


class Classifier:
    """Texts in, labels out; never raises on any text. ``model`` names the version.

    A text is read ``composed``, and its places and reasons are pieces of that form."""

    def __init__(
        self,
        model: str,
        bits: int,
        idf: NDArray[np.float32],
        weights: Weights,
        heads: dict[str, Head],
        abstain_below: float,
        urgent_above: float,
        abuse: Abuse,
        places: Places,
        service: ServiceModel | None = None,
        second: Second | None = None,
    ) -> None:
        self.model = f"{service.name}+{model}" if service else model
        self._service = service
        self._second = second
        self._bits = bits
        self._idf = idf
        self._weights = weights
        self._heads = heads
        self._grave = np.isin(heads["urgency"].classes, URGENT)
        self._abstain_below = abstain_below
        self._urgent_above = urgent_above
        self._abuse = abuse
        self._places = places

    def label(self, texts: Sequence[str]) -> list[Labels]:
        """One Labels per text, in order."""
        read, places = self._looked_at(texts)
        if self._service is None:
            services = [reading.probabilities["service"] for reading in read]
            classes = self._heads["service"].classes
        else:
            services, classes = [*self._service.probabilities(texts)], self._service.classes
        room = np.empty(2**self._bits, np.float32)
        return [
            self._labels(reading, _ranked(classes, service), self._places.chosen(found), room)
            for reading, service, found in zip(read, services, places, strict=True)
        ]

    def classes(self, head: str) -> tuple[str, ...]:
        """The codes that the head's probabilities are of, in their order."""
        return self._heads[head].classes

    def probabilities(self, text: str) -> dict[str, NDArray[np.float32]]:
        """For each head the probability of each of its classes, without the lexicon."""
        return self.read([text])[0]

    def read(self, texts: Sequence[str]) -> list[dict[str, NDArray[np.float32]]]:
        """Each text's ``probabilities``, many at once."""
        return [one.probabilities for one in self._looked_at(texts)[0]]

    def places(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The pieces of each text that say where, the best first."""
        return [self._places.chosen(found) for found in self._looked_at(texts)[1]]

    def asked(self, texts: Sequence[str]) -> float:
        """Of how many of the texts the second opinion is asked, 0 to 1."""
        texts = list(map(composed, texts))
        unsure = self._unsure([self._read(t) for t in texts], self._places.ranked_each(texts))
        return round(len(unsure) / max(len(texts), 1), 4)

    def urgency(self, probabilities: NDArray[np.float32]) -> Label:
        """Emergency or high where both together are likelier than ``urgent_above``, which weighs a
        missed hazard against a false alarm; within the two, and within the others, the likelier."""
        classes, grave = self._heads["urgency"].classes, self._grave
        among = grave == (probabilities[grave].sum() >= self._urgent_above)
        number = int(np.where(among, probabilities, -1).argmax())
        return Label(classes[number], round(float(probabilities[number]), 4))

    def _emergency(self, reading: Reading) -> Label:
        """As sure as the net, or as the model is of that class, whichever is more."""
        number = self._heads["urgency"].classes.index(URGENCIES[0])
        sure = round(float(reading.probabilities["urgency"][number]), 4)
        return Label(URGENCIES[0], max(CONFIDENCE, sure))

    def _believed(self, grave: Alarm, reading: Reading) -> bool:
        """Whether a pattern's alarm is: where danger is half as likely as would do alone, or would do
        alone in the sentence that rings. After thanks for a bench a drowning man is a small part."""
        if 2 * self._danger(reading) >= self._urgent_above:
            return True
        return self._danger(self._read(grave.sentence)) >= self._urgent_above

    def _danger(self, reading: Reading) -> float:
        return float(reading.probabilities["urgency"][self._grave].sum())

    @property
    def abstain_below(self) -> float:
        """The confidence of a service under which a person decides."""
        return self._abstain_below

    def _unsure(self, read: Sequence[Reading], places: Sequence[Found]) -> list[int]:
        if self._second is None:
            return []
        asked = self._second.asked
        return [
            number
            for number, (reading, found) in enumerate(zip(read, places, strict=True))
            if reading.signs.text and asked(reading.probabilities, found)
        ]

    def _looked_at(self, texts: Sequence[str]) -> tuple[list[Reading], list[Found]]:
        """Each text as it is read, and its candidates for the place; with the second opinion on those
        of which the linear models are unsure."""
        texts = list(map(composed, texts))
        read = [self._read(text) for text in texts]
        places = self._places.ranked_each(texts)
        second = self._second
        unsure = self._unsure(read, places)
        if second is None or not unsure:
            return read, places
        opinions = second.opinions([texts[number] for number in unsure])
        for row, number in enumerate(unsure):
            said = {head: opinions.heads[head][row] for head in second.mixes}
            read[number] = self._mixed(read[number], said, second.mixes)
            places[number] = second.placed(texts[number], places[number], opinions.marks[row])
        return read, places

    def _mixed(
        self, reading: Reading, said: Mapping[str, NDArray[np.float32]], mixes: Mapping[str, Mix]
    ) -> Reading:
        found = dict(reading.probabilities)
        for name, mix in mixes.items():
            linear = reading.scores[self._heads[name].columns]
            found[name] = probabilities(mixed(linear, said[name], mix.share), *mix.calibration)
        return replace(reading, probabilities=found)

    def _read(self, text: str) -> Reading:
        read = signs(normalise(text))
        blocks = count_signs(read, self._bits)
        values = weigh(blocks, self._idf)
        scores = self._weights.scores(*joined(blocks, values))
        found = {
            name: probabilities(scores[head.columns], head.sharpness, head.floor)
            for name, head in self._heads.items()
        }
        return Reading(text, read, blocks, values, scores, found)

    def _labels(
        self, reading: Reading, services: list[Label], places: tuple[Span, ...], room: Room
    ) -> Labels:
        text = reading.text
        intent = _ranked(self._heads["intent"].classes, reading.probabilities["intent"])[0]
        urgency = self.urgency(reading.probabilities["urgency"])
        service = services[0]
        abstain = service.confidence < self._abstain_below
        carried: tuple[Span, ...] | None = None
        grave = alarm(text)
        if grave is not None and self._believed(grave, reading):
            urgency = self._emergency(reading)
            doubtful = abstain or service.confidence < CONFIDENCE
            if grave.service is not None and doubtful and not self._proposes(intent):
                service, abstain = Label(grave.service, CONFIDENCE), False
                carried = (grave.span,)
        words = word_of_each(reading.signs)
        if carried is None:
            carried = self._reasons(reading, words, service.code, room)
        return Labels(
            service=service,
            intent=intent,
            urgency=urgency,
            language=language(text),
            places=places,
            abstain=abstain or not any(sign.isalpha() for sign in text),
            model=self.model,
            alternatives=tuple(s for s in services if s.code != service.code)[:ALTERNATIVES],
            reasons=carried,
            abuse=self._abuse.label(reading.signs, reading.blocks, words),
        )

    def _reasons(
        self, reading: Reading, words: Sequence[NDArray[np.intp]], service: str, room: Room
    ) -> tuple[Span, ...]:
        """The words that carried the service; none where another model decided it."""
        head = self._heads["service"]
        if self._service is not None or service not in head.classes:
            return ()
        column = head.columns.start + head.classes.index(service)
        each = [
            values / block.times * self._weights.of_class(column, block.buckets)
            for block, values in zip(reading.blocks, reading.values, strict=True)
        ]
        return reasons(reading.text, reading.signs.text, words, reading.blocks, each, room)

    def _proposes(self, intent: Label) -> bool:
        """A proposal that speaks of a fire is not for those who put it out."""
        return intent.code == "suggestion" and intent.confidence >= self._abstain_below


def _ranked(classes: Sequence[str], probabilities: NDArray[np.float32]) -> list[Label]:
    """The likeliest classes, one more than are shown as alternatives."""
    order = np.argsort(-probabilities, kind="stable")[: ALTERNATIVES + 1]
    return [Label(classes[n], round(float(probabilities[n]), 4)) for n in order]


def weigh(blocks: Sequence[Counts], idf: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """The value of every bucket of each block: sublinear term frequency times inverse document
    frequency, each block to unit length times its weight; 0 for what was never learned."""
    found = []
    for block in blocks:
        values = (1.0 + np.log(block.times)) * idf[block.buckets]
        length = float(np.sqrt(np.dot(values, values)))
        found.append((values * (block.weight / length) if length else values).astype(np.float32))
    return tuple(found)


def joined(
    blocks: Sequence[Counts], values: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Buckets and values of all blocks in one, without what was never learned."""
    if not blocks:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    every = np.concatenate(values)
    kept = every > 0
    return np.concatenate([block.buckets for block in blocks])[kept], every[kept]


def probabilities(
    scores: NDArray[np.float32], sharpness: float, floor: float
) -> NDArray[np.float32]:
    """Scores (classes last) as probabilities that sum to one: (score or 0, plus floor) to the power
    of ``sharpness``. Both were fitted to messages that the scores' model had not seen."""
    powers: NDArray[np.float32] = (np.maximum(scores, 0) + np.float32(floor)) ** sharpness
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def read(path: Path) -> dict[str, Any]:
    """The arrays of a weights file, by name.

    Raises OSError where there is none, ValueError for what is no weights file or one of another
    format."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
        written_as = int(arrays["format"])
    except (AttributeError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as problem:
        raise ValueError("not a weights file") from problem
    if written_as != FORMAT:
        raise ValueError(f"weights of format {written_as}")
    return arrays


def _places(path: Path | None) -> Places:
    """The place weights beside a weights file, whose name is made from both."""
    beside = path.with_name(PLACES) if path else None
    if beside and not beside.exists():
        raise ValueError(f"{PLACES} is missing beside the weights")
    return load_places(beside)


def load(
    path: Path | None = None, service: ServiceModel | None = None, *, alone: bool = False
) -> Classifier:
    """The classifier in a weights file (the shipped one), with the encoder that lies beside it unless
    ``alone``; with ``service`` for the service if given.

    Raises what ``read`` raises."""
    arrays = read(path or WEIGHTS)
    try:
        return _assembled(arrays, path, service, alone=alone)
    except KeyError as missing:
        raise ValueError(f"weights without {missing}") from missing


def _assembled(
    arrays: dict[str, Any], path: Path | None, service: ServiceModel | None, *, alone: bool
) -> Classifier:
    heads: dict[str, Head] = {}
    start = 0
    for name in HEADS:
        classes = tuple(str(code) for code in arrays[f"{name}_classes"])
        columns = slice(start, start + len(classes))
        sharpness, floor = (float(value) for value in arrays[f"{name}_calibration"])
        heads[name] = Head(classes, columns, sharpness, floor)
        start = columns.stop
    return Classifier(
        str(arrays["model"]),
        int(arrays["bits"]),
        arrays["idf"].astype(np.float32),
        Weights(arrays["weights"], arrays["scales"], arrays["bias"]),
        heads,
        float(arrays["abstain_below"]),
        float(arrays["urgent_above"]),
        abuse_of(arrays),
        _places(path),
        service,
        None if service or alone else second_of(arrays, (path or WEIGHTS).parent),
    )
