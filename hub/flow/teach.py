"""Teach: what the hub's staff said of its labels, in the form that the classifier learns from.

Lines of codes and texts, which hold no name, contact, place or id but the public reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from hub.flow.ground import Ground
from hub.model.rulebook import RuleBook
from hub.rules.routing import only_service
from hub.store import lessons
from hub.store.lessons import Told

JUDGED = 20_000
"""So many messages are looked through at most for those that are kept out of training."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A message. ``corrected``: head → code, by a person; ``confirmed``: the service that somebody
    worked by to the end; ``doubted``: heads whose label a person did not trust, without another, or
    of which they set another before the text was edited."""

    id: str
    text: str
    corrected: dict[str, str]
    confirmed: dict[str, str]
    doubted: list[str]

    def to_learn(self) -> dict[str, object]:
        """The line that training reads."""
        return asdict(self)

    def to_judge(self) -> dict[str, object]:
        """The line that evaluation reads."""
        return {"id": self.id, "text": self.text, **self.confirmed, **self.corrected}


async def lessons_to_learn(ground: Ground, book: RuleBook, limit: int) -> list[Lesson]:
    """Up to ``limit`` messages: those that staff said something of, at most half of it, then others; of
    both the newest."""
    async with ground.db.acquire() as connection:
        return _lessons(book, await lessons.newest(connection, limit))


async def lessons_to_judge(ground: Ground, book: RuleBook) -> list[Lesson]:
    """The newest messages of which a person knows at least one label."""
    async with ground.db.acquire() as connection:
        found = _lessons(book, await lessons.judged(connection, JUDGED))
    return [lesson for lesson in found if lesson.corrected or lesson.confirmed]


def _lessons(book: RuleBook, told: Iterable[Told]) -> list[Lesson]:
    return [_lesson(book, one) for one in told]


def _lesson(book: RuleBook, one: Told) -> Lesson:
    """A corrected service counts before an agency. An agency by hand is a corrected service where its
    rules leave only one; else the service is in doubt: perhaps only the place was wrong."""
    corrected = {head: str(getattr(one, head)) for head in one.corrected}
    confirmed: dict[str, str] = {}
    doubted = set(one.outdated)
    if "service" not in corrected:
        if one.by_hand:
            service = only_service(book, one.agency or "")
            if service is None:
                doubted.add("service")
            else:
                corrected["service"] = service
        elif one.done:
            confirmed["service"] = one.service
    return Lesson(one.ref, one.text, corrected, confirmed, sorted(doubted - corrected.keys()))
