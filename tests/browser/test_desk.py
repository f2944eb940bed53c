"""The desk under quick hands: the keyboard on the list, dialogs, undo, and what a search finds."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

CHEONGUN = {"lat": 37.5894, "lon": 126.9694}


def parked(where: str) -> str:
    """A complaint that the shipped classifier is sure of, told apart by where it is."""
    return f"종로구 청운동 {where} 골목에 불법 주정차 차량이 많습니다. 단속해 주세요."


def at_jongno(visitor: NewVisitor, *texts: str, phone: bool = False) -> Page:
    """A desk at a district's queue, once these complaints are there, the last one on top."""
    desk, citizen = visitor(phone=phone), visitor()
    desk.sign_in("admin")
    desk.page.goto("/staff?queue=jongno_gu&sort=newest&marks=0")
    desk.is_live()
    for text in texts:
        citizen.complain(text, **CHEONGUN)
        expect(desk.page.locator(".rows").get_by_text(text)).to_be_visible()
    return desk.page


def opened(page: Page, text: str) -> None:
    page.locator(".rows").get_by_text(text).click()
    expect(page.get_by_role("article").get_by_text(text)).to_be_visible()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_enter_opens_the_row_that_was_stepped_to(visitor: NewVisitor, *, phone: bool) -> None:
    below, above = parked(f"아래 {phone}"), parked(f"위 {phone}")
    page = at_jongno(visitor, below, above, phone=phone)
    opened(page, above)
    for key, text in (("j", below), ("k", above)):
        page.keyboard.press("Escape")
        page.keyboard.press(key)
        row = page.locator(".rows button").filter(has_text=text)
        expect(row).to_be_focused()
        expect(row).to_have_attribute("aria-current", "true")
        page.keyboard.press("Enter")
        expect(page.get_by_role("article").get_by_text(text)).to_be_visible()


def test_a_press_that_ends_beside_a_dialog_leaves_it_open(visitor: NewVisitor) -> None:
    text = parked("대화 상자")
    page = at_jongno(visitor, text)
    opened(page, text)
    page.keyboard.press("x")
    dialog = page.get_by_role("dialog")
    reason = dialog.get_by_label("이유")
    reason.fill("이미 치웠습니다.")
    box = reason.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    expect(reason).to_have_value("이미 치웠습니다.")
    page.mouse.click(5, 5)
    expect(dialog).to_have_count(0)


def test_undo_gives_all_back_or_is_not_offered(visitor: NewVisitor) -> None:
    text = parked("무르기")
    page = at_jongno(visitor, text)
    opened(page, text)
    article, dialog = page.get_by_role("article"), page.get_by_role("dialog")
    head, toast = article.locator(".item-head"), page.locator(".toast")
    page.keyboard.press("t")
    expect(head.locator(".state-in_progress")).to_be_visible()
    article.get_by_role("button", name="분류 대기로 돌려보내기").click()
    dialog.get_by_label("이유").fill("구청 일이 아닌 듯합니다.")
    dialog.get_by_role("button", name="분류 대기로 돌려보내기").click()
    expect(dialog).to_have_count(0)  # until then a key is the dialog's
    expect(head.locator(".state-triage")).to_be_visible()
    page.keyboard.press("u")
    expect(toast).to_contain_text("되돌렸습니다")
    expect(head.locator(".state-in_progress")).to_be_visible()
    expect(head.locator(".assignee")).to_be_visible()
    expect(article.get_by_role("button", name="담당 해제")).to_be_visible()
    page.keyboard.press("x")
    dialog.get_by_label("이유").fill("이미 치웠습니다.")
    dialog.get_by_role("button", name="대상 아님").click()
    expect(toast).to_contain_text("대상 아님")
    expect(toast.get_by_role("button")).to_have_count(0)  # no move leads back to whoever had it


def test_a_search_finds_what_is_done_or_says_where_it_looked(visitor: NewVisitor) -> None:
    text = parked("다 된 일")
    page = at_jongno(visitor, text)
    opened(page, text)
    article, rows = page.get_by_role("article"), page.locator(".row")
    ref = article.get_attribute("aria-label")
    assert ref is not None
    page.get_by_label("보낸 사람에게 답변").fill("단속했습니다.")
    page.keyboard.press("Control+Enter")
    expect(article.locator(".item-head .state-resolved")).to_be_visible()
    field = page.get_by_role("searchbox")
    field.fill("다 된 일")
    expect(page.get_by_text("이 업무함에서 지금 선택한 필터")).to_be_visible()
    page.get_by_role("button", name="모든 업무함과 상태에서 찾기").click()
    expect(rows.get_by_text(text)).to_have_count(1)
    field.fill(ref.lower())
    expect(rows).to_have_count(1)
    expect(rows.get_by_text(text)).to_have_count(1)
    expect(rows.locator(".state-resolved")).to_be_visible()


def test_the_link_to_the_queues_ends_a_search(visitor: NewVisitor) -> None:
    text = parked("찾다 말기")
    page = at_jongno(visitor, text)
    field = page.get_by_role("searchbox")
    field.fill("아무도 쓰지 않은 말")
    expect(page.locator(".rows")).to_have_count(0)
    page.get_by_role("link", name="업무함").click()
    expect(field).to_have_value("")
    page.locator(".sidebar").get_by_role("button", name=re.compile("종로구청")).click()
    expect(page.locator(".rows").get_by_text(text)).to_be_visible()
    assert "q=" not in page.url


def test_what_is_refused_is_said_once_and_where_it_was_done(visitor: NewVisitor) -> None:
    text = parked("거절")
    page = at_jongno(visitor, text)
    opened(page, text)
    refused = page.get_by_text("서버에 연결할 수 없습니다")
    page.route(re.compile("/(take|answers)$"), lambda route: route.abort())
    page.keyboard.press("t")
    expect(refused).to_have_count(1)
    page.keyboard.press("x")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(refused).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_label("보낸 사람에게 답변").fill("단속했습니다.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".composer").get_by_text("서버에 연결할 수 없습니다")).to_be_visible()
    expect(refused).to_have_count(1)
