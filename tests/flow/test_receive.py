"""Nothing that was accepted is lost, nothing is stored twice, and a cursor never runs ahead."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

import classifiers
from hub.flow import converse
from hub.flow.city import CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.ground import Ground
from hub.flow.receive import receive, secret_digest
from hub.model.errors import BadInput, Conflict
from hub.model.items import (
    MAX_TEXT_CHARS,
    Account,
    Anomalous,
    Author,
    Batch,
    Contact,
    Inbound,
    Operation,
    Point,
)
from hub.store import log, pipeline, soundness
from tests.flow.case_records import of_item, tell

Work = Callable[[], Awaitable[None]]

ACCOUNT = Account("blog_city", "rss", "City blog")


def post(external_id: str, text: str = "가로등이 꺼졌어요", **more: object) -> Inbound:
    inbound = Inbound(
        kind="post",
        platform="rss",
        external_id=external_id,
        text=text,
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        author=Author("a1", "Kim"),
        account=ACCOUNT.code,
    )
    return replace(inbound, **more)  # type: ignore[arg-type]


def taken_apart(text: str) -> str:
    """As macOS writes it."""
    return unicodedata.normalize("NFD", text)


async def test_a_batch_is_stored_once_with_its_cursor(ground: Ground) -> None:
    batch = Batch((post("1"), post("2"), post("2")), {"seen": ["1", "2"]})
    first = await receive(ground, batch, account=ACCOUNT)
    again = await receive(ground, batch, account=ACCOUNT)
    assert [r.new for r in first] == [True, True, False]
    assert [r.new for r in again] == [False, False, False]
    assert [r.item_id for r in again] == [first[0].item_id, first[1].item_id, first[1].item_id]
    assert await ground.db.fetchval("SELECT count(*) FROM item") == 2
    assert await ground.db.fetchval("SELECT count(*) FROM outbox") == 2
    cursor = await ground.db.fetchval(
        "SELECT cursor FROM account_state WHERE account = 'blog_city'"
    )
    assert cursor == {"seen": ["1", "2"]}


async def test_a_refused_batch_moves_nothing(ground: Ground) -> None:
    bad = post("2", kind="no such kind")
    with pytest.raises(asyncpg.CheckViolationError):
        await receive(ground, Batch((post("1"), bad), {"seen": ["1"]}), account=ACCOUNT)
    for table in ("item", "item_key", "item_text", "outbox", "account_state"):
        assert await ground.db.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_writers_of_the_same_keys_at_once_store_each_once(ground: Ground) -> None:
    batch = Batch(tuple(post(str(n)) for n in range(40)))
    results = await asyncio.gather(*(receive(ground, batch) for _ in range(8)))
    assert await ground.db.fetchval("SELECT count(*) FROM item") == 40
    assert await ground.db.fetchval("SELECT count(*) FROM outbox") == 40
    assert sum(r.new for result in results for r in result) == 40
    assert len({r.item_id for result in results for r in result}) == 40


async def test_one_post_that_reaches_two_accounts_is_one_item(ground: Ground) -> None:
    await receive(ground, Batch((post("1"),)))
    await receive(ground, Batch((post("1", account="blog_mayor"),)))
    accounts = await ground.db.fetch("SELECT account FROM item_account ORDER BY account")
    assert [row["account"] for row in accounts] == ["blog_city", "blog_mayor"]
    assert await ground.db.fetchval("SELECT count(*) FROM item") == 1


async def test_edits_and_deletes_of_the_platform_are_honoured(ground: Ground) -> None:
    await receive(ground, Batch((post("1"),)))
    await ground.db.execute("UPDATE item SET stage = 'routed'")
    await receive(ground, Batch((post("1", "보안등도 꺼졌어요", op="edit"),)))
    row = await ground.db.fetchrow(
        "SELECT text, stage, version FROM item JOIN item_text ON item_id = id"
    )
    assert row is not None and tuple(row) == ("보안등도 꺼졌어요", "received", 2)
    [text] = await ground.db.fetch("SELECT item_id AS id, text FROM item_text")
    [labels] = classifiers.load().label([text["text"]])
    assert labels.reasons
    async with ground.db.acquire() as connection:
        await pipeline.save_labels(connection, [(text["id"], labels)])
    await receive(ground, Batch((post("1", "", op="delete"),)))
    await receive(ground, Batch((post("1", "", op="delete"),)))
    assert await ground.db.fetchval("SELECT places || reasons FROM item_label") == []
    row = await ground.db.fetchrow(
        "SELECT text, author_name, deleted_at IS NULL FROM item JOIN item_text ON item_id = id"
    )
    assert row is not None and tuple(row) == ("", None, False)
    types = await ground.db.fetch("SELECT type FROM outbox ORDER BY id")
    assert [r["type"] for r in types] == ["item.received", "item.changed", "item.deleted"]


async def test_too_long_a_text_is_cut_and_marked_so_in_an_edit_too(ground: Ground) -> None:
    long = "가" * (MAX_TEXT_CHARS + 1)
    for text, op, version in ((long, "create", 1), (long, "edit", 1), (f"나{long}", "edit", 2)):
        await receive(ground, Batch((post("1", text, op=op),)))
        row = await ground.db.fetchrow("SELECT version, text FROM item, item_text")
        assert row is not None
        assert tuple(row) == (version, text[: MAX_TEXT_CHARS - 1] + "…")


@pytest.mark.parametrize(
    ("ops", "facts", "text"),
    [
        (("edit", "create"), ["item.received"], "create"),
        (("edit", "create", "create"), ["item.received"], "create"),
        (("delete", "create"), ["item.received"], "create"),
        (("create", "edit", "create"), ["item.received", "item.changed"], "edit"),
        (("create", "delete", "create"), ["item.received", "item.deleted"], ""),
    ],
)
async def test_one_batch_is_taken_as_the_same_in_many_would_be(
    ground: Ground, ops: tuple[Operation, ...], facts: list[str], text: str
) -> None:
    told = [post("1", "" if op == "delete" else op, op=op) for op in ops]
    apart = [post("2", one.text, op=one.op) for one in told]
    [*whole] = await receive(ground, Batch(tuple(told)))
    single = [(await receive(ground, Batch((one,))))[0] for one in apart]
    for received in (whole, single):
        assert [one.new for one in received] == [n == ops.index("create") for n in range(len(ops))]
        assert [one.item_id > 0 for one in received] == [
            n >= ops.index("create") for n in range(len(ops))
        ]
        [item_id] = {one.item_id for one in received} - {0}
        types = await ground.db.fetch(
            "SELECT type FROM outbox WHERE subject_id = $1 ORDER BY id", str(item_id)
        )
        assert [row["type"] for row in types] == facts
        row = await ground.db.fetchrow(
            "SELECT version, text FROM item JOIN item_text ON item_id = id WHERE id = $1", item_id
        )
        assert row is not None and tuple(row) == (len(facts), text)
    async with ground.db.acquire() as connection, connection.transaction():
        assert [entry async for entry in soundness.texts(connection) if not entry[1]] == []


async def where(ground: Ground, item_id: int) -> tuple[str | None, str | None, str | None, int]:
    """District and office of its case, the reporter's own words, and the case's version."""
    case = await of_item(ground, item_id)
    place = await ground.db.fetchval("SELECT place FROM item_text WHERE item_id = $1", item_id)
    return case.district, case.agency, place, case.version


async def test_an_edit_that_says_where_moves_the_case_and_one_that_does_not_leaves_it(
    ground: Ground, city: CityNow, work_off: Work
) -> None:
    text = "가로등이 꺼져 깜깜합니다"
    first = post("1", text, point=Point(37.5636, 126.9976), place="을지로")
    [received] = await receive(ground, Batch((first,)))
    offices = {a.district: a.code for a in city.now.book.agencies if a.district}
    jung, mapo, jongno = "11140", "11440", "11110"
    for edited, expected in (
        (post("1", text, op="edit"), (jung, offices[jung], "을지로", 1)),
        (post("1", f"{text} 빨리요", op="edit"), (jung, offices[jung], "을지로", 2)),
        (
            post("1", text, op="edit", point=Point(37.5663, 126.9019)),
            (mapo, offices[mapo], None, 3),
        ),
        (post("1", text, op="edit", place="종로구"), (jongno, offices[jongno], "종로구", 4)),
        (post("1", text, op="edit", place="종로구"), (jongno, offices[jongno], "종로구", 4)),
    ):
        await work_off()
        await receive(ground, Batch((edited,)))
        await work_off()
        assert await where(ground, received.item_id) == expected


async def test_what_is_deleted_while_an_edit_waits_stays_where_it_was(
    ground: Ground, city: CityNow, work_off: Work
) -> None:
    item_id = await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요")
    await work_off()
    before = await of_item(ground, item_id)
    assert (before.state, before.service) == ("queued", "streetlight")
    await tell(ground, "서울 중구 시청역 가로등이 또 꺼졌어요", op="edit")
    await tell(ground, "", op="delete")
    await work_off()
    after = await of_item(ground, item_id)
    for name in ("state", "agency", "rule", "service", "area", "deadline_at"):
        assert getattr(after, name) == getattr(before, name)
    assert after.version == before.version + 1


async def test_what_is_deleted_before_it_was_read_gets_no_case(
    ground: Ground, city: CityNow, work_off: Work
) -> None:
    await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요")
    await tell(ground, "", op="delete")
    await work_off()
    assert await ground.db.fetchval("SELECT count(*) FROM work_case") == 0
    assert await ground.db.fetchval("SELECT count(*) FROM item_label") == 0


async def test_what_does_not_parse_is_kept_raw(ground: Ground) -> None:
    batch = Batch(anomalous=(Anomalous("rss", "blog_city", "feed.malformed", b"<rss"),))
    await receive(ground, batch, account=ACCOUNT)
    assert await ground.db.fetchval("SELECT raw FROM quarantine") == b"<rss"


async def test_a_complaint_gets_a_private_link_that_only_its_digest_keeps(ground: Ground) -> None:
    complaint = Complaint("web", "도로가 파였어요", Point(37.5, 127.0), contact=Contact("이순신"))
    received = await complain(ground, complaint)
    assert received.secret is not None
    row = await ground.db.fetchrow("SELECT ref, secret_digest, point_given FROM item")
    assert row is not None
    assert tuple(row) == (received.ref, secret_digest(received.secret), True)
    double = await complain(ground, complaint)
    assert (double.ref, double.secret, double.new) == (received.ref, None, False)
    other = await complain(ground, replace(complaint, place="우체국 앞"))
    keyed = await complain(ground, complaint, key="k1")
    assert other.new and keyed.new
    again = await complain(ground, complaint, key="k1")
    assert (again.ref, again.secret, again.new) == (keyed.ref, keyed.secret, False)
    with pytest.raises(Conflict, match=r"idempotency\.mismatch"):
        await complain(ground, replace(complaint, text="다른 말"), key="k1")
    kept = await ground.db.fetchval("SELECT answer FROM idempotency")
    assert keyed.secret is not None and keyed.secret.encode() not in kept


async def test_hangul_that_was_taken_apart_is_stored_as_it_is_read(
    ground: Ground, city: CityNow, work_off: Work
) -> None:
    text, place = "한강에 사람이 빠졌어요", "서울 중구 시청역"
    whole = Complaint("web", text, place=place)
    apart = Complaint("web", taken_apart(text), place=taken_apart(place))
    keyed = await complain(ground, apart, key="k1")
    assert (await complain(ground, whole, key="k1")).ref == keyed.ref
    assert (await complain(ground, whole)).ref == keyed.ref
    [row] = await ground.db.fetch("SELECT text, place FROM item_text")
    assert tuple(row) == (text, place)
    await work_off()
    item_id = await ground.db.fetchval("SELECT id FROM item")
    case = await of_item(ground, item_id)
    assert case.urgency == "emergency"
    assert case.area is not None
    added = await converse.add(ground, keyed.ref, taken_apart(place))
    assert added.text == place == await ground.db.fetchval("SELECT text FROM case_message")

    post_id = await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요")
    await tell(ground, taken_apart(text), op="edit")
    edited = await ground.db.fetchval("SELECT text FROM item_text WHERE item_id = $1", post_id)
    assert edited == text


async def test_the_same_complaint_from_many_at_once_is_one(ground: Ground) -> None:
    complaint = Complaint("web", "도로가 파였어요", Point(37.5, 127.0))
    results = await asyncio.gather(*(complain(ground, complaint) for _ in range(6)))
    assert len({r.ref for r in results}) == 1
    assert sum(r.secret is not None for r in results) == 1


async def test_a_complaint_with_a_photo_that_is_not_there_is_refused_whole(ground: Ground) -> None:
    with pytest.raises(BadInput, match=r"photo\.unknown"):
        await complain(ground, Complaint("web", "사진 있음", photos=("nope",)), key="k")
    assert await ground.db.fetchval("SELECT count(*) FROM item") == 0
    assert await ground.db.fetchval("SELECT count(*) FROM outbox") == 0


async def test_facts_hold_no_text_and_their_chain_verifies(
    ground: Ground, stamp_all: Callable[[], Awaitable[int]]
) -> None:
    secret_words = "홍길동 010-1234-5678"
    await receive(ground, Batch((post("1", secret_words), post("2"))))
    assert await stamp_all() == 2
    dump = await ground.db.fetchval("SELECT string_agg(fact::text, ' ') FROM fact")
    assert secret_words not in dump and "Kim" not in dump
    async with ground.db.acquire() as connection, connection.transaction():
        assert [entry async for entry in log.verify(connection)] == [(1, True), (2, True)]
    with pytest.raises(asyncpg.RestrictViolationError):
        await ground.db.execute("UPDATE fact SET actor = 'nobody' WHERE position = 1")
    async with ground.db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("UPDATE fact SET actor = 'nobody' WHERE position = 1")
        assert [entry async for entry in log.verify(connection)] == [(1, False), (2, True)]
