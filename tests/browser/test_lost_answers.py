"""A line that breaks after the hub has taken what was sent: pressing again says it once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewVisitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

OFFLINE = "서버에 연결할 수 없습니다"


def lose_the_first_answer(page: Page, path: str) -> None:
    """The hub takes the first request to this path; its answer never arrives."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(path, lose, times=1)


def send_twice(page: Page, button: str) -> None:
    """Press, be told that nothing came back, press again."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=OFFLINE).last).to_be_visible()
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("alert").filter(has_text=OFFLINE)).to_have_count(0)


def test_what_a_citizen_adds_is_said_once(visitor: NewVisitor) -> None:
    phone = visitor(phone=True)
    phone.page.goto(phone.complain("종로구 청운동 가로등이 꺼졌습니다. 답을 못 받은 골목입니다."))
    expect(phone.page.locator(".chips .chip")).to_be_visible()
    lose_the_first_answer(phone.page, "**/additions")
    phone.page.get_by_label("내용 추가").fill("아직도 꺼져 있습니다.")
    send_twice(phone.page, "보내기")
    expect(phone.page.get_by_label("내용 추가")).to_have_value("")
    expect(phone.page.locator(".message.mine")).to_have_count(1)


@pytest.mark.parametrize(
    ("kind", "label", "button"),
    [
        ("notes", "직원끼리 보는 메모", "메모 남기기"),
        ("answers", "보낸 사람에게 답변", "답변 보내기"),
    ],
)
def test_what_staff_write_is_said_once(
    visitor: NewVisitor, kind: str, label: str, button: str
) -> None:
    text = f"종로구 청운동 골목에 불법 주정차 차량이 많습니다. {kind} 확인 바랍니다."
    desk = visitor()
    desk.complain(text)
    desk.sign_in("admin")
    desk.page.goto("/staff?queue=all&sort=newest")
    desk.is_live()
    desk.page.locator(".rows").get_by_text(text).click()
    article = desk.page.get_by_role("article")
    expect(article.get_by_text(text)).to_be_visible()
    if kind == "notes":
        article.get_by_role("button", name="메모", exact=True).click()
    else:
        article.get_by_label("처리 완료로 함께 바꾸기").uncheck()
    lose_the_first_answer(desk.page, f"**/{kind}")
    desk.page.get_by_label(label).fill("현장을 보겠습니다.")
    send_twice(desk.page, button)
    expect(desk.page.get_by_label(label)).to_have_value("")
    expect(article.locator(".message")).to_have_count(1)
