"""Whether everybody can use the pages: axe-core on every page as it is drawn, light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from hub.cli.pages import PagesFailed, install
from tests.browser.conftest import NewVisitor
from tests.browser.hub import CLONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WEB = CLONE / "dashboard" / "web"


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker's source; it comes with what the pages are checked with."""
    try:
        install(WEB, to_check=True)
    except PagesFailed as failed:
        pytest.skip(f"axe-core cannot be installed: {failed.details['reason']}")
    return (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong, rule by rule with where it is. It is the page's guest, by the
    debugger's door: the page's own policy would not let it in."""
    page.locator("h1").first.wait_for(state="attached")  # parts of the pages come when asked for
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_open_to_everybody(
    visitor: NewVisitor, axe: str, *, phone: bool, dark: bool
) -> None:
    one = visitor(phone=phone, dark=dark)
    page, wrong = one.page, {}
    # Of what, nobody can tell: so it waits in triage, which is looked at below.
    link = one.complain(f"고장 났어요. 종로구 청운동입니다. {phone} {dark}")
    for path in ("/", link, "/staff", "/no/such/page"):
        page.goto(path)
        one.is_live()
        wrong[path] = violations(page, axe)
    one.sign_in("admin")
    for path in ("/staff", "/staff/broadcasts", "/staff/accounts"):
        page.goto(path)
        one.is_live()
        wrong[path] = violations(page, axe)
    page.goto("/staff?queue=triage")
    page.locator(".row button").first.click()
    page.get_by_role("article").wait_for()
    wrong["one case"] = violations(page, axe)
    for key in ("l", "g", "x", "?"):
        page.keyboard.press(key)
        page.get_by_role("dialog").wait_for()
        wrong[f"dialog {key}"] = violations(page, axe)
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
    assert {where: what for where, what in wrong.items() if what} == {}
