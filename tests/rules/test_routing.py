"""Who gets it: the first rule that matches, and a person where none may decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.model.kinds import CASE_KINDS
from hub.model.labels import INTENTS, SERVICES, URGENCIES
from hub.model.rulebook import RuleBook, rulebook
from hub.rules.books import read_document
from hub.rules.deadlines import Calendar
from hub.rules.routing import NO_PLACE, NO_RULE, UNSURE, Decision, Question, deadline_of, decide

CONFIG = Path(__file__).resolve().parents[2] / "config"
SEOUL = Calendar("KR", "Asia/Seoul")
GANGNAM = "11680"
FRIDAY = datetime(2026, 7, 10, 1, 0, tzinfo=UTC)  # 10:00 in Seoul


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return read_document(CONFIG)[0]


@pytest.fixture(scope="module")
def book(document: dict[str, Any]) -> RuleBook:
    return rulebook(document)


def question(**known: Any) -> Question:
    asked: dict[str, Any] = {
        "kind": "complaint",
        "service": "waste",
        "intent": "report",
        "urgency": "normal",
        "abstain": False,
        "district": GANGNAM,
        "received_at": FRIDAY,
    }
    return Question(**asked | known)


def ask(book: RuleBook, **known: Any) -> Decision:
    return decide(book, SEOUL, question(**known))


def with_rules(document: dict[str, Any], *rules: dict[str, Any]) -> RuleBook:
    reasons = {"reason_ko": "까닭", "reason_en": "Reason"}
    return rulebook(document | {"rules": [reasons | rule for rule in rules]})


def test_the_first_rule_that_matches_decides(document: dict[str, Any]) -> None:
    book = with_rules(
        document,
        {"id": "here", "services": ["waste"], "districts": [GANGNAM], "agency": "parks_bureau"},
        {"id": "asked", "services": ["waste"], "intents": ["question"], "agency": "city_hall"},
        {"id": "post", "kinds": ["post"], "agency": "metro"},
        {"id": "rest", "services": ["waste"], "agency": "@district"},
    )
    assert ask(book).rule == "here"
    assert ask(book, district="11110", intent="question").rule == "asked"
    assert ask(book, district="11110", kind="post").rule == "post"
    rest = ask(book, district="11110")
    assert (rest.rule, rest.agency, rest.state) == ("rest", "jongno_gu", "queued")
    uncovered = ask(book, service="bus")
    assert (uncovered.rule, uncovered.agency, uncovered.state) == (NO_RULE, None, "triage")


def test_who_is_named_by_a_person_has_the_time_that_the_rules_give(
    document: dict[str, Any],
) -> None:
    book = with_rules(
        document,
        {
            "id": "1",
            "services": ["waste"],
            "urgencies": ["high"],
            "agency": "fire",
            "deadline_hours": 1,
        },
        {"id": "2", "services": ["waste"], "agency": "@district", "deadline_hours": 2},
        {"id": "3", "services": ["waste"], "agency": "fire", "deadline_hours": 3},
        {"id": "4", "services": ["taxi"], "agency": "metro", "deadline_hours": 4},
        {"id": "5", "services": ["subway"], "agency": "metro", "deadline_hours": 5},
        {"id": "6", "services": ["taxi"], "agency": "fire", "deadline_hours": 6},
    )
    for hours, agency, known in (
        (1, "fire", {"urgency": "high"}),
        (3, "fire", {"abstain": True}),  # the first that fits and leads there
        (2, "jongno_gu", {"district": None}),  # an office, whichever the district is
        (2, "metro", {}),  # no rule for waste leads there: the first for waste
        (5, "metro", {"service": "bus"}),  # none fits: the longest of this agency
        (6, "city_hall", {"service": "bus"}),  # and of all
    ):
        deadline = deadline_of(book, SEOUL, question(**known), agency)
        assert deadline == FRIDAY + timedelta(hours=hours), (agency, known)
    assert deadline_of(with_rules(document), SEOUL, question(), "fire") is None


def test_a_districts_matter_without_a_place_is_sorted_by_a_person(book: RuleBook) -> None:
    assert ask(book).agency == "gangnam_gu"
    for district in (None, "99999"):
        placeless = ask(book, district=district)
        assert (placeless.state, placeless.rule) == ("triage", NO_PLACE)
        assert (placeless.agency, placeless.deadline_at) == (None, None)
    assert ask(book, district=None, service="bus").agency == "bus_policy"
    assert ask(book, district=None, intent="suggestion").agency == "climate_bureau"


def test_a_rule_that_asks_for_an_intent_leaves_an_unsure_one_to_the_next(book: RuleBook) -> None:
    assert ask(book, intent="suggestion").rule == "waste.policy"
    assert ask(book, intent=None).rule == "district.street"
    assert ask(book, service="culture_tourism", intent=None).rule == "culture"
    for service in SERVICES:
        assert ask(book, service=service, intent=None).agency is not None


def test_an_unsure_service_waits_for_a_person_unless_life_is_in_danger(book: RuleBook) -> None:
    assert ask(book, abstain=True).rule == UNSURE
    assert ask(book, abstain=True, urgency="high").rule == UNSURE
    for service in SERVICES:
        for intent in INTENTS:
            for district in (GANGNAM, None):
                urgent = ask(
                    book,
                    service=service,
                    intent=intent,
                    urgency="emergency",
                    abstain=True,
                    district=district,
                )
                assert urgent.agency in {"fire", "flood_safety", "disaster_safety"}
                assert urgent.deadline_at == datetime(2026, 7, 10, 2, 0, tzinfo=UTC)


def test_every_sure_and_located_matter_has_an_agency_and_a_deadline(book: RuleBook) -> None:
    for kind in CASE_KINDS:
        for service in SERVICES:
            for intent in INTENTS:
                for urgency in URGENCIES:
                    decision = ask(book, kind=kind, service=service, intent=intent, urgency=urgency)
                    assert book.agency(decision.agency or ""), (service, intent, urgency)
                    assert decision.deadline_at is not None
                    assert decision.deadline_at > FRIDAY


@pytest.mark.parametrize(
    ("known", "agency", "rule", "deadline"),
    [
        ({"service": "road_damage", "urgency": "high"}, "gangnam_gu", "road.hazard", "11T01:00"),
        ({"service": "road_damage"}, "gangnam_gu", "district.street", "20T09:00"),
        ({"service": "fire_rescue", "urgency": "high"}, "fire", "rescue.now", "10T02:00"),
        ({"service": "fire_rescue", "intent": "suggestion"}, "fire", "rescue", "22T09:00"),
        ({"service": "water_sewer", "urgency": "high"}, "waterworks", "water.leak", "11T01:00"),
        ({"service": "water_sewer"}, "waterworks", "water", "15T09:00"),
        ({"service": "subway", "intent": "praise"}, "call_centre", "praise.call_centre", None),
        ({"intent": "noise", "urgency": "emergency"}, "disaster_safety", "emergency.any", None),
        ({"service": "culture_tourism"}, "tourism_bureau", "culture.visitors", None),
        ({"service": "culture_tourism", "intent": "request"}, "culture_bureau", "culture", None),
    ],
)
def test_the_default_city_sends_it_where_a_citizen_would_expect(
    known: dict[str, Any], agency: str, rule: str, deadline: str | None, book: RuleBook
) -> None:
    decision = ask(book, **known)
    assert (decision.agency, decision.rule) == (agency, rule)
    if deadline is not None:
        assert decision.deadline_at is not None
        assert decision.deadline_at.astimezone(UTC).isoformat().startswith(f"2026-07-{deadline}")
