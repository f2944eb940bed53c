"""Two people, one text: nobody approves what they wrote, and nothing else than what was approved
goes out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from hub.flow import broadcast
from hub.flow.city import CityNow
from hub.flow.ground import Ground
from hub.gateway.feed import Feed, changes, topics_of
from hub.gateway.snapshots import snapshot
from hub.gateway.topics import Topic
from hub.model.broadcasts import BroadcastRecord, Content
from hub.model.errors import BadInput, BigEarError, Conflict, Forbidden
from hub.model.people import Principal
from hub.rules.alerts import SUBMITTED_FOR
from hub.store import broadcasts

Staff = Callable[..., Awaitable[Principal]]
Stamp = Callable[[], Awaitable[int]]

CONTENT = Content(
    "urgent",
    {"ko": "한강 수위 상승", "en": "The Han is rising"},
    {"ko": "둔치에서 나오세요.", "en": "Leave the riverside."},
    ("11140",),
    60,
)


@pytest.fixture
async def writer(staff: Staff) -> Principal:
    return await staff("writer", ("broadcaster", None))


@pytest.fixture
async def approver(staff: Staff) -> Principal:
    return await staff("approver", ("approver", None))


async def now(ground: Ground, broadcast_id: int) -> BroadcastRecord:
    async with ground.db.acquire() as connection:
        [record] = await broadcasts.records(connection, [broadcast_id])
    return record


async def move(
    ground: Ground, who: Principal, broadcast_id: int, target: str, **more: Any
) -> BroadcastRecord:
    """Move it as somebody who has its newest version before their eyes."""
    seen = await now(ground, broadcast_id)
    await broadcast.move(ground, who, broadcast_id, seen.version, target, seen.content_hash, **more)
    return await now(ground, broadcast_id)


@pytest.fixture
async def submitted(ground: Ground, city: CityNow, writer: Principal) -> int:
    broadcast_id = await broadcast.draft(ground, city, writer, CONTENT)
    await move(ground, writer, broadcast_id, "submitted")
    return broadcast_id


async def carry_on(ground: Ground) -> None:
    """What the lane does until nothing is due."""
    while True:
        async with ground.db.acquire() as connection:
            due = await broadcasts.due(connection, SUBMITTED_FOR)
        if not any([await broadcast.carry_on(ground, one) for one in due]):
            return


async def test_a_second_person_approves_and_exactly_that_goes_out(
    ground: Ground, submitted: int, approver: Principal, stamp_all: Stamp
) -> None:
    await stamp_all()
    feed = Feed(ground.db)
    await feed.start()
    await carry_on(ground)
    assert (await now(ground, submitted)).state == "submitted"
    await move(ground, approver, submitted, "approved")
    await carry_on(ground)
    done = await now(ground, submitted)
    assert done.state == "done" and done.approved_at is not None and done.expires_at is not None
    assert (done.expires_at - done.approved_at).total_seconds() == 3_600
    await stamp_all()
    loaded = await feed.next()
    assert loaded is not None
    topic = Topic("alerts", "")
    told = changes(topic, topics_of(loaded)[topic], loaded, None)
    alert = told[-1].alert
    assert alert is not None and alert.live
    assert (alert.headline, alert.text) == (CONTENT.headline, CONTENT.text)


async def test_who_wrote_or_edited_it_never_approves_it(
    ground: Ground, city: CityNow, staff: Staff, writer: Principal
) -> None:
    both = await staff("both", ("broadcaster", None), ("approver", None))
    editor = await staff("editor", ("broadcaster", None), ("approver", None))
    other = await staff("other", ("broadcaster", None), ("approver", None))
    broadcast_id = await broadcast.draft(ground, city, both, CONTENT)
    edited = replace(CONTENT, expires_in_min=90)
    version = (await now(ground, broadcast_id)).version
    await broadcast.edit(ground, city, editor, broadcast_id, version, edited)
    await move(ground, writer, broadcast_id, "submitted")
    for who in (both, editor):
        with pytest.raises(Forbidden, match=r"move\.needs_other_person"):
            await move(ground, who, broadcast_id, "approved")
    with pytest.raises(Forbidden, match=r"permission\.denied"):
        await move(ground, writer, broadcast_id, "approved")  # submitted it, and is no approver
    assert (await move(ground, other, broadcast_id, "approved")).approved_by == other.user_id


async def test_its_writers_take_back_what_is_submitted_and_mend_it(
    ground: Ground, city: CityNow, writer: Principal, approver: Principal, submitted: int
) -> None:
    with pytest.raises(Forbidden, match=r"permission\.denied"):
        await move(ground, approver, submitted, "draft")
    seen = await now(ground, submitted)
    back = await move(ground, writer, submitted, "draft")
    assert (back.state, back.submitted_by, back.submitted_at) == ("draft", None, None)
    with pytest.raises(Conflict, match=r"broadcast\.version"):  # what was shown is no longer there
        await broadcast.move(
            ground, approver, submitted, seen.version, "approved", seen.content_hash
        )
    mended = replace(CONTENT, expires_in_min=90)
    await broadcast.edit(ground, city, writer, submitted, back.version, mended)
    await move(ground, writer, submitted, "submitted")
    await move(ground, approver, submitted, "approved")
    with pytest.raises(Conflict, match=r"move\.not_allowed"):
        await move(ground, writer, submitted, "draft")


async def test_once_submitted_it_is_edited_only_after_it_was_returned(
    ground: Ground, city: CityNow, submitted: int, writer: Principal, approver: Principal
) -> None:
    before = await now(ground, submitted)
    changed = replace(CONTENT, severity="critical")
    with pytest.raises(Conflict, match=r"broadcast\.not_editable"):
        await broadcast.edit(ground, city, writer, submitted, before.version, changed)
    assert await now(ground, submitted) == before
    with pytest.raises(BadInput, match=r"move\.needs_reason"):
        await move(ground, approver, submitted, "returned")
    returned = await move(ground, approver, submitted, "returned", reason="급을 올리세요")
    assert returned.state == "returned"
    await broadcast.edit(ground, city, writer, submitted, returned.version, changed)
    with pytest.raises(Conflict, match=r"move\.not_allowed"):
        await move(ground, approver, submitted, "approved")  # it must be submitted again
    await move(ground, writer, submitted, "submitted")
    assert (await move(ground, approver, submitted, "approved")).content == changed


async def test_an_approval_is_of_what_was_read_and_of_nothing_else(
    ground: Ground, city: CityNow, submitted: int, writer: Principal, approver: Principal
) -> None:
    read = await now(ground, submitted)
    await move(ground, approver, submitted, "returned", reason="다시")
    returned = await now(ground, submitted)
    sneaky = replace(CONTENT, text={"ko": "집에 계세요.", "en": "Stay at home."})
    await broadcast.edit(ground, city, writer, submitted, returned.version, sneaky)
    again = await move(ground, writer, submitted, "submitted")
    with pytest.raises(Conflict, match=r"broadcast\.version"):
        await broadcast.move(
            ground, approver, submitted, read.version, "approved", read.content_hash
        )
    with pytest.raises(Conflict, match=r"move\.changed_content"):
        await broadcast.move(
            ground, approver, submitted, again.version, "approved", read.content_hash
        )
    assert (await now(ground, submitted)).state == "submitted"


async def test_what_was_changed_behind_an_approval_is_not_sent(
    ground: Ground, submitted: int, approver: Principal
) -> None:
    await move(ground, approver, submitted, "approved")
    await ground.db.execute("""UPDATE broadcast SET text = '{"ko": "x", "en": "x"}'""")
    with pytest.raises(Conflict, match=r"move\.changed_content"):
        await broadcast.carry_on(ground, submitted)
    assert (await now(ground, submitted)).sent_at is None


async def test_a_cancelled_one_comes_down_at_once(
    ground: Ground, submitted: int, approver: Principal, writer: Principal, stamp_all: Stamp
) -> None:
    await move(ground, approver, submitted, "approved")
    await carry_on(ground)
    await stamp_all()
    feed = Feed(ground.db)
    await feed.start()
    with pytest.raises(BadInput, match=r"move\.needs_reason"):
        await move(ground, writer, submitted, "cancelled")
    await move(ground, writer, submitted, "cancelled", reason="물이 빠졌습니다")
    await stamp_all()
    loaded = await feed.next()
    assert loaded is not None
    topic = Topic("alerts", "")
    [told] = changes(topic, topics_of(loaded)[topic], loaded, None)
    assert told.alert is not None and not told.alert.live
    shown = await snapshot(ground.db, 1, topic, None)
    assert not shown.alerts


async def test_one_that_was_never_out_is_cancelled_without_a_word(
    ground: Ground, city: CityNow, writer: Principal, stamp_all: Stamp
) -> None:
    feed = Feed(ground.db)
    await feed.start()
    broadcast_id = await broadcast.draft(ground, city, writer, CONTENT)
    await move(ground, writer, broadcast_id, "cancelled")
    await stamp_all()
    loaded = await feed.next()
    assert loaded is not None
    topic = Topic("alerts", "")
    assert changes(topic, topics_of(loaded)[topic], loaded, None) == []


async def test_it_expires_by_itself_and_so_does_what_nobody_decides(
    ground: Ground, city: CityNow, submitted: int, approver: Principal, writer: Principal
) -> None:
    await move(ground, approver, submitted, "approved")
    waiting = await broadcast.draft(ground, city, writer, CONTENT)
    await move(ground, writer, waiting, "submitted")
    await carry_on(ground)
    assert not await broadcast.carry_on(ground, submitted)
    assert not await broadcast.carry_on(ground, waiting)  # not yet: it was submitted just now
    await ground.db.execute("UPDATE broadcast SET expires_at = now() WHERE id = $1", submitted)
    await ground.db.execute(
        "UPDATE broadcast SET submitted_at = now() - interval '8 days' WHERE id = $1", waiting
    )
    await carry_on(ground)
    assert {(await now(ground, one)).state for one in (submitted, waiting)} == {"expired"}


async def test_what_could_not_go_out_while_it_was_valid_never_goes_out(
    ground: Ground, submitted: int, approver: Principal, stamp_all: Stamp
) -> None:
    await move(ground, approver, submitted, "approved")
    await ground.db.execute("UPDATE broadcast SET approved_at = now() - interval '60 minutes'")
    await stamp_all()
    feed = Feed(ground.db)
    await feed.start()
    await carry_on(ground)
    over = await now(ground, submitted)
    assert (over.state, over.sent_at, over.expires_at) == ("expired", None, None)
    await stamp_all()
    loaded = await feed.next()
    assert loaded is not None
    topics = topics_of(loaded)
    for code, shown in (("alerts", 0), ("broadcasts", 1)):  # its writers are told, nobody else
        topic = Topic(code, "")
        told = changes(topic, topics[topic], loaded, None) if topic in topics else []
        assert len(told) == shown


async def test_what_goes_out_late_ends_when_it_would_have_ended(
    ground: Ground, submitted: int, approver: Principal
) -> None:
    await move(ground, approver, submitted, "approved")
    await ground.db.execute("UPDATE broadcast SET approved_at = now() - interval '59 minutes'")
    await carry_on(ground)
    late = await now(ground, submitted)
    assert late.state == "done" and late.approved_at and late.expires_at and late.sent_at
    assert (late.expires_at - late.approved_at).total_seconds() == 3_600
    assert (late.expires_at - late.sent_at).total_seconds() <= 60


async def test_of_two_lanes_each_step_is_taken_once(
    ground: Ground, submitted: int, approver: Principal
) -> None:
    await move(ground, approver, submitted, "approved")
    await asyncio.gather(*(carry_on(ground) for _ in range(4)))
    states = await ground.db.fetch(
        "SELECT data ->> 'state' AS state FROM outbox WHERE type = 'broadcast.moved' ORDER BY id"
    )
    assert [row["state"] for row in states] == ["submitted", "approved", "sending", "done"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"severity": "loud"}, "broadcast.severity"),
        ({"headline": {"ko": "한국어만"}}, "broadcast.language"),
        ({"text": {"ko": " ", "en": "x"}}, "text.empty"),
        ({"headline": {"ko": "가" * 61, "en": "x"}}, "text.too_long"),
        ({"expires_in_min": 1}, "broadcast.expiry"),
        ({"expires_in_min": 8 * 24 * 60}, "broadcast.expiry"),
        ({"areas": ("11140", "99999")}, "area.unknown"),
        ({"areas": ("11110-01",)}, "area.unknown"),  # a dong
    ],
)
async def test_what_may_not_be_sent_is_not_even_kept(
    change: dict[str, Any], code: str, ground: Ground, city: CityNow, writer: Principal
) -> None:
    with pytest.raises(BigEarError) as refused:
        await broadcast.draft(ground, city, writer, replace(CONTENT, **change))
    assert refused.value.code == code
    assert await ground.db.fetchval("SELECT count(*) FROM broadcast") == 0


async def test_only_writers_write(
    ground: Ground, city: CityNow, approver: Principal, staff: Staff
) -> None:
    for who in (approver, await staff("admin", ("admin", None), ("supervisor", None))):
        with pytest.raises(Forbidden):
            await broadcast.draft(ground, city, who, CONTENT)
