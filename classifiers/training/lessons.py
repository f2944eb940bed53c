"""What there is to learn from, each text with what is known of it and how much it counts.

Labelled messages, the rest of long ones, messages and names of our own (``seeds/``), and messages of
the data's ``text`` folder that were read and labelled for this project (``readings/``: numbers of lines
and their labels; the texts stay where they are).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from classifiers.training import corpus
from classifiers.training.corpus import Rows
from hub.model.labels import INTENTS, SERVICES, URGENCIES

CODES = {"service": SERVICES, "intent": INTENTS, "urgency": URGENCIES}
REST_WEIGHT, SEED_WEIGHT, NAME_WEIGHT = 0.4, 1.5, 1.0
"""Beside a labelled message: its text after the first lines, a message of our own, a name or phrase."""
READING_WEIGHT = {"petitions_2020": 1.0}
OTHER_READING_WEIGHT = 0.7
"""A petition is what people write to a city; the others are another's prose, or from afar."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """``labels`` by head, only those that are known. ``aside``: kept for calibration, learned from
    only after it."""

    text: str
    labels: dict[str, str]
    weight: float = 1.0
    aside: bool = False


def gather(folder: Path, known: Rows) -> list[Lesson]:
    """Everything to learn from: the labelled rows first, in their order."""
    labelled = [
        Lesson(
            row["text"],
            {head: row[head] for head in CODES},
            aside=corpus.set_aside(row["id"]),
        )
        for row in known
    ]
    rests = [
        Lesson(text, {"service": known[number]["service"]}, REST_WEIGHT, labelled[number].aside)
        for number, text in corpus.rests(folder, known)
    ]
    return [*labelled, *rests, *seeds(), *readings(folder, known)]


def seeds() -> Iterator[Lesson]:
    """Messages of our own, and names and phrases that say only the service."""
    for service, intent, urgency, _, text in corpus.seeds():
        if intent:
            labels = {"service": service, "intent": intent, "urgency": urgency}
            yield Lesson(text, labels, SEED_WEIGHT)
        else:
            yield Lesson(text, {"service": service}, NAME_WEIGHT)


def readings(folder: Path, known: Rows) -> Iterator[Lesson]:
    """What was read of the folder's texts, but for what begins like a message kept out."""
    for row in corpus.readings(folder, known):
        weight = READING_WEIGHT.get(row["src"], OTHER_READING_WEIGHT)
        yield Lesson(row["text"], {head: row[head] for head in CODES}, weight)


def places(folder: Path, known: Rows) -> list[tuple[str, str]]:
    """(text, the piece that says where, or nothing) of every message of which that is known."""
    ours = [(text, place) for _, intent, _, place, text in corpus.seeds() if intent]
    rows = [*known, *corpus.readings(folder, known)]
    return [(row["text"], row.get("place", "")) for row in rows] + ours
