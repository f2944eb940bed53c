"""Whatever is said and done on cases, no way out tells an audience what is not for its eyes.

Stories of actions are played through the real flows; then everything that each audience can get is
read: live changes, snapshots, and answers of the front door.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from hub.api.app import ROUTES
from hub.flow import casework, converse, label, locate, photos, route
from hub.flow.complain import Complaint, complain
from hub.flow.correct import correct_agency, correct_labels
from hub.flow.erase import erase_case
from hub.flow.receive import Received, receive
from hub.gateway.feed import Feed, changes, topics_of
from hub.gateway.snapshots import snapshot
from hub.gateway.topics import Topic, authorise
from hub.model.cases import CaseRecord
from hub.model.errors import BigEarError
from hub.model.items import Author, Batch, Contact, Inbound, Point
from hub.model.people import Grant, Principal
from hub.store import log, reading
from hub.store.pool import connect
from tests.api.conftest import Door, _model, opened
from tests.cli.test_doctor import jpeg
from tests.walls import ACCOUNT, CARD, CONTACT_PHONE, EMAIL, PHONE, RESIDENT, numbered

NOTE, REASON, ANSWER, ADDITION = "Zqnote", "Zqreason", "Zqanswer", "Zqaddition"
NAME, AUTHOR, PLACE, STAFF = "Zqname", "Zqauthor", "Zqplace", "Zqstaff"
THEIRS, EARLIER, ELSEWHERE = "Zqtheirs", "Zqearlier", "Zqelsewhere"
NUMBERS = {PHONE, RESIDENT, CARD, ACCOUNT, EMAIL, CONTACT_PHONE}
HIDDEN: dict[str, set[str]] = {
    "public": {"Zqtext", NOTE, REASON, ANSWER, ADDITION, NAME, AUTHOR, PLACE, STAFF, *NUMBERS},
    "reporter": {
        *(NOTE, REASON, NAME, AUTHOR, STAFF, CONTACT_PHONE),
        *(THEIRS, EARLIER, ELSEWHERE),
    },
    "other": {NOTE, REASON, ANSWER, ADDITION, NAME, AUTHOR, PLACE, *NUMBERS},
}
JUNG = Point(37.5636, 126.9976)
DISTRICT = "11140"
AGENCIES = ("metro", "fire")

Deed = Callable[["Story", CaseRecord], Awaitable[Any]]


@dataclass
class Story:
    """A door, a supervisor of everything who acts, and two cases that things are done to."""

    door: Door
    actor: Principal
    home: Path
    sent: Received
    refs: list[str]

    async def case(self, which: int) -> CaseRecord:
        async with self.door.ground.db.acquire() as connection:
            record = await reading.record_of_ref(connection, self.refs[which])
        assert record is not None
        return record

    async def move(self, case: CaseRecord, target: str) -> int:
        other = next(ref for ref in self.refs if ref != case.ref)
        return await casework.move(
            self.door.ground,
            self.actor,
            case.id,
            case.version,
            target,
            reason=f"{REASON} {PHONE}",
            target_ref=other,
        )

    async def answer(self, case: CaseRecord, *, resolve: bool) -> object:
        """The reporter may read it if it is given to their case or the one it went into."""
        own = await self.case(0)
        text = f"{ANSWER if case.ref in (own.ref, own.merged_into) else EARLIER} {RESIDENT}"
        return await converse.answer(
            self.door.ground, self.actor, case.id, case.version, text, resolve=resolve
        )

    async def add(self, case: CaseRecord) -> object:
        text = ADDITION if case.ref == self.sent.ref else f"{THEIRS} {ADDITION}"
        return await converse.add(self.door.ground, case.ref, f"{text} {PHONE}")

    async def elsewhere(self, case: CaseRecord) -> int:
        to = next(agency for agency in AGENCIES if agency != case.agency)
        return await correct_agency(
            self.door.ground,
            self.door.context.city,
            self.actor,
            case.id,
            case.version,
            to,
            f"{REASON} {CARD}",
        )

    async def relabel(self, case: CaseRecord) -> int:
        return await correct_labels(
            self.door.ground,
            self.door.context.city,
            self.actor,
            case.id,
            case.version,
            {"service": "taxi"},
            reroute=case.version % 2 == 0,
        )


DEEDS: dict[str, Deed] = {
    "note": lambda s, c: converse.note(s.door.ground, s.actor, c.id, f"{NOTE} {CONTACT_PHONE}"),
    "answer": lambda s, c: s.answer(c, resolve=False),
    "resolve": lambda s, c: s.answer(c, resolve=True),
    "add": lambda s, c: s.add(c),
    "take": lambda s, c: casework.take(s.door.ground, s.actor, c.id, c.version),
    "withdraw": lambda s, c: casework.withdraw(s.door.ground, c.ref),
    "elsewhere": lambda s, c: s.elsewhere(c),
    "relabel": lambda s, c: s.relabel(c),
    "erase": lambda s, c: erase_case(s.door.ground, s.home, s.actor, c.id, REASON),
    **{
        target: lambda s, c, target=target: s.move(c, target)  # type: ignore[misc]
        for target in ("waiting", "triage", "set_aside", "merged", "in_progress", "queued")
    },
}
WEIGHTED = [*DEEDS, "note", "answer", "add", "elsewhere", "merged"]
MERGED = [("answer", 1), ("add", 1), ("merged", 0), ("note", 1), ("add", 1), ("answer", 1)]
TAKEN_APART = [*MERGED, ("queued", 0), ("add", 0)]


@given(
    text=numbered(),
    deeds=st.lists(st.tuples(st.sampled_from(WEIGHTED), st.integers(0, 1)), max_size=9),
)
@example(text="Zqtext", deeds=MERGED)
@example(text="Zqtext", deeds=TAKEN_APART)
@settings(
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a story takes a second: shrinking one, minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_way_out_tells_what_is_not_for_its_eyes(
    city_url: str, redis_url: str, tmp_path: Path, text: str, deeds: list[tuple[str, int]]
) -> None:
    asyncio.run(_play(city_url, redis_url, tmp_path, text, deeds))


async def _play(
    city_url: str, redis_url: str, home: Path, text: str, deeds: list[tuple[str, int]]
) -> None:
    async with opened(city_url, redis_url, home, rate_scale=1000.0) as door:
        await _stamp(city_url)
        feed = Feed(door.ground.db)
        await feed.start()
        story = await _begin(door, home / "photos", text)
        for deed, which in deeds:
            try:
                await DEEDS[deed](story, await story.case(which))
            except BigEarError:
                continue  # not in this state: the story goes on
        await _stamp(city_url)
        loaded = await feed.next()
        assert loaded is not None
        others = [
            await door.staff(Grant("analyst")),
            await door.staff(Grant("agent", "waterworks")),
        ]
        told = {
            "public": await _live(door, loaded, None) + await _answers(door, story, {}),
            "reporter": await _live(door, loaded, None, story.sent.ref)
            + await _answers(door, story, {"Authorization": f"Case {story.sent.secret}"}),
            "other": "".join(
                [
                    await _live(door, loaded, who.who) + await _answers(door, story, who.bearer)
                    for who in others
                ]
            ),
        }
    for audience, hidden in HIDDEN.items():
        leaked = {word for word in hidden if word.lower() in told[audience].lower()}
        assert not leaked, (audience, deeds)
    if ("add", 0) in deeds and ("erase", 0) not in deeds:
        assert ADDITION in told["reporter"]  # so there was something to see
    if deeds in (MERGED, TAKEN_APART):
        assert (ANSWER in told["reporter"]) == (deeds == MERGED)


async def _begin(door: Door, folder: Path, text: str) -> Story:
    """A complaint and a post, both full of what must not leave, each on an agency's queue."""
    ground, actor = door.ground, await door.staff(Grant("admin"))
    await ground.db.execute(
        "UPDATE staff_user SET name = $2 WHERE id = $1", actor.who.user_id, STAFF
    )
    contact = Contact(NAME, EMAIL, CONTACT_PHONE)
    photo = await photos.store(ground, folder, jpeg(40))
    sent = await complain(
        ground,
        Complaint("web", text, JUNG, PLACE, contact=contact, photos=(photo.token,)),
        key=secrets.token_hex(8),
    )
    post = Inbound(
        kind="post",
        platform="rss",
        external_id=f"{AUTHOR}-{sent.item_id}",
        text=f"{THEIRS} {text}",
        created_at=datetime.now(UTC),
        author=Author(AUTHOR, AUTHOR),
        contact=contact,
        point=JUNG,
        place=f"{PLACE} {ELSEWHERE}",
        url=f"https://{AUTHOR}.example/",
    )
    [posted] = await receive(ground, Batch((post,)))
    await label.label(ground, _model(), 10)
    await locate.locate(ground, door.context.city, 10)
    await route.route(ground, door.context.city, 10)
    story = Story(door, actor.who, folder, sent, [sent.ref, posted.ref])
    for which in (0, 1):
        await story.elsewhere(await story.case(which))
    return story


async def _live(door: Door, loaded: Any, who: Principal | None, ref: str | None = None) -> str:
    """All changes and snapshots of the topics that this audience may subscribe to, as JSON."""
    told = []
    for topic, facts in topics_of(loaded).items():
        lies_with = None
        if topic.kind == "case":
            lies_with = loaded.cases[topic.key].agency
        try:
            authorise(topic, who, holds_key_of=ref, agency=lies_with)
        except BigEarError:
            continue
        if ref is not None and topic != Topic("public:case", ref):
            continue  # the public's; asked without a key
        told.append(msgspec.json.encode(changes(topic, facts, loaded, who)).decode())
        told.append(msgspec.json.encode(await snapshot(door.ground.db, 1, topic, who)).decode())
    assert told
    return "\n".join(told)


async def _answers(door: Door, story: Story, headers: dict[str, str]) -> str:
    """Every answer to a GET of the front door, about both cases, whatever its status."""
    told = []
    for one in ROUTES:
        if one.method != "GET":
            continue
        for which, ref in enumerate(story.refs):
            case = await story.case(which)
            path = one.path.format_map(defaultdict(lambda: "1", id=case.id, ref=ref))
            query = {"/areas/at": "?lat=37.5636&lon=126.9976", "/places": "?q=Zq"}.get(path, "")
            if path == "/cases":
                query = "?state=all&q=Zqtext"
            reply = await door.api("GET", path + query, headers=headers)
            assert reply.status != 500
            told.append(json.dumps(reply.raw.decode("utf-8", "replace"), ensure_ascii=False))
    return "\n".join(told)


async def _stamp(url: str) -> None:
    connection = await connect(url)
    try:
        assert await log.try_become_relay(connection)
        while await log.stamp(connection, 500):
            pass
    finally:
        await connection.close()
