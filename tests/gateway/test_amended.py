"""What an author changes or deletes on a platform changes on every page that shows it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from hub.flow.receive import receive
from hub.model.items import Batch, Inbound
from tests.gateway.conftest import Window
from tests.live import LiveClient

MAPO, JONGNO = "11440", "11110"


def post(key: str, text: str, **more: object) -> Batch:
    inbound = Inbound("post", "blog", key, text, datetime.now(UTC), **more)  # type: ignore[arg-type]
    return Batch((inbound,))


def holds(client: LiveClient, topic: str, case: int) -> bool:
    return ("case", case) in client.states[topic].records


async def test_a_post_that_moves_leaves_the_district_it_was_in(window: Window) -> None:
    key = secrets.token_hex(8)
    [received] = await receive(window.ground, post(key, "마포구 골목 가로등이 꺼져 깜깜합니다"))
    [case] = await window._through([received.item_id])
    admin = await window.staff(("admin", None))
    topics = [f"area:{MAPO}", f"public:area:{MAPO}", f"area:{JONGNO}", f"public:area:{JONGNO}"]
    async with LiveClient(window.url, topics, token=admin.token) as client:
        await window.same(client)
        assert [holds(client, topic, case) for topic in topics] == [
            True,
            True,
            False,
            False,
        ]
        words = "종로구 골목 가로등이 꺼져 깜깜합니다"
        await receive(window.ground, post(key, words, op="edit"))
        await window._through([received.item_id])
        await window.same(client)
        assert [holds(client, topic, case) for topic in topics] == [
            False,
            False,
            True,
            True,
        ]


async def test_a_post_deleted_on_its_platform_is_empty_on_open_pages(window: Window) -> None:
    key = secrets.token_hex(8)
    [received] = await receive(window.ground, post(key, "마포구 골목 가로등이 꺼져 깜깜합니다"))
    [case] = await window._through([received.item_id])
    admin = await window.staff(("admin", None))
    topic = f"area:{MAPO}"
    async with LiveClient(window.url, [topic], token=admin.token) as client:
        await window.same(client)
        before = client.states[topic].records["case", case]
        await receive(window.ground, post(key, "", op="delete"))
        await window.same(client)
        after = client.states[topic].records["case", case]
    assert "깜깜" in str(before)
    assert "깜깜" not in str(after)
    state = await window.ground.db.fetchval("SELECT state FROM work_case WHERE id = $1", case)
    assert state in ("queued", "triage")  # the work is there still: somebody may see to it
