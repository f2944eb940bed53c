"""Full drives of the pages: broadcasts, corrections, the keyboard, and everything that goes wrong."""

from __future__ import annotations

import os
import re
import signal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.hub import PASSWORD
from tests.browser.visitors import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

CHEONGUN = {"lat": 37.5894, "lon": 126.9694}
"""A point in Cheongun-dong, Jongno-gu, 종로구 청운동."""


def parked(where: str) -> str:
    """A complaint that the shipped classifier is sure of, told apart by where it is."""
    return f"종로구 청운동 {where} 골목에 불법 주정차 차량이 많습니다. 단속해 주세요."


def opened(desk: Visitor, text: str) -> Page:
    """The agent's desk with that case open."""
    desk.page.locator(".rows").get_by_text(text).click()
    expect(desk.page.get_by_role("article").get_by_text(text)).to_be_visible()
    return desk.page


def write_broadcast(page: Page, headline: str) -> None:
    page.get_by_role("button", name="새 방송 쓰기").click()
    korean, english = page.locator(".words").nth(0), page.locator(".words").nth(1)
    korean.get_by_label("제목").fill(headline)
    korean.get_by_label("내용").fill("오늘 밤 강한 비가 옵니다. 지하차도로 다니지 마세요.")
    english.get_by_label("제목").fill(f"{headline} (English)")
    english.get_by_label("내용").fill("Heavy rain tonight. Keep out of underpasses.")
    page.get_by_role("button", name="종로구", exact=True).click()
    page.get_by_role("button", name="초안 저장").click()


def test_two_people_send_a_broadcast(visitor: NewVisitor) -> None:
    headline = "호우 경보"
    writer, second = visitor(), visitor()
    citizen, desk = visitor(phone=True), visitor(language="en-GB")
    citizen.page.goto("/")
    citizen.is_live()
    desk.sign_in("agent")
    writer.sign_in("broadcaster")
    second.sign_in("approver")

    write_broadcast(writer.page, headline)
    mine = writer.page.get_by_role("article").filter(has_text=headline).first
    mine.get_by_role("button", name="승인 요청").click()
    expect(mine.get_by_role("button", name="승인하고 발송")).to_have_count(0)

    theirs = second.page.get_by_role("article").filter(has_text=headline).first
    theirs.get_by_role("button", name="반려").click()
    dialog = second.page.get_by_role("dialog")
    dialog.get_by_label("이유").fill("우회로를 적어 주세요.")
    dialog.get_by_role("button", name="반려", exact=True).click()

    expect(mine.get_by_text("우회로를 적어 주세요.")).to_be_visible()
    mine.get_by_role("button", name="고치기").click()
    writer.page.locator(".words").nth(0).get_by_label("내용").fill("종로로 돌아가세요.")
    writer.page.get_by_role("button", name="초안 저장").click()
    mine.get_by_role("button", name="승인 요청").click()

    theirs.get_by_role("button", name="승인하고 발송").click()
    expect(dialog.get_by_text("종로로 돌아가세요.")).to_be_visible()
    go = dialog.get_by_role("button", name="승인하고 발송")
    expect(go).to_be_disabled()
    dialog.get_by_role("checkbox").check()
    go.click()

    for page, words in ((citizen.page, headline), (desk.page, f"{headline} (English)")):
        lane = page.locator(".alert-lane")
        expect(lane.get_by_role("heading", name=words, exact=True)).to_be_visible()
    mine.get_by_role("button", name="방송 취소").click()
    sure = writer.page.get_by_role("dialog")
    sure.get_by_label("이유").fill("비가 그쳤습니다.")
    sure.get_by_role("button", name="방송 취소").click()
    expect(citizen.page.locator(".alert")).to_have_count(0)
    expect(desk.page.locator(".alert")).to_have_count(0)


def test_a_corrected_label_sends_the_case_on(visitor: NewVisitor) -> None:
    text = parked("정정")
    desk, metro = visitor(), visitor()
    desk.sign_in("agent")
    metro.sign_in("admin")
    metro.page.goto("/staff?queue=metro")
    metro.is_live()
    desk.is_live()
    visitor().complain(text, **CHEONGUN)
    page = opened(desk, text)
    page.keyboard.press("l")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("분야").select_option(label="지하철")
    dialog.get_by_role("button", name="저장").click()
    expect(metro.page.locator(".rows").get_by_text(text)).to_be_visible()
    expect(page.locator(".rows").get_by_text(text)).to_have_count(0)
    history = opened(metro, text).locator(".history")
    expect(history).to_contain_text("서울교통공사")


def test_a_correction_is_said_and_taken_back(visitor: NewVisitor) -> None:
    first, second = parked("되돌림 하나"), parked("되돌림 둘")
    desk, citizen = visitor(), visitor()
    desk.sign_in("admin")
    desk.page.goto("/staff?queue=jongno_gu&sort=newest&marks=0")
    desk.is_live()
    for text in (second, first):
        citizen.complain(text, **CHEONGUN)
        expect(desk.page.locator(".rows").get_by_text(text)).to_be_visible()
    page, rows = opened(desk, first), desk.page.locator(".rows")
    page.keyboard.press("l")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("분야").select_option("taxi")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("택시 → ")
    expect(rows.get_by_text(first)).to_have_count(0)
    page.keyboard.press("u")
    expect(rows.get_by_text(first)).to_have_count(1)
    expect(page.get_by_role("article").get_by_role("heading", name="주정차")).to_be_visible()
    page.keyboard.press("l")
    expect(dialog).to_be_visible()
    page.keyboard.press("1")  # what was chosen last is offered first
    expect(dialog.get_by_label("분야")).to_have_value("taxi")
    page.keyboard.press("Enter")
    expect(rows.get_by_text(first)).to_have_count(0)
    page.keyboard.press("j")  # on from where the one that left lay, not from the top
    expect(page.get_by_role("article").get_by_text(second)).to_be_visible()


def labels_dialog(page: Page) -> Locator:
    """The dialog that corrects labels."""
    page.keyboard.press("l")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_who_corrects_what_a_colleague_has_just_corrected_is_told(visitor: NewVisitor) -> None:
    text = parked("동시에")
    one, other = visitor(), visitor(language="en-GB")
    for desk in (one, other):
        desk.sign_in("admin")
        desk.page.goto("/staff?queue=jongno_gu&sort=newest&marks=0")
        desk.is_live()
    visitor().complain(text, **CHEONGUN)
    page, theirs = opened(one, text), opened(other, text)
    dialog = labels_dialog(page)
    dialog.get_by_label("긴급도").select_option("high")
    dialog.get_by_label("유형").select_option("question")
    correction = labels_dialog(theirs)
    correction.get_by_label("Subject").select_option("noise")
    correction.get_by_label("Intent").select_option("suggestion")
    correction.get_by_label("Route again").uncheck()
    theirs.keyboard.press("Control+Enter")
    expect(page.get_by_role("article").get_by_role("heading", name="소음")).to_be_attached()
    expect(dialog.get_by_label("분야")).to_have_value("illegal_parking")  # as it was opened
    dialog.get_by_role("button", name="저장").click()
    expect(dialog.get_by_role("alert")).to_contain_text("다른 사람이 먼저 바꾸었습니다")
    expect(dialog.get_by_role("button", name="저장")).to_be_disabled()
    dialog.get_by_role("button", name="지금 내용에서 이어서 고치기").click()
    expect(dialog.get_by_label("분야")).to_be_focused()
    expect(dialog.get_by_label("분야")).to_have_value("noise")
    expect(dialog.get_by_label("유형")).to_have_value("suggestion")  # theirs, not what was chosen
    expect(dialog.get_by_label("긴급도")).to_have_value("high")
    dialog.get_by_role("button", name="저장").click()
    expect(dialog).to_have_count(0)
    history = page.get_by_role("article").locator(".history")
    expect(history).to_contain_text("주정차 → 소음")
    expect(history).to_contain_text("보통 → 높음")


def test_undo_gives_a_case_back_to_whom_had_it(visitor: NewVisitor) -> None:
    text = parked("돌려주기")
    desk = visitor()
    desk.sign_in("admin")
    desk.page.goto("/staff?queue=jongno_gu&sort=newest&marks=0")
    desk.is_live()
    visitor().complain(text, **CHEONGUN)
    page, article = opened(desk, text), desk.page.get_by_role("article")
    head = article.locator(".item-head")
    page.keyboard.press("t")
    expect(head.locator(".state-in_progress")).to_be_visible()
    dialog = labels_dialog(page)
    dialog.get_by_label("분야").select_option("taxi")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("택시 → ")
    expect(head.locator(".state-queued")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("되돌렸습니다")
    expect(head.locator(".state-in_progress")).to_be_visible()
    expect(article.locator(".assignee")).to_be_visible()
    expect(article.locator("code").filter(has_text="by_hand")).to_have_count(0)
    expect(article.locator(".history")).to_contain_text("되돌림")


def test_the_rules_are_offered_where_they_decide(visitor: NewVisitor) -> None:
    text = parked("규칙대로")
    desk = visitor()
    desk.sign_in("admin")
    desk.page.goto("/staff?queue=jongno_gu&sort=newest&marks=0")
    desk.is_live()
    visitor().complain(text, **CHEONGUN)
    page, article = opened(desk, text), desk.page.get_by_role("article")
    dialog = labels_dialog(page)
    expect(dialog.get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    dialog.get_by_label("보낼 기관").select_option("metro")
    dialog.get_by_label("이유").fill("역 안입니다")
    dialog.get_by_role("button", name="보내기").click()
    expect(dialog).to_have_count(0)
    labels_dialog(page)
    expect(dialog.get_by_role("checkbox")).not_to_be_checked()  # a person named the agency
    dialog.get_by_label("유형").select_option("question")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(article.get_by_text("직원이 이 기관으로 보냈습니다.")).to_be_visible()
    article.get_by_role("button", name="대상 아님").click()
    dialog.get_by_label("이유").fill("아닙니다")
    dialog.get_by_role("button", name="대상 아님").click()
    expect(dialog).to_have_count(0)
    expect(article.locator(".item-head .state-set_aside")).to_be_visible()
    page.keyboard.press("g")  # nothing is sent anywhere that is not open
    expect(dialog).to_have_count(0)
    labels_dialog(page)
    expect(dialog.get_by_role("checkbox")).to_have_count(0)
    dialog.get_by_label("분야").select_option("taxi")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(article.get_by_role("heading", name="택시")).to_be_visible()
    expect(article.locator(".item-head .state-set_aside")).to_be_visible()
    page.keyboard.press("u")
    expect(article.get_by_role("heading", name="주정차")).to_be_visible()


def test_a_phone_goes_on_from_case_to_case(visitor: NewVisitor) -> None:
    first, second = parked("전화기 하나"), parked("전화기 둘")
    desk, citizen = visitor(phone=True), visitor()
    desk.sign_in("admin")
    desk.page.goto("/staff?queue=jongno_gu&sort=newest&marks=0")
    desk.is_live()
    for text in (second, first):
        citizen.complain(text, **CHEONGUN)
        expect(desk.page.locator(".rows").get_by_text(text)).to_be_visible()
    page, article = opened(desk, first), desk.page.get_by_role("article")
    article.get_by_role("button", name="다음 건").click()
    expect(article.get_by_text(second)).to_be_visible()
    article.get_by_role("button", name="이전 건").click()
    expect(article.get_by_text(first)).to_be_visible()
    article.get_by_role("button", name="목록").click()
    expect(page.locator(".rows").get_by_text(first)).to_be_visible()


def test_hands_stay_on_the_keyboard(visitor: NewVisitor) -> None:
    desk = visitor()
    desk.sign_in("agent")
    desk.is_live()
    text = parked("자판")
    visitor().complain(text, **CHEONGUN)
    page = desk.page
    row = page.locator(".rows button").filter(has_text=text)
    expect(row).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="단축키")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("자판")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").get_by_text(text)).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="담당 해제")).to_be_visible()
    expect(page.locator(".toast")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="내가 맡기")).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="담당 해제")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.type("다녀왔습니다.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("article").locator(".chip.state-resolved")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/staff", "/staff/broadcasts", "/staff/accounts"])
def test_tab_goes_everywhere_and_comes_round(visitor: NewVisitor, path: str) -> None:
    desk = visitor()
    if path != "/":
        desk.sign_in("admin")
    desk.page.goto(path)
    desk.is_live()
    wanted = desk.page.evaluate(_REACHABLE)
    seen: list[int] = []
    for _ in range(wanted + 10):
        desk.page.keyboard.press("Tab")
        seen.append(desk.page.evaluate(_FOCUSED))
    known = {one for one in seen if one >= 0}  # what came meanwhile, as rows do, is not counted
    assert len(known) >= wanted * 0.95
    assert max(seen.count(one) for one in known) <= 3, "the focus stays somewhere"


_REACHABLE = """() => {
  const all = [...document.querySelectorAll(
    "a[href], button:not(:disabled), input, select, textarea, summary, [tabindex='0']")];
  window.reachable = all.filter((one) => one.checkVisibility({visibilityProperty: true})
    && one.tabIndex >= 0);
  return window.reachable.length;
}"""
_FOCUSED = "() => window.reachable.indexOf(document.activeElement)"


def test_nothing_is_missing_after_the_gateway_died(visitor: NewVisitor) -> None:
    desk, sender = visitor(), visitor()
    desk.sign_in("agent")
    desk.is_live()
    desk.stays()
    before = parked("끊기 전")
    sender.complain(before, **CHEONGUN)
    expect(desk.page.locator(".rows").get_by_text(before)).to_be_visible()
    desk.page.evaluate(_NOTE_PHASES)
    os.kill(desk.hub.role_pid("gateway"), signal.SIGKILL)
    meanwhile = [parked(f"끊긴 동안 {n}") for n in range(5)]
    for text in meanwhile:
        sender.complain(text, **CHEONGUN)
    for text in meanwhile:
        expect(desk.page.locator(".rows").get_by_text(text)).to_have_count(1)
    desk.is_live()
    assert desk.has_stayed()
    assert "live waiting" in desk.page.evaluate("window.phases"), "the page did not say so"


_NOTE_PHASES = """() => {
  window.phases = [];
  const badge = document.querySelector(".live");
  new MutationObserver(() => window.phases.push(badge.className))
    .observe(badge, {attributes: true});
}"""


def test_what_was_begun_is_found_again(visitor: NewVisitor) -> None:
    desk, sender = visitor(), visitor()
    desk.sign_in("agent")
    desk.is_live()
    one, other = parked("초안 하나"), parked("초안 둘")
    sender.complain(one, **CHEONGUN)
    sender.complain(other, **CHEONGUN)
    page = opened(desk, one)
    page.get_by_label("보낸 사람에게 답변").fill("쓰다 만 답변")
    opened(desk, other)
    expect(page.get_by_label("보낸 사람에게 답변")).to_have_value("")
    opened(desk, one)
    expect(page.get_by_label("보낸 사람에게 답변")).to_have_value("쓰다 만 답변")
    page.get_by_label("보낸 사람에게 답변").fill("")


def test_a_citizen_adds_words_and_withdraws(visitor: NewVisitor) -> None:
    phone, desk = visitor(phone=True), visitor()
    desk.sign_in("agent")
    desk.is_live()
    text = parked("취하")
    phone.page.goto(phone.complain(text, **CHEONGUN))
    page = phone.page
    page.get_by_label("내용 추가").fill("차량이 두 대 더 왔습니다.")
    page.get_by_role("button", name="보내기").click()
    expect(page.locator(".message.mine")).to_contain_text("두 대 더")
    expect(opened(desk, text).locator(".message.addition")).to_contain_text("두 대 더")
    page.get_by_role("button", name="취하하기").click()
    page.get_by_role("dialog").get_by_role("button", name="취하하기").click()
    expect(page.get_by_role("heading", name="민원이 취하되었습니다")).to_be_visible()
    expect(desk.page.get_by_role("article").locator(".chip.state-withdrawn")).to_be_visible()


def test_the_device_knows_where_it_is(visitor: NewVisitor) -> None:
    page = visitor(phone=True).page
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": CHEONGUN["lat"], "longitude": CHEONGUN["lon"]})
    page.goto("/")
    page.get_by_role("button", name="내 위치").click()
    expect(page.locator(".place-line")).to_contain_text("종로구")
    page.context.clear_permissions()
    page.get_by_role("button", name="위치 지우기").click()
    page.get_by_role("button", name="내 위치").click()
    expect(page.get_by_text("위치를 알 수 없습니다.")).to_be_visible()


def test_what_goes_wrong_is_said(visitor: NewVisitor) -> None:
    phone = visitor(phone=True)
    page = phone.page
    page.goto("/c/AAAAA-AAAAA#not-a-secret")
    expect(page.get_by_text("이 링크로는 열 수 없습니다")).to_be_visible()
    page.goto("/")
    phone.is_live()
    page.get_by_role("button", name="보내기").click()
    expect(page.get_by_text("내용을 적어 주세요.")).to_be_visible()
    page.get_by_label("무슨 일인가요?").fill("가로등이 꺼졌습니다.")
    page.wait_for_load_state("networkidle")  # a map cut off while it loads says so elsewhere
    page.context.set_offline(True)
    page.get_by_role("button", name="보내기").click()
    expect(page.get_by_text("서버에 연결할 수 없습니다", exact=False)).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="보내기").click()
    expect(page.get_by_role("heading", name="접수되었습니다")).to_be_visible()


def test_a_session_that_ends_leaves_the_page_at_once(visitor: NewVisitor) -> None:
    here, elsewhere = visitor(), visitor(phone=True)
    here.sign_in("supervisor")
    here.is_live()
    elsewhere.sign_in("supervisor")
    page = elsewhere.page
    page.get_by_title("supervisor: 비밀번호 바꾸기").click()
    page.get_by_label("지금 비밀번호").fill(PASSWORD + "?")
    page.get_by_label("새 비밀번호", exact=True).fill(PASSWORD + "!")
    page.get_by_label("새 비밀번호 다시").fill(PASSWORD + "!")
    page.get_by_role("button", name="비밀번호 바꾸기").click()
    expect(page.get_by_text("지금 비밀번호가 맞지 않습니다.")).to_be_visible()
    page.get_by_label("지금 비밀번호").fill(PASSWORD)
    page.get_by_role("button", name="비밀번호 바꾸기").click()
    expect(page.get_by_text("비밀번호를 바꿨습니다.")).to_be_visible()
    expect(page).to_have_url(re.compile("/staff$"))
    expect(here.page.get_by_text("로그아웃되었습니다")).to_be_visible()  # all other sessions ended
    elsewhere.change_password(PASSWORD + "!", PASSWORD)


def test_who_may_not_sees_nothing(visitor: NewVisitor) -> None:
    desk = visitor()
    desk.sign_in("agent")
    page = desk.page
    page.goto("/staff/broadcasts")
    expect(page.get_by_text("이 화면을 볼 권한이 없습니다.")).to_be_visible()
    page.goto("/staff/accounts")
    expect(page.get_by_text("이 화면을 볼 권한이 없습니다.")).to_be_visible()
    page.goto("/staff")
    expect(page.get_by_role("link", name=re.compile("재난 방송"))).to_have_count(0)


def test_the_44_accounts_are_listed(visitor: NewVisitor) -> None:
    desk = visitor(language="en-GB")
    desk.sign_in("analyst")
    desk.page.goto("/staff/accounts")
    expect(desk.page.get_by_role("button", name="All 44")).to_be_visible()
    expect(desk.page.locator("tbody tr")).to_have_count(44)
