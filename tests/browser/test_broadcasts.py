"""Broadcasts on the pages: nothing typed is lost, nothing that waits is missed, the focus stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitors import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

MINE = "제가 고친 글입니다. 지하차도로 다니지 마세요."
THEIRS = "동료가 고친 글입니다. 둔치에서 나오세요."


def written(writer: Visitor, headline: str) -> Locator:
    """A draft of this headline, as its card on the writer's page."""
    csrf = writer.call("GET", "/session", None)["body"]["csrf"]
    body = {
        "severity": "safety",
        "headline": {"ko": headline, "en": f"{headline} (English)"},
        "text": {"ko": "오늘 밤 강한 비가 옵니다.", "en": "Heavy rain tonight."},
        "areas": ["11110"],
        "expires_in_min": 60,
        "exercise": True,
    }
    made = writer.call("POST", "/broadcasts", body, csrf)
    assert made["status"] == 201, made
    return card(writer.page, headline)


def card(page: Page, headline: str) -> Locator:
    """The card of a broadcast."""
    return page.get_by_role("article").filter(has_text=headline)


def korean(page: Page) -> Locator:
    """The Korean text in the editor."""
    return page.locator(".editor .words").nth(0).get_by_label("내용")


def change(page: Page, headline: str, text: str) -> None:
    """Open the editor on it and type over the Korean text."""
    card(page, headline).get_by_role("button", name="고치기").click()
    korean(page).fill(text)


def save(page: Page) -> None:
    page.get_by_role("button", name="초안 저장").click()


@pytest.fixture
def writer(visitor: NewVisitor) -> Visitor:
    """A broadcaster on their first page."""
    one = visitor()
    one.sign_in("broadcaster")
    one.is_live()
    return one


def test_typed_text_outlives_a_colleagues_save(writer: Visitor, visitor: NewVisitor) -> None:
    headline = "동시에 고치는 방송"
    written(writer, headline)
    colleague = visitor()
    colleague.sign_in("broadcaster")
    page = writer.page
    change(page, headline, MINE)
    change(colleague.page, headline, THEIRS)
    save(colleague.page)
    warned = page.locator(".overtaken")
    expect(warned).to_contain_text("다른 사람이 이 글을 고쳤습니다")
    expect(warned).to_contain_text(THEIRS)
    expect(korean(page)).to_have_value(MINE)
    expect(page.get_by_role("button", name="초안 저장")).to_be_disabled()
    warned.get_by_role("button", name="쓰던 글로 계속 고치기").click()
    save(page)
    expect(card(page, headline)).to_contain_text(MINE)
    expect(card(colleague.page, headline)).to_contain_text(MINE)
    page.reload()  # nothing begun is left, so the browser does not ask
    expect(card(page, headline)).to_contain_text(MINE)


def test_typed_text_outlives_a_colleagues_submitting(writer: Visitor, visitor: NewVisitor) -> None:
    headline = "먼저 승인을 요청한 방송"
    written(writer, headline)
    colleague = visitor()
    colleague.sign_in("broadcaster")
    page = writer.page
    change(page, headline, MINE)
    card(colleague.page, headline).get_by_role("button", name="승인 요청").click()
    expect(page.locator(".overtaken")).to_contain_text("‘승인 대기’")
    expect(korean(page)).to_have_value(MINE)
    expect(korean(page)).to_be_editable()  # to be copied
    expect(page.get_by_role("button", name="초안 저장")).to_be_disabled()
    page.get_by_title("broadcaster: 비밀번호 바꾸기").click()
    page.get_by_role("link", name="재난 방송").click()
    card(page, headline).get_by_role("button", name="쓰던 글 보기").click()
    expect(korean(page)).to_have_value(MINE)


def test_what_was_typed_is_thrown_away_only_when_that_is_meant(writer: Visitor) -> None:
    headline = "버릴 뻔한 방송"
    written(writer, headline)
    page = writer.page
    change(page, headline, MINE)
    page.get_by_role("button", name="취소", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="계속 쓰기").click()
    expect(korean(page)).to_have_value(MINE)
    page.get_by_role("button", name="취소", exact=True).click()
    dialog.get_by_role("button", name="쓰던 글 버리기").click()
    expect(card(page, headline)).not_to_contain_text(MINE)
    card(page, headline).get_by_role("button", name="고치기").click()
    page.get_by_role("button", name="취소", exact=True).click()  # nothing typed: nothing is asked
    expect(card(page, headline)).to_be_visible()


def test_who_may_approve_is_told_what_waits(writer: Visitor, visitor: NewVisitor) -> None:
    headline = "승인을 기다리는 방송"
    mine = written(writer, headline)
    second = visitor()
    second.sign_in("approver")
    second.is_live()
    page = second.page
    link = page.get_by_role("link", name="재난 방송")
    expect(card(page, headline)).to_be_visible()
    before = (
        int(link.locator(".count [aria-hidden]").inner_text())
        if link.locator(".count").count()
        else 0
    )
    mine.get_by_role("button", name="승인 요청").click()
    expect(link).to_have_accessible_name(f"재난 방송 승인 대기 {before + 1}건")
    expect(page).to_have_title(f"({before + 1}) 재난 방송 · Big Ear")
    page.get_by_title("approver: 비밀번호 바꾸기").click()
    expect(link.locator(".count")).to_be_visible()  # on every page of theirs
    expect(writer.page.locator(".top .count")).to_have_count(0)
    mine.get_by_role("button", name="승인 요청 거두기").click()
    expect(link.locator(".count")).to_have_count(1 if before else 0)


def test_a_typo_seen_after_submitting_is_mended(writer: Visitor) -> None:
    headline = "오타가 난 방송"
    mine = written(writer, headline)
    mine.get_by_role("button", name="승인 요청").click()
    expect(mine.locator(".state-submitted")).to_be_visible()
    mine.get_by_role("button", name="승인 요청 거두기").click()
    change(writer.page, headline, MINE)
    save(writer.page)
    mine.get_by_role("button", name="승인 요청").click()
    expect(mine.locator(".state-submitted")).to_be_visible()
    expect(mine).to_contain_text(MINE)


def test_the_focus_goes_on_from_what_was_done(writer: Visitor) -> None:
    page, headline = writer.page, "초점이 남는 방송"
    page.get_by_role("button", name="새 방송 쓰기").press("Enter")
    first = page.locator(".editor .words").nth(0).get_by_label("제목")
    expect(first).to_be_focused()
    page.get_by_role("button", name="취소", exact=True).press("Enter")
    expect(page.get_by_role("button", name="새 방송 쓰기")).to_be_focused()
    mine = written(writer, headline)
    mine.get_by_role("button", name="고치기").press("Enter")
    expect(first).to_be_focused()
    page.get_by_role("button", name="취소", exact=True).press("Enter")
    expect(mine).to_be_focused()
    mine.get_by_role("button", name="승인 요청").press("Enter")
    expect(mine.locator(".state-submitted")).to_be_visible()
    expect(mine).to_be_focused()
    mine.get_by_role("button", name="방송 취소").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="방송 취소").press("Enter")
    expect(mine.locator(".state-cancelled")).to_be_visible()
    expect(mine).to_be_focused()
