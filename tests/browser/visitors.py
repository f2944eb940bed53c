"""People in front of a browser: what they do often, and what their browser met meanwhile."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, expect

from tests.browser.hub import PASSWORD, RunningHub

# What the page's policy forbids is told to the page, and so reaches the console.
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""

# A refusal that the page shows in words is logged by the browser as well.
_EXPECTED = ("Failed to load resource", "WebSocket connection to", "net::ERR_")


class Visitor:
    """One browser profile with one page."""

    def __init__(self, hub: RunningHub, page: Page) -> None:
        self.hub = hub
        self.page = page
        self.faults: list[str] = []
        self.asked: list[str] = []
        page.add_init_script(_TELL_VIOLATIONS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.context.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED):
            self.faults.append(message.text)

    def strangers(self) -> list[str]:
        """Addresses that were asked and are not the hub's own."""
        own = (f"{self.hub.url}/", self.hub.live_url, "blob:", "data:")
        return [url for url in self.asked if not url.startswith(own)]

    def _enter(self, login: str, password: str) -> dict[str, Any]:
        """The hub's answer; too many tries of one login are waited out, as a person would."""
        while True:
            answer = self.call("POST", "/session", {"login": login, "password": password})
            if answer["status"] != 429:
                return answer
            time.sleep(answer["body"]["error"]["retry_after_s"])

    def sign_in(self, login: str) -> None:
        """Sign in and go to the staff's first page; the first time, with a new password."""
        self.call("DELETE", "/session", None)
        known = self._enter(login, PASSWORD)
        if known["status"] != 200:
            first = self.hub.first_passwords[login]
            entered = self._enter(login, first)
            assert entered["status"] == 200, entered
            changed = self.call(
                "POST", "/password", {"old": first, "new": PASSWORD}, entered["body"]["csrf"]
            )
            assert changed["status"] == 204, changed
        self.page.goto("/staff")

    def change_password(self, old: str, new: str) -> None:
        """Change one's own password; all other sessions of the same person end."""
        csrf = self.call("GET", "/session", None)["body"]["csrf"]
        changed = self.call("POST", "/password", {"old": old, "new": new}, csrf)
        assert changed["status"] == 204, changed

    def call(self, method: str, path: str, body: Any, csrf: str = "") -> dict[str, Any]:
        """Ask the API in this browser's session: ``status`` and ``body``."""
        answer = self.page.context.request.fetch(
            f"/api/v1{path}",
            method=method,
            data=body,
            headers={"Origin": self.hub.url, "X-CSRF-Token": csrf},
        )
        text = answer.text()
        return {"status": answer.status, "body": answer.json() if text else None}

    def complain(self, text: str, **more: Any) -> str:
        """Send a complaint without the form; its private link's path."""
        made = self.call("POST", "/complaints", {"text": text, **more})
        assert made["status"] == 201, made
        url: str = made["body"]["url"]
        return url

    def stays(self) -> None:
        """Leave a mark in the page that loading it anew would wipe out."""
        self.page.evaluate("document.body.dataset.stayed = 'yes'")

    def has_stayed(self) -> bool:
        """Whether the page has not been loaded anew since ``stays``."""
        return bool(self.page.evaluate("document.body.dataset.stayed === 'yes'"))

    def is_live(self) -> None:
        """Wait until what the page shows is live."""
        expect(self.page.locator(".live.live")).to_be_visible()
