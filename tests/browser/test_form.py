"""The complaint form: what is sent is what the person sees, and what is left out is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def choose(page: Page, place: str) -> None:
    """Choose a suggested place; its pin is set."""
    page.get_by_label("장소 찾기").fill(place)
    page.get_by_role("option", name=place, exact=False).first.click()
    expect(page.locator(".place-line")).to_contain_text(place)


def sent(page: Page) -> dict[str, Any]:
    """Send the form; what the hub was sent."""
    page.get_by_label("무슨 일인가요?").fill("가로등이 꺼졌습니다.")
    with page.expect_request("**/api/v1/complaints") as asked:
        page.get_by_role("button", name="보내기", exact=True).click()
    expect(page.get_by_role("heading", name="접수되었습니다")).to_be_visible()
    return dict(asked.value.post_data_json or {})


def test_another_place_written_over_a_suggested_one_leaves_no_pin(visitor: NewVisitor) -> None:
    page = visitor(phone=True).page
    page.goto("/")
    choose(page, "역삼1동")
    page.get_by_label("장소 찾기").fill("망원동 월드컵시장 앞")
    expect(page.locator(".place-line")).not_to_contain_text("역삼1동")
    body = sent(page)
    assert body["place"] == "망원동 월드컵시장 앞"
    assert "lat" not in body


def test_words_leave_a_pin_of_ones_own_where_it_is(visitor: NewVisitor) -> None:
    page = visitor().page
    page.goto("/")
    choose(page, "역삼1동")
    page.locator(".map canvas").click(position={"x": 161, "y": 105})
    page.get_by_label("장소 찾기").fill("편의점 앞")
    body = sent(page)
    assert body["place"] == "편의점 앞"
    assert "lat" in body


@pytest.mark.parametrize("language", ["ko-KR", "en-GB"])
def test_the_examples_are_found_and_a_place_that_is_not_is_said(
    visitor: NewVisitor, language: str
) -> None:
    page = visitor(language=language).page
    page.goto("/")
    box = page.get_by_role("combobox").first
    examples = (box.get_attribute("placeholder") or "").replace("예: ", "").replace("e.g. ", "")
    for example in examples.split(", "):
        box.fill(example)
        expect(page.get_by_role("option").first).to_be_visible()
    nothing = page.locator(".search [role=status]")
    expect(nothing).to_be_empty()
    box.fill("강남역 11번 출구")
    expect(nothing).to_contain_text("찾지 못했습니다" if language == "ko-KR" else "Not found")
    box.fill("")
    expect(nothing).to_be_empty()


def test_photos_that_are_not_taken_are_named(
    visitor: NewVisitor, photo: Path, tmp_path: Path
) -> None:
    page = visitor(phone=True).page
    page.goto("/")
    paper = tmp_path / "고지서.pdf"
    paper.write_bytes(b"%PDF-1.4")
    page.locator("input[type=file]").set_input_files([photo] * 7 + [paper])
    expect(page.locator(".upload")).to_have_count(5)
    picker = page.locator(".photos-picker")
    expect(picker).to_contain_text("5장까지 보낼 수 있어 2장은 넣지 않았습니다.")
    expect(picker).to_contain_text("사진이 아니어서 넣지 않았습니다: 고지서.pdf")
    picker.get_by_role("button", name="photo.jpg 빼기").first.click()
    expect(picker).not_to_contain_text("넣지 않았습니다")


def test_a_photo_that_failed_is_tried_again_and_never_left_out_unasked(
    visitor: NewVisitor, photo: Path
) -> None:
    page = visitor(phone=True).page
    page.goto("/")
    page.route("**/api/v1/photos", lambda route: route.abort(), times=2)
    page.locator("input[type=file]").set_input_files([photo, photo])
    again = page.get_by_role("button", name="photo.jpg 다시 보내기")
    expect(again).to_have_count(2)
    page.get_by_label("무슨 일인가요?").fill("가로등이 꺼졌습니다.")
    page.get_by_role("button", name="보내기", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("사진 2장을 올리지 못했습니다.")
    dialog.get_by_role("button", name="돌아가기").click()
    again.first.click()
    expect(again).to_have_count(1)
    page.get_by_role("button", name="보내기", exact=True).click()
    with page.expect_request("**/api/v1/complaints") as asked:
        dialog.get_by_role("button", name="빼고 보내기").click()
    expect(page.get_by_role("heading", name="접수되었습니다")).to_be_visible()
    assert len((asked.value.post_data_json or {})["photos"]) == 1
