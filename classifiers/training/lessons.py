"""What there is to learn from, each text with what is known of it and how much it counts.

Labelled messages, the rest of long ones, messages and names of our own (``seeds/``), and messages of
the data's ``text`` folder that were read and labelled for this project (``readings/``: numbers of lines
and their labels; the texts stay where they are).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.training import corpus
from classifiers.training.corpus import Rows
from hub.model.labels import INTENTS, SERVICES, URGENCIES

CODES = {"service": SERVICES, "intent": INTENTS, "urgency": URGENCIES}
REST_WEIGHT, SEED_WEIGHT, NAME_WEIGHT = 0.4, 1.0, 1.0
"""Beside a labelled message: its text after the first lines, a message of our own, a name or phrase."""
LABELLED, OURS, PETITIONS, ARTICLES = "labelled", "ours", "petitions_2020", "articles"
"""Kinds of lessons. Each is one piece of what ``gather`` returns, the labelled messages first."""
READING_WEIGHT = {PETITIONS: 1.0}
OTHER_READING_WEIGHT = 0.7
"""A petition is what people write to a city; the others are another's prose, or from afar."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """``labels`` by head, only those that are known. ``aside``: kept for calibration, learned from
    only after it. ``place``: the piece that says where, nothing where none does, None if unknown.
    ``kind``: who wrote and labelled it."""

    text: str
    labels: dict[str, str]
    weight: float = 1.0
    aside: bool = False
    place: str | None = None
    kind: str = LABELLED


def gather(folder: Path, known: Rows) -> list[Lesson]:
    """Everything to learn from, kind by kind: the labelled rows first, in their order. What begins like
    a message set aside is set aside with it."""
    aside = {corpus.beginning(row["text"]) for row in known if corpus.set_aside(row["id"])}
    labelled = [
        Lesson(
            row["text"],
            {head: row[head] for head in CODES},
            aside=corpus.beginning(row["text"]) in aside,
            place=row.get("place"),
        )
        for row in known
    ]
    rests = [
        Lesson(text, {"service": known[number]["service"]}, REST_WEIGHT, labelled[number].aside)
        for number, text in corpus.rests(folder, known)
    ]
    ours = (seed for seed in seeds() if corpus.beginning(seed.text) not in aside)
    return [*labelled, *rests, *ours, *readings(folder, known)]


def seeds() -> Iterator[Lesson]:
    """Messages of our own, and names and phrases that say only the service."""
    for service, intent, urgency, place, text in corpus.seeds():
        if intent:
            labels = {"service": service, "intent": intent, "urgency": urgency}
            yield Lesson(text, labels, SEED_WEIGHT, place=place, kind=OURS)
        else:
            yield Lesson(text, {"service": service}, NAME_WEIGHT, kind=OURS)


def readings(folder: Path, known: Rows) -> Iterator[Lesson]:
    """What was read of the folder's texts, but for what begins like a message kept out."""
    for row in corpus.readings(folder, known):
        weight = READING_WEIGHT.get(row["src"], OTHER_READING_WEIGHT)
        labels = {head: row[head] for head in CODES}
        kind = PETITIONS if row["src"] == PETITIONS else ARTICLES
        yield Lesson(row["text"], labels, weight, place=row["place"], kind=kind)


def places(learned: Sequence[Lesson]) -> list[tuple[str, str]]:
    """(text, the piece that says where, or nothing) of every lesson of which that is known."""
    return [(lesson.text, lesson.place) for lesson in learned if lesson.place is not None]
