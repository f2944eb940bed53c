"""Who gets it: the first rule that matches decides; what nothing covers, a person does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.model.rulebook import DISTRICT_OFFICE, Rule, RuleBook
from hub.rules.deadlines import Calendar

NO_RULE = "triage.no_rule"
UNSURE = "triage.unsure"
NO_PLACE = "triage.no_place"
SENT_BACK = "triage.by_hand"
"""The reasons for triage, in place of a rule's id; their words are in the text catalogues. The last is
a person's, which only a person takes back."""


SURE_INTENT = 0.7
"""Confidence from which on an intent counts: below it, a report of a street's trouble that sounds like
an idea would leave the district for a bureau."""


@dataclass(frozen=True, slots=True)
class Question:
    """What routing is asked: an item's labels and where it lies. ``intent`` None: not sure enough for
    a rule that asks for one."""

    kind: str
    service: str
    intent: str | None
    urgency: str
    abstain: bool
    district: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Where it goes. ``agency`` None and ``state`` triage: a person decides; ``rule`` says why."""

    state: str
    agency: str | None
    rule: str
    deadline_at: datetime | None


def decide(book: RuleBook, calendar: Calendar, question: Question) -> Decision:
    """Ask the rules in order. An emergency is never held up by an unsure service."""
    if question.abstain and question.urgency != "emergency":
        return _triage(UNSURE)
    for rule in book.rules:
        if not _matches(rule, question):
            continue
        agency = rule.agency
        if agency == DISTRICT_OFFICE:
            office = book.office_of(question.district) if question.district else None
            if office is None:
                return _triage(NO_PLACE)
            agency = office.code
        deadline = _deadline(rule, calendar, question.received_at)
        return Decision("queued", agency, rule.id, deadline)
    return _triage(NO_RULE)


def deadline_of(
    book: RuleBook, calendar: Calendar, question: Question, agency: str
) -> datetime | None:
    """By when an agency that a person named should act on what the rules gave no deadline.

    The deadline of the first rule that fits the item and leads to this agency; else of the first that
    fits, whomever it names; else the longest that the book gives the agency; else the longest of all.
    """
    fitting = [rule for rule in book.rules if _matches(rule, question)]
    leading = [rule for rule in book.rules if _leads(book, rule, agency)]
    both = [rule for rule in fitting if rule in leading]
    asked = both[:1] or fitting[:1] or leading or book.rules
    return max(
        filter(None, (_deadline(rule, calendar, question.received_at) for rule in asked)),
        default=None,
    )


def _leads(book: RuleBook, rule: Rule, agency: str) -> bool:
    """Whether a rule leads to an agency; to an office, whichever its district."""
    if rule.agency != DISTRICT_OFFICE:
        return rule.agency == agency
    named = book.agency(agency)
    return bool(named and named.district)


def _deadline(rule: Rule, calendar: Calendar, received_at: datetime) -> datetime | None:
    return calendar.deadline(received_at, days=rule.deadline_days, hours=rule.deadline_hours)


def _triage(reason: str) -> Decision:
    return Decision("triage", None, reason, None)


def _matches(rule: Rule, question: Question) -> bool:
    return (
        (not rule.services or question.service in rule.services)
        and (not rule.intents or question.intent in rule.intents)
        and (not rule.urgencies or question.urgency in rule.urgencies)
        and (not rule.kinds or question.kind in rule.kinds)
        and (not rule.districts or question.district in rule.districts)
    )


def only_service(book: RuleBook, agency: str) -> str | None:
    """The one service that the rules send to an agency; None where it is sent several, or any.

    Which district a rule asks for, which urgency or kind, does not matter here.
    """
    rules = [rule for rule in book.rules if rule.agency == agency]
    services = {service for rule in rules for service in rule.services}
    if len(services) != 1 or not all(rule.services for rule in rules):
        return None
    return services.pop()
