"""After erasing, nothing anywhere in the database tells of the person; the chain still verifies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.flow import casework, converse, photos
from hub.flow.city import CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.correct import correct_agency
from hub.flow.erase import Person, erase_case, erase_person, look
from hub.flow.ground import Ground
from hub.flow.label import label
from hub.flow.locate import locate
from hub.flow.receive import Received, receive
from hub.gateway.feed import Feed, changes, topics_of
from hub.gateway.topics import Topic
from hub.model.errors import BadInput, NotFound
from hub.model.items import Anomalous, Author, Batch, Contact, Inbound, Point
from hub.model.people import Principal
from hub.ports.labeller import Labeller
from hub.store import log, pipeline, reading, soundness
from hub.store.pipeline import OpenedCase
from tests.cli.test_doctor import jpeg
from tests.flow.case_records import waiting

Work = Callable[[], Awaitable[None]]
Stamp = Callable[[], Awaitable[int]]
Staff = Callable[..., Awaitable[Principal]]

NAME = "남궁도로롱"
EMAIL = "dororong.planted@example.org"
PHONE = "010-7373-4242"
PLANTED = (NAME, EMAIL, PHONE, "planted-thread", "planted-id", "planted.example")
HOME = Point(37.56649, 126.97796)

POST = Inbound(
    kind="post",
    platform="rss",
    external_id="https://planted.example/@planted-id/1",
    text=f"{NAME}입니다. 강남구 역삼동 도로가 파였어요. {PHONE}",
    created_at=datetime(2026, 3, 1, tzinfo=UTC),
    author=Author("planted-id", NAME),
    contact=Contact(NAME, EMAIL.upper(), PHONE),
    url="https://planted.example/1",
    thread="planted-thread",
    parent="planted-thread",
    place=f"{NAME}네 집 앞",
    raw={"by": NAME},
)


async def dump(ground: Ground) -> str:
    """Every column of every row of every table, binary ones as text too."""
    tables = await ground.db.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN"
        " ('spatial_ref_sys')"
    )
    parts = []
    for table in tables:
        rows = await ground.db.fetch(f'SELECT * FROM "{table["tablename"]}" AS t')
        for row in rows:
            for value in row.values():
                told = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                parts.append(json.dumps(told, ensure_ascii=False, default=str))
    return "\n".join(parts).lower()


def planted_in(dumped: str) -> set[str]:
    return {word for word in PLANTED if word.lower() in dumped}


@pytest.fixture
async def complaint(ground: Ground, city: CityNow, work_off: Work, tmp_path: Path) -> Received:
    """A complaint of the planted person, with a photo, a contact and a point at their door."""
    photo = await photos.store(ground, tmp_path, jpeg(70))
    sent = await complain(
        ground,
        Complaint(
            "web",
            f"저는 {NAME}입니다. 보도블록이 깨졌어요. {PHONE}",
            point=HOME,
            place=f"{NAME}네 집 앞",
            contact=Contact(NAME, EMAIL, PHONE),
            photos=(photo.token,),
        ),
    )
    await work_off()
    return sent


async def case_id_of(ground: Ground, ref: str) -> int:
    async with ground.db.acquire() as connection:
        record = await reading.record_of_ref(connection, ref)
    assert record is not None
    return record.id


async def talk(ground: Ground, city: CityNow, staff: Staff, ref: str) -> Principal:
    """Everything that can be said on a case, each with the planted name in it."""
    admin = await staff("admin", ("admin", None))
    case_id = await case_id_of(ground, ref)
    await converse.add(ground, ref, f"{NAME}이 덧붙입니다")
    await converse.note(ground, admin, case_id, f"{NAME}에게 전화함 {PHONE}")
    async with ground.db.acquire() as connection:
        [record] = await reading.records(connection, [case_id])
    agency = next(a.code for a in city.now.book.agencies if a.code != record.agency)
    version = await correct_agency(
        ground, city, admin, case_id, record.version, agency, f"{NAME}님이 그리로 원함"
    )
    await converse.answer(ground, admin, case_id, version, f"{NAME}님, 고쳤습니다", resolve=True)
    await casework.move(
        ground, admin, case_id, version + 1, "in_progress", reason=f"{NAME}님이 다시 요청"
    )
    return admin


async def test_a_dump_holds_the_planted_person_nowhere_and_the_chain_verifies(
    ground: Ground,
    complaint: Received,
    work_off: Work,
    stamp_all: Stamp,
    city: CityNow,
    staff: Staff,
    tmp_path: Path,
) -> None:
    await receive(
        ground,
        Batch(
            (POST, replace(POST, external_id="other", author=Author("other", "Other"))),
            anomalous=(
                Anomalous("rss", "blog", "feed.malformed", f"<a>{NAME}".encode()),
                Anomalous("rss", "blog", "feed.malformed", json.dumps({"n": NAME}).encode()),
                Anomalous("rss", "blog", "feed.malformed", b"<a>somebody else"),
            ),
        ),
    )
    await work_off()
    await talk(ground, city, staff, complaint.ref)
    await stamp_all()
    assert planted_in(await dump(ground)) == set(PLANTED)

    found = await look(ground, Person(contact=EMAIL))
    assert len(found.traces) == 3 and len(found.quarantined) == 2
    assert planted_in(await dump(ground)) == set(PLANTED)  # looking takes nothing

    erased = await erase_person(ground, tmp_path, Person(contact="dororong.PLANTED@example.org"))
    assert erased == found
    await stamp_all()
    assert planted_in(await dump(ground)) == set()
    assert await ground.db.fetchval("SELECT count(*) FROM quarantine") == 1
    assert list(tmp_path.glob("??/*.jpg")) == []
    async with ground.db.acquire() as connection, connection.transaction():
        assert all([right async for _, right in log.verify(connection)])
        assert [entry async for entry in soundness.texts(connection) if not entry[1]] == []
        assert await soundness.half_erased(connection) == []
    assert await ground.db.fetchval("SELECT count(*) FROM item") == 3
    assert await ground.db.fetchval("SELECT count(*) FROM work_case") == 3


async def test_an_erased_post_is_known_again_and_its_edits_change_nothing(
    ground: Ground, city: CityNow, work_off: Work, tmp_path: Path
) -> None:
    await receive(ground, Batch((POST,)))
    await work_off()
    await erase_person(ground, tmp_path, Person(author=("rss", "planted-id")))
    before = await dump(ground)
    again = await receive(ground, Batch((POST, replace(POST, op="edit", text=f"{NAME} 또"))))
    assert [r.new for r in again] == [False, False]
    assert await dump(ground) == before


async def test_what_its_author_deletes_on_the_platform_is_nowhere_either(
    ground: Ground, city: CityNow, work_off: Work
) -> None:
    post = replace(POST, point=HOME)
    await receive(ground, Batch((post,)))
    await work_off()
    await ground.db.execute("UPDATE item SET content_digest = 'of the text and the place'")
    area = await ground.db.fetchval("SELECT area FROM item")
    deletion = Batch((replace(post, op="delete", text=""),))
    for _ in range(2):
        [deleted] = await receive(ground, deletion)
        assert deleted.item_id
    assert planted_in(await dump(ground)) == set()
    row = await ground.db.fetchrow(
        "SELECT text, raw, content_digest, thread, parent, point_given, area, ST_Y(point) AS lat,"
        " ST_X(point) AS lon, version FROM item JOIN item_text ON item_id = id"
    )
    assert row is not None
    own = city.now.index.by_code[area]
    assert tuple(row) == ("", {}, None, None, None, False, area, own.lat, own.lon, 2)
    assert (own.lat, own.lon) != (HOME.lat, HOME.lon)
    async with ground.db.acquire() as connection, connection.transaction():
        assert [entry async for entry in soundness.texts(connection) if not entry[1]] == []


async def test_erasing_one_case_leaves_the_person_s_others_and_names_them(
    ground: Ground, city: CityNow, work_off: Work, tmp_path: Path
) -> None:
    await receive(ground, Batch((POST, replace(POST, external_id="2", text="나무가 쓰러졌어요"))))
    await work_off()
    refs = [r["ref"] for r in await ground.db.fetch("SELECT ref FROM item ORDER BY id")]
    found = await erase_person(ground, tmp_path, Person(ref=refs[0]))
    assert found.others == (refs[1],)
    texts = await ground.db.fetch("SELECT text FROM item_text")
    assert [row["text"] for row in texts] == ["나무가 쓰러졌어요"]


async def test_a_photo_that_another_complaint_needs_stays(
    ground: Ground, complaint: Received, tmp_path: Path
) -> None:
    other = await photos.store(ground, tmp_path, jpeg(70))
    await complain(ground, Complaint("web", "같은 사진", photos=(other.token,)))
    await erase_person(ground, tmp_path, Person(ref=complaint.ref))
    assert len(list(tmp_path.glob("??/*.jpg"))) == 1
    assert await ground.db.fetchval("SELECT count(*) FROM photo") == 1


async def test_an_item_is_erased_on_its_way_and_gets_no_case(
    ground: Ground, city: CityNow, work_off: Work, tmp_path: Path
) -> None:
    sent = await complain(ground, Complaint("web", f"{NAME} 도로"))
    await erase_person(ground, tmp_path, Person(ref=sent.ref))
    await work_off()
    row = await ground.db.fetchrow("SELECT stage, erased_at IS NULL FROM item")
    assert row is not None and tuple(row) == ("routed", False)
    assert await ground.db.fetchval("SELECT count(*) FROM work_case") == 0


async def test_a_case_that_opens_while_its_item_is_erased_is_told_of_it(
    ground: Ground, city: CityNow, model: Labeller, tmp_path: Path
) -> None:
    sent = await complain(ground, Complaint("web", f"{NAME} 도로", HOME))
    await label(ground, model, 1)
    await locate(ground, city, 1)
    async with ground.db.acquire() as connection, connection.transaction():
        [item] = await pipeline.claim(connection, "located", 1)
        erased = asyncio.create_task(erase_person(ground, tmp_path, Person(ref=sent.ref)))
        await waiting(ground)
        opened = OpenedCase(item.id, item.kind, None, "triage", None, "triage.unsure", None)
        [case_id] = (await pipeline.open_cases(connection, [opened])).values()
        await pipeline.finish(connection, [item.id], "routed")
    await erased
    facts = await ground.db.fetch(
        "SELECT type FROM outbox WHERE subject = 'case' AND subject_id = $1", str(case_id)
    )
    assert [row["type"] for row in facts] == ["case.erased"]


async def test_open_pages_lose_the_words_at_once(
    ground: Ground,
    city: CityNow,
    complaint: Received,
    stamp_all: Stamp,
    staff: Staff,
    tmp_path: Path,
) -> None:
    admin = await talk(ground, city, staff, complaint.ref)
    await stamp_all()
    feed = Feed(ground.db)
    await feed.start()
    case_id = await case_id_of(ground, complaint.ref)
    await erase_case(ground, tmp_path, admin, case_id, "본인 요청")
    await stamp_all()
    loaded = await feed.next()
    assert loaded is not None
    touched = topics_of(loaded)
    async with ground.db.acquire() as connection:
        [record] = await reading.records(connection, [case_id])
    for topic in (
        Topic("case", str(case_id)),
        Topic("queue", record.agency or "triage"),
        Topic("public:case", complaint.ref),
    ):
        told = changes(topic, touched[topic], loaded, admin)
        assert told[-1].case is not None
        assert told[-1].case.excerpt is None
        assert not any(word in str(told) for word in PLANTED)
    # Whoever comes back with an old position reads the facts again, with nothing left to say.
    again = await feed.load(await feed.since(0, 500))
    for topic, facts in topics_of(again).items():
        assert not any(word in str(changes(topic, facts, again, admin)) for word in PLANTED)


async def test_where_they_stood_becomes_the_area_s_own_point(
    ground: Ground, complaint: Received, city: CityNow, tmp_path: Path
) -> None:
    await erase_person(ground, tmp_path, Person(ref=complaint.ref))
    row = await ground.db.fetchrow(
        "SELECT area, ST_Y(point) AS lat, ST_X(point) AS lon, point_given FROM item"
    )
    assert row is not None
    area = city.now.index.by_code[row["area"]]
    assert (row["lat"], row["lon"], row["point_given"]) == (area.lat, area.lon, False)
    assert (area.lat, area.lon) != (HOME.lat, HOME.lon)


async def test_only_an_admin_of_the_agency_erases_and_says_why(
    ground: Ground, city: CityNow, complaint: Received, staff: Staff, tmp_path: Path
) -> None:
    case_id = await case_id_of(ground, complaint.ref)
    admin = await talk(ground, city, staff, complaint.ref)
    for who in (
        await staff("agent", ("agent", None), ("supervisor", None)),
        await staff("elsewhere", ("admin", "no_such_agency")),
    ):
        with pytest.raises(NotFound, match=r"case\.not_found"):
            await erase_case(ground, tmp_path, who, case_id, "왜냐하면")
    with pytest.raises(BadInput, match=r"move\.needs_reason"):
        await erase_case(ground, tmp_path, admin, case_id, " ")
    assert await ground.db.fetchval("SELECT count(*) FROM item WHERE erased_at IS NULL") == 1
    await erase_case(ground, tmp_path, admin, case_id, "본인 요청")
    kept = await ground.db.fetch("SELECT kind, text FROM case_message WHERE text <> ''")
    assert [tuple(row) for row in kept] == [("note", "본인 요청")]
