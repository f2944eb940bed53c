"""Whatever a case holds, a view shows its audience only what that audience may see."""

from __future__ import annotations

import string
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hub.model.cases import EXCERPT_CHARS, CaseRecord
from hub.model.views import CaseView
from hub.rules.masking import MASK
from hub.rules.views import audience_for, case_view, gone_view
from tests.walls import NUMBERS, numbered

AT = datetime(2026, 3, 1, tzinfo=UTC)
PUBLIC = {
    *("id", "version", "ref", "kind", "state", "received_at", "updated_at", "mark", "area"),
    *("district", "approximate", "placeless", "lat", "lon", "service", "closed_at"),
}
REPORTER = PUBLIC | {"agency", "deadline_at", "photos", "answers", "merged_into"}


@st.composite
def cases(draw: st.DrawFn) -> CaseRecord:
    """A case in whose texts and codes a planted word stands, named after its field."""
    planted = {
        field.name: f"Zq{field.name}" for field in fields(CaseRecord) if "str" in str(field.type)
    }
    word = st.text(string.ascii_letters, max_size=5)
    values: dict[str, Any] = {name: value + draw(word) for name, value in planted.items()}
    values |= {name: draw(st.integers(1, 9)) for name in ("id", "item_id", "version", "assignee")}
    values |= {"photos": draw(st.integers(0, 5)), "answers": draw(st.integers(0, 5))}
    values |= dict.fromkeys(("received_at", "updated_at", "deadline_at", "closed_at"), AT)
    values |= {"lat": draw(st.floats(37.4, 37.7)), "lon": draw(st.floats(126.7, 127.2))}
    values |= {
        name: draw(st.booleans()) for name in ("approximate", "placeless", "overdue", "abuse")
    }
    values |= {"service_confidence": 0.5, "text": draw(numbered())}
    return CaseRecord(**values)


def shown(view: CaseView) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(view)
    return found


@given(cases())
def test_the_public_and_the_reporter_see_their_fields_and_no_others(case: CaseRecord) -> None:
    public, reporter = shown(case_view(case, "public")), shown(case_view(case, "reporter"))
    assert set(public) <= PUBLIC
    assert set(reporter) <= REPORTER
    for view in (public, reporter):
        told = str(view)
        for hidden in ("text", "assignee_name", "account", "platform", "rule", "previous_agency"):
            assert f"Zq{hidden}" not in told
        assert not any(number in told for number in NUMBERS)
    assert public["lat"] == round(case.lat or 0, 3)


@given(cases())
def test_other_staff_read_a_masked_beginning(case: CaseRecord) -> None:
    excerpt = case_view(case, "other").excerpt or ""
    assert len(excerpt) <= EXCERPT_CHARS
    for number in NUMBERS:
        # Not even the part of one that the cut leaves.
        assert number[: len(number) // 2] not in excerpt, excerpt
    own = case_view(case, "agency").excerpt
    assert own == (case.text or "")[:EXCERPT_CHARS]


@given(cases())
def test_what_is_gone_tells_nothing_more(case: CaseRecord) -> None:
    view = shown(gone_view(case))
    assert set(view) == {
        *("id", "version", "ref", "kind", "state", "received_at", "updated_at", "gone")
    }


def test_a_number_that_the_cut_runs_through_is_masked() -> None:
    text = "가" * (EXCERPT_CHARS - 8) + " 010-7373-4242 로 전화 주세요"
    values: dict[str, Any] = dict.fromkeys(field.name for field in fields(CaseRecord))
    case = CaseRecord(**values | {"received_at": AT, "updated_at": AT, "text": text})
    excerpt = case_view(case, "other").excerpt or ""
    assert MASK in excerpt
    assert "010" not in excerpt


def test_nobody_signed_in_is_the_public() -> None:
    assert audience_for(None, None) == "public"
