"""What a text holds, as staff see it: the words that carried its label, and abuse folded away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RUDE = "종로구 청운동 가로등이 꺼졌습니다 고쳐라. 야 이 씨발놈들아 세금 처먹고 일은 안 하냐 병신 새끼들"
FOLDED = "이 글에는 욕설이나 혐오 표현이 있을 수 있습니다."
WORD = "씨발놈들아"


def test_the_words_that_carried_the_label_are_marked(visitor: NewVisitor) -> None:
    desk = visitor()
    desk.complain(
        "종로구 청운동 세종대로 110 앞 가로등이 며칠째 꺼져 있습니다. 자국이 남은 골목입니다."
    )
    desk.sign_in("agent")
    page = desk.page
    page.get_by_role("button", name=re.compile("자국이 남은 골목")).first.click()
    article = page.get_by_role("article")
    expect(article.locator("mark.marks-reason", has_text="가로등이")).to_be_visible()
    expect(article.locator("mark.marks-place", has_text="세종대로 110")).to_be_visible()
    expect(article.get_by_text("모델의 분류: 가로등")).to_be_visible()
    page.get_by_role("button", name="분류 수정").click()
    page.get_by_role("dialog").get_by_label("분야").select_option("taxi")
    page.get_by_role("dialog").get_by_role("checkbox").uncheck()  # it stays in this queue
    page.get_by_role("dialog").get_by_role("button", name="저장").click()
    expect(article.get_by_role("heading", name="택시")).to_be_visible()
    expect(article.get_by_text("모델의 분류: 가로등").first).to_be_visible()


def test_abuse_is_folded_until_somebody_asks(visitor: NewVisitor) -> None:
    desk = visitor()
    desk.complain(RUDE)
    desk.sign_in("agent")
    page = desk.page
    row = page.locator("li.row", has_text=FOLDED)
    expect(row).to_have_count(1)
    expect(page.get_by_text(WORD)).to_have_count(0)
    row.get_by_role("button").first.click()
    article = page.get_by_role("article")
    expect(article.get_by_text(FOLDED)).to_be_visible()
    expect(page.get_by_text(WORD)).to_have_count(0)
    show = article.get_by_role("button", name="글 보기")
    expect(show).to_have_attribute("aria-expanded", "false")
    show.press("Enter")
    expect(article.locator(".item-text", has_text=WORD)).to_be_visible()
    fold = article.get_by_role("button", name="접기")
    expect(fold).to_be_focused()  # the same button, for whoever uses the keyboard
    row = page.locator("li.row", has_text=WORD)
    expect(row).to_have_count(1)  # the list heeds the choice, too
    page.keyboard.press("Escape")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="접기").click()
    expect(page.get_by_text(WORD)).to_have_count(0)


def test_a_person_says_that_it_is_none(visitor: NewVisitor) -> None:
    desk, other = visitor(), visitor(language="en-GB")
    desk.complain(RUDE.replace("청운동", "효자동"))
    for one in (desk, other):
        one.sign_in("agent")
    folded = other.page.get_by_text("This message may contain abuse or hate.")
    expect(folded.first).to_be_visible()
    before = folded.count()
    page = desk.page
    page.locator("li.row", has_text=FOLDED).first.get_by_role("button").first.click()
    article = page.get_by_role("article")
    article.get_by_role("button", name="글 보기").click()
    article.get_by_role("button", name="욕설·혐오 아님").click()
    expect(article.get_by_text(FOLDED)).to_have_count(0)
    expect(article.locator(".item-text", has_text=WORD)).to_be_visible()
    expect(folded).to_have_count(before - 1)  # on everybody's list, at once
