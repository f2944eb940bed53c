"""Explain why a case lies where it lies: its labels, its place, the rule, every step."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.cli._ground import on_ground
from hub.cli._terminal import language
from hub.flow.city import City
from hub.model.cases import CaseRecord
from hub.model.errors import NotFound
from hub.model.facts import Fact
from hub.model.rulebook import DISTRICT_OFFICE, Rule, RuleBook, rulebook
from hub.model.texts import UnknownText, text
from hub.rules.routing import SURE_INTENT
from hub.store import log, reading, rulebooks
from hub.wiring import Standing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", help="its reference, for example K7M3Q-X9P2D")


def run(args: argparse.Namespace) -> int:
    return on_ground(lambda stand: _explain(stand, args.case.strip().upper()))


async def _explain(stand: Standing, ref: str) -> int:
    async with stand.ground.db.acquire() as connection:
        record = await reading.record_of_ref(connection, ref)
        progress = await reading.progress(connection, ref, None)
        if progress is None:
            raise NotFound("case.not_found", ref=ref)
        detail = await reading.item_detail(connection, progress.item_id) or {}
        history = await log.of_case(connection, record.id if record else 0, progress.item_id)
        version = _version_that_decided(history)
        document = await rulebooks.document(connection, version) if version else None
    city = stand.city.now
    story = _Story(city, rulebook(document) if document else city.book, version or city.version)
    lines = [*story.labels(detail), *story.place(detail, record)]
    if record is None and progress.stage == "routed":
        lines.append("case      none: it was deleted or erased before it got one")
    elif record is None:
        stage = text(language(), f"stage.{progress.stage}")
        lines.append(f"stage     {stage}: it has no case yet; the worker takes it on")
    else:
        lines += [*story.decision(record), *story.agency(record)]
    print("\n".join([*lines, "", *story.steps(history)]))
    return 0


def _version_that_decided(history: Sequence[Fact]) -> int | None:
    """The version of the rule book that was asked last: for what came in or was edited (``config``), or
    after a correction (``book``) that nobody took back."""
    undone = {fact.version - 1 for fact in history if fact.type == "case.restored"}
    asked = (fact.data for fact in reversed(history) if fact.version not in undone)
    versions = (data.get("config") or data.get("book") for data in asked)
    return next((int(version) for version in versions if version), None)


@dataclass(frozen=True, slots=True)
class _Story:
    """What is told, in lines. ``book`` is the version that decided, which may be an older one."""

    city: City
    book: RuleBook
    version: int

    def labels(self, detail: Mapping[str, Any]) -> Iterator[str]:
        """What the text was taken for, and how sure that is."""
        for name in ("service", "intent", "urgency", "language"):
            if detail.get(name):
                confidence = detail[f"{name}_confidence"]
                unsure = name == "intent" and confidence < SURE_INTENT
                note = ", too unsure for rules that ask for it" if unsure else ""
                by = ", corrected by a person" if name in detail["corrected"] else ""
                yield f"{name:<9} {detail[name]} ({confidence:.2f}){by}{note}"
        if detail.get("model"):
            asks = detail["abstain"] and "service" not in detail["corrected"]
            unsure = ", too unsure of the service" if asks else ""
            yield f"model     {detail['model']}{unsure}"

    def place(self, detail: Mapping[str, Any], record: CaseRecord | None) -> Iterator[str]:
        """Where it is, and what that was read from."""
        if not detail.get("located_how"):
            return
        how = text(language(), f"located.{detail['located_how']}")
        code = record.area if record else None
        where = self._area(code) if code else "no area"
        guess = ", approximate" if record and record.approximate else ""
        yield f"place     {where}{guess}: {how}"
        for code in detail.get("candidates") or ():
            yield f"          perhaps {self._area(code)}"

    def decision(self, record: CaseRecord) -> Iterator[str]:
        """The rule, its words and its conditions; or why no rule decided."""
        yield f"rule      {record.rule}, version {self.version} of the rule book"
        rule = next((rule for rule in self.book.rules if rule.id == record.rule), None)
        if rule is None:
            try:
                yield f"          {text(language(), f'why.{record.rule}')}"
            except UnknownText:
                yield "          that version has no such rule any more"
            return
        yield f"          {rule.reason_ko if language() == 'ko' else rule.reason_en}"
        yield f"          {_conditions(rule)}"

    def agency(self, record: CaseRecord) -> Iterator[str]:
        """Who has it, in which state, until when."""
        agency = self.city.book.agency(record.agency or "")
        name = (agency.name_ko if language() == "ko" else agency.name_en) if agency else ""
        state = text(language(), f"state.{record.state}")
        yield f"agency    {name or record.agency or 'nobody yet'} ({record.agency}), {state}"
        if record.deadline_at:
            late = ", overdue" if record.overdue else ""
            yield f"deadline  {self._when(record.deadline_at)}{late}"
        if record.agency is None:
            yield "next      a person sorts it on the staff page, or corrects its labels or place"

    def steps(self, history: Sequence[Fact]) -> Iterator[str]:
        """Every fact of the item and its case, with what it decided."""
        if not history:
            yield "no facts are stamped yet; the relay of a running worker does that"
        for fact in history:
            shown = {
                name: fact.data[name]
                for name in ("service", "area", "how", "state", "agency", "rule", "config", "book")
                if fact.data.get(name) is not None
            }
            told = ", ".join(f"{name} {value}" for name, value in shown.items())
            yield (
                f"{fact.position:>8}  {self._when(fact.at, seconds=True)}  "
                f"{fact.type:<16} {fact.actor:<12} {told}"
            ).rstrip()

    def _area(self, code: str) -> str:
        area = self.city.index.by_code.get(code)
        if area is None:
            return f"{code} (no area of the city any more)"
        home = self.city.index.district_of(area)
        korean = language() == "ko"
        names = [a.name_ko if korean else a.name_en for a in dict.fromkeys((area, home))]
        return f"{', '.join(names)} ({code})"

    def _when(self, at: datetime, *, seconds: bool = False) -> str:
        local = at.astimezone(ZoneInfo(self.city.book.city.time_zone))
        return f"{local:%Y-%m-%d %H:%M:%S}" if seconds else f"{local:%Y-%m-%d %H:%M %Z}"


def _conditions(rule: Rule) -> str:
    """The rule as it is asked: its conditions, whom it names, its deadline."""
    asked = [
        f"{field} {' | '.join(words)}"
        for field in ("kinds", "services", "districts", "intents", "urgencies")
        if (words := getattr(rule, field))
    ]
    target = "the district's office" if rule.agency == DISTRICT_OFFICE else rule.agency
    days, hours = rule.deadline_days, rule.deadline_hours
    within = f"{hours} hours" if hours is not None else f"{days} working days"
    return f"{'; '.join(asked) or 'everything'} → {target} within {within}"
