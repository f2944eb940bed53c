"""The city's main path in a real browser: a phone on the street, a desk at the office, both live."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.hub import PASSWORD
from tests.browser.visitors import Visitor

COMPLAINT = "종로구 청운동 골목에 불법 주정차 차량이 많아 소방차가 못 지나갑니다. 단속해 주세요."
ANSWER = "단속반이 다녀갔고, 오늘부터 하루 두 번 순찰하겠습니다."


@pytest.mark.timeout(400)
def test_a_complaint_goes_its_whole_way_live(visitor: NewVisitor, photo: Path) -> None:
    desk, phone = visitor(), visitor(phone=True)
    first_sign_in(desk, "agent")
    desk.is_live()
    desk.stays()

    link = complain_on_a_phone(phone.page, photo)
    phone.page.goto(link)
    expect(phone.page.get_by_role("heading", name="담당 기관에 전달되었습니다")).to_be_visible()
    phone.stays()

    take_and_answer(desk.page)
    expect(phone.page.get_by_role("heading", name="처리가 끝났습니다")).to_be_visible()
    expect(phone.page.get_by_text(ANSWER)).to_be_visible()
    speak_english(phone.page)
    assert desk.has_stayed()
    assert phone.has_stayed()


def first_sign_in(desk: Visitor, login: str) -> None:
    """Sign in with the first password, which must be changed before anything else."""
    page = desk.page
    first = desk.hub.first_passwords[login]
    page.goto("/staff")
    page.get_by_label("아이디").fill(login)
    page.get_by_label("비밀번호").fill(first)
    page.get_by_role("button", name="로그인").click()
    expect(page.get_by_role("heading", name="비밀번호 바꾸기")).to_be_visible()
    page.get_by_label("지금 비밀번호").fill(first)
    page.get_by_label("새 비밀번호", exact=True).fill(PASSWORD)
    page.get_by_label("새 비밀번호 다시").fill(PASSWORD)
    page.get_by_role("button", name="바꾸고 시작하기").click()
    expect(page.get_by_role("button", name=re.compile("종로구청"))).to_be_visible()


def complain_on_a_phone(page: Page, photo: Path) -> str:
    """Fill in the form, pin and photo and all; the private link."""
    page.goto("/")
    page.get_by_label("무슨 일인가요?").fill(COMPLAINT)
    page.get_by_label("장소 찾기").fill("청운")
    page.get_by_role("option", name="청운동", exact=False).first.click()
    line = page.locator(".place-line")
    expect(line).to_contain_text("종로구 청운동")
    expect(page.locator(".maplibregl-marker")).to_be_visible()
    page.locator(".map canvas").click(position={"x": 161, "y": 185})  # a little south of the pin
    expect(line).not_to_contain_text("청운동")
    expect(line).to_contain_text("종로구")
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".upload img")).to_be_visible()
    page.get_by_role("button", name="보내기").click()  # waits until the photo has arrived
    expect(page.get_by_role("heading", name="접수되었습니다")).to_be_visible()
    return page.get_by_label("나만의 링크").input_value()


def take_and_answer(page: Page) -> None:
    """Do what an agent does with a case that has just come in; no page is loaded anew."""
    page.locator(".rows").get_by_text(COMPLAINT).click()
    item = page.get_by_role("article")
    expect(item.get_by_text("현장에서 처리할 일은 해당 구청이 맡습니다.")).to_be_visible()
    picture = item.locator(".photo img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    item.get_by_role("button", name="내가 맡기").click()
    expect(item.get_by_role("button", name="담당 해제")).to_be_visible()
    item.get_by_label("보낸 사람에게 답변").fill(ANSWER)
    expect(item.get_by_label("처리 완료로 함께 바꾸기")).to_be_checked()
    item.get_by_role("button", name="답변 보내기").click()
    expect(item.locator(".chip.state-resolved")).to_be_visible()
    expect(page.locator(".rows").get_by_text(COMPLAINT)).to_have_count(0)


def speak_english(page: Page) -> None:
    """Change the language where it stands; texts of people stay as they wrote them."""
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Resolved")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_text(ANSWER)).to_be_visible()
