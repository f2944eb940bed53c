"""A reporter whose case is merged into another one: their open page follows it, and comes back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitors import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

EARLIER, LATER = "305호 앞을 보겠습니다", "이번 주에 교체합니다"


class Desk:
    """A member of staff, who works by the API."""

    def __init__(self, visitor: Visitor) -> None:
        visitor.sign_in("admin")
        self.visitor = visitor
        self.csrf = visitor.call("GET", "/session", None)["body"]["csrf"]

    def case(self, ref: str) -> dict[str, Any]:
        [found] = self.visitor.call("GET", f"/cases?state=all&q={ref}", None)["body"]["cases"]
        return dict(found)

    def do(self, ref: str, what: str, **body: Any) -> None:
        case = self.case(ref)
        path = f"/cases/{case['id']}/{what}"
        done = self.visitor.call("POST", path, body | {"version": case["version"]}, self.csrf)
        assert done["status"] in (200, 201), done


@pytest.mark.parametrize(("language", "joined"), [("ko-KR", "합쳐졌습니다"), ("en-GB", "joined")])
def test_an_open_page_follows_without_being_loaded_anew(
    visitor: NewVisitor, language: str, joined: str
) -> None:
    reporter, other = visitor(phone=True, language=language), visitor()
    url = other.complain(f"보도블록이 깨졌어요 305호 앞 {language}", lat=37.5663, lon=126.9018)
    into = url.removeprefix("/c/").partition("#")[0]
    url = reporter.complain(f"보도블록에 걸려 넘어졌어요 {language}", lat=37.5663, lon=126.9018)
    ref = url.removeprefix("/c/").partition("#")[0]
    page = reporter.page
    page.goto(url)
    expect(page.locator(".chips .chip")).to_be_visible()  # it has a case
    reporter.is_live()
    reporter.stays()

    desk = Desk(visitor())
    desk.do(into, "answers", text=EARLIER, resolve=False)
    desk.do(ref, "moves", to="merged", target_ref=into)
    expect(page.locator(".notice").filter(has_text=into)).to_contain_text(joined)
    desk.do(into, "answers", text=LATER, resolve=True)
    expect(page.get_by_text(LATER)).to_be_visible()
    expect(page.locator(".chip.state-resolved")).to_be_visible()
    assert "305호" not in page.content()

    desk.visitor.page.goto(f"/staff?case={desk.case(into)['id']}")
    expect(desk.visitor.page.locator(".composer .notice")).to_contain_text("1")
    desk.do(ref, "moves", to="queued", reason="다른 곳")
    expect(page.get_by_text(LATER)).to_have_count(0)
    expect(page.locator(".chip.state-queued")).to_be_visible()
    assert reporter.has_stayed()
