"""Chromium on the pages of a real hub. Where there is no Chromium these tests are skipped."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.hub import RunningHub, for_many, running_hub
from tests.browser.visitors import Visitor
from tests.conftest import with_database

WAITS_MS = 30_000

NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("Chromium is not installed (as root: apt-get install chromium fonts-noto-cjk)")
    return found


@contextmanager
def own_database(server_url: str, template: str, name: str) -> Iterator[str]:
    """URL of a migrated database that nobody else uses; it goes in the end."""
    asyncio.run(_on_server(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    try:
        yield with_database(server_url, name)
    finally:
        asyncio.run(_on_server(server_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def hub(
    chromium: str,
    servers: dict[str, str],
    pg_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningHub]:
    """One hub for all of these tests, on a database of its own, with the samples that play in it."""
    home, rules = tmp_path_factory.mktemp("hub"), tmp_path_factory.mktemp("rules") / "config"
    with (
        own_database(servers["database"], pg_template, f"browser_{os.getpid()}") as url,
        running_hub(home, url, servers["redis"], config=for_many(rules)) as one,
    ):
        yield one


@contextmanager
def launched(chromium: str) -> Iterator[Browser]:
    """A browser. While Playwright runs, nothing else may run a loop in this thread."""
    expect.set_options(timeout=WAITS_MS)
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
                *("--disable-background-networking", "--disable-component-update"),
            ],
        )
        yield one
        one.close()


@pytest.fixture(scope="module")
def browser(chromium: str, hub: RunningHub) -> Iterator[Browser]:
    """A browser a module."""
    with launched(chromium) as one:
        yield one


@contextmanager
def visitors(hub: RunningHub, browser: Browser) -> Iterator[NewVisitor]:
    """Makes visitors, each with a browser profile of their own; in the end asks what they met."""
    made: list[Visitor] = []

    def make(*, phone: bool = False, language: str = "ko-KR", dark: bool = False) -> Visitor:
        context = browser.new_context(
            base_url=hub.url,
            locale=language,
            timezone_id="Asia/Seoul",
            reduced_motion="reduce",
            color_scheme="dark" if dark else "light",
            viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
            is_mobile=phone,
            has_touch=phone,
        )
        context.set_default_timeout(WAITS_MS)
        one = Visitor(hub, context.new_page())
        made.append(one)
        return one

    yield make
    for one in made:
        one.page.context.close()
    for one in made:
        assert one.strangers() == [], "the page asked somebody other than the hub"
        assert one.faults == []


@pytest.fixture
def visitor(hub: RunningHub, browser: Browser) -> Iterator[NewVisitor]:
    """Makes visitors to the hub of all tests."""
    with visitors(hub, browser) as make:
        yield make


async def _on_server(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture as a phone takes it."""
    from PIL import Image

    file = tmp_path / "photo.jpg"
    Image.effect_mandelbrot((1200, 900), (-2.2, -1.2, 0.8, 1.2), 40).save(file, quality=90)
    return file
