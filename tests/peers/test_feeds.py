"""Feeds that feedgen writes and nginx serves: nobody here wrote either."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from feedgen.feed import FeedGenerator

from hub.flow import accounts
from tests.connectors.conftest import Supervised, door, eventually, feed, hub, outside, quick, stand
from tests.docs.conftest import free_port
from tests.peers.conftest import nginx

__all__ = ["door", "feed", "hub", "outside", "quick", "stand"]

pytestmark = pytest.mark.peers

CODE = "rss_city_blog"
START = datetime(2026, 5, 1, tzinfo=UTC)
SERVER = """
server {{
    listen 127.0.0.1:{port};
    root {root};
    location = /old.xml {{ return 301 /feed.xml; }}
}}
"""


@pytest.fixture
def site(nginx_program: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server's address, and the folder that it serves."""
    root = tmp_path / "www"
    root.mkdir()
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # its workers are nobody
    port = free_port()
    with nginx(nginx_program, tmp_path, SERVER.format(port=port, root=root), port):
        yield f"http://127.0.0.1:{port}", root


def write(path: Path, texts: dict[str, str], form: str) -> None:
    """Publish a feed, as a site generator does: whole, at once, under the same name."""
    generator = FeedGenerator()
    generator.id("https://blog.example.org/")
    generator.title("도시 블로그")
    generator.link(href="https://blog.example.org/")
    generator.description("새 소식")
    for number, (key, text) in enumerate(texts.items()):
        entry = generator.add_entry(order="prepend")
        entry.id(f"https://blog.example.org/{key}")
        entry.link(href=f"https://blog.example.org/{key}")
        entry.title(text)
        entry.content(f"<p>{text}</p>", type="html")
        entry.author({"name": "김서울"})
        when = START + timedelta(hours=number)
        entry.published(when)
        entry.updated(when)
    fresh = path.with_suffix(".new")
    (generator.rss_file if form == "rss" else generator.atom_file)(str(fresh))
    fresh.replace(path)


@pytest.mark.parametrize("form", ["rss", "atom"])
async def test_a_generated_feed_from_a_real_server(
    hub: Supervised, site: tuple[str, Path], form: str
) -> None:
    url, root = site
    texts = {"1": "제설 구간 안내", "2": "Bus routes change on Monday"}
    write(root / "feed.xml", texts, form)
    settings = {"url": f"{url}/old.xml", "interval_s": "0.05"}
    await accounts.enable(hub.stand.ground, CODE, settings, None)
    async with hub.running():
        await hub.until_health(CODE, "connected")
        await asyncio.sleep(0.3)
        cursor = await hub.cursor(CODE)
        assert cursor is not None
        assert cursor["etag"].startswith('"')  # nginx's own
        before = (await hub.state(CODE)).last_ok_at  # type: ignore[union-attr]
        texts = {"0": "늦게 올라온 글", **texts, "2": "Bus routes change on Tuesday"}
        write(root / "feed.xml", texts, form)

        async def all_came() -> bool:
            return len(await hub.texts()) == 3

        await eventually(all_came)
        after = (await hub.state(CODE)).last_ok_at  # type: ignore[union-attr]
    assert before is not None
    assert after is not None
    assert after > before
    stored = [text.split("\n")[0] for text in await hub.texts()]
    assert stored == ["제설 구간 안내", "Bus routes change on Tuesday", "늦게 올라온 글"]
    rows = await hub.fetch("SELECT author_name, url FROM item_text ORDER BY item_id")
    assert rows[0]["url"] == "https://blog.example.org/1"


async def test_a_missing_and_a_forbidden_feed(hub: Supervised, site: tuple[str, Path]) -> None:
    url, root = site
    settings = {"url": f"{url}/none.xml", "interval_s": "0.05"}
    await accounts.enable(hub.stand.ground, CODE, settings, None)
    async with hub.running():
        state = await hub.until_health(CODE, "unknown_error")
        assert state.error_code == "http.404"
        (root / "none.xml").mkdir()  # a folder without an index: 301 to itself with /, then 403

        async def kept_out() -> bool:
            state = await hub.state(CODE)
            return state is not None and state.error_code == "connector.forbidden"

        await eventually(kept_out)
