"""Staff correct labels on their page, the next version of the classifier learns it, is promoted and
taken back while messages flow, and none is lost.

``BIGEAR_CORRECTIONS=200`` makes so many corrections, and judges by the messages of ``BIGEAR_DATA`` too.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import asyncpg
import pytest
from playwright.sync_api import Page, expect

from classifiers.training.corpus import held_out
from classifiers.training.from_hub import LEAST_CORRECTED
from hub.home import Home
from hub.ports.labeller import Labeller
from hub.wiring import load_version
from tests.browser.conftest import launched, own_database, visitors
from tests.browser.hub import RunningHub, for_many, running_hub
from tests.browser.street import MOVED, STAYED, Kind, Message, messages
from tests.browser.visitors import Visitor

MANY = int(os.environ.get("BIGEAR_CORRECTIONS", "0"))
CORRECTIONS = MANY or 30
WITH_DATA = {"BIGEAR_DATA": os.environ.get("BIGEAR_DATA", "")} if MANY else {}

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400 + 20 * MANY)]

CHEONGUN = {"lat": 37.5894, "lon": 126.9694}
"""A point in Jongno-gu."""
NAMES = {"street_order": "가로정비", "health": "보건·위생"}
OTHERS = max(200, CORRECTIONS + CORRECTIONS // 2)
"""Messages that stay as they are: too few would not hold the rest of the model in place."""
KEPT_OUT = 0.1
"""At least this share of what is corrected must be kept out of training, to judge by."""
SENT_EVERY_S = 0.075
SEEN_BEFORE, SEEN_AFTER = 20, 60
"""How many messages are to be labelled by the old version, and by the new one, while they flow."""
WITHIN_S = 120.0
UNSEEN = 40
"""Messages a kind, which nobody corrected, that both versions are asked about in the end."""


def tell(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print a figure, whether or not output is captured."""
    with capsys.disabled():
        print(f"  {text}", flush=True)


@dataclass(frozen=True, slots=True)
class Case:
    """A message as the hub has it. ``queue``: its agency's, or ``triage``."""

    id: int
    version: int
    queue: str
    service: str
    abstain: bool
    model: str
    message: Message


@dataclass(slots=True)
class Flow:
    """What is sent while versions change, by reference, in the order in which it was accepted."""

    url: str
    sent: dict[str, Message] = field(default_factory=dict)
    stopping: bool = False

    async def send(self, texts: Iterable[Message], every_s: float) -> None:
        """Send them, one every so many seconds, until there are no more or it is to stop."""
        async with aiohttp.ClientSession(base_url=f"{self.url}/api/v1/") as http:
            for message in texts:
                async with http.post(
                    "complaints", json={"text": message.text, **CHEONGUN}
                ) as answer:
                    told = await answer.json()
                    assert answer.status == 201, told
                self.sent[told["ref"]] = message
                if self.stopping:
                    return
                await asyncio.sleep(every_s)


_CASES = """
    SELECT i.ref, c.id, c.version, coalesce(c.agency, 'triage') AS queue, l.service, l.abstain, l.model
    FROM item i JOIN item_label l ON l.item_id = i.id JOIN work_case c ON c.item_id = i.id
    WHERE i.ref = ANY($1) ORDER BY i.id
"""


async def cases_of(url: str, sent: dict[str, Message]) -> list[Case]:
    """The cases of what was sent, in the order of their items, once each has one."""
    connection = await asyncpg.connect(url)
    try:
        until = time.monotonic() + WITHIN_S
        while True:
            rows = await connection.fetch(_CASES, list(sent))
            if len(rows) >= len(sent) or time.monotonic() > until:
                break
            await asyncio.sleep(0.2)
    finally:
        await connection.close()
    assert Counter(row["ref"] for row in rows) == Counter(sent.keys())
    return [
        Case(
            id=row["id"],
            version=row["version"],
            queue=row["queue"],
            service=row["service"],
            abstain=row["abstain"],
            model=row["model"],
            message=sent[row["ref"]],
        )
        for row in rows
    ]


async def labelled_by(url: str, model: str, refs: Iterable[str]) -> int:
    """How many of these have a label of that version."""
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM item i JOIN item_label l ON l.item_id = i.id"
            " WHERE l.model = $1 AND i.ref = ANY($2)",
            model,
            list(refs),
        )
        return count
    finally:
        await connection.close()


async def soundness(url: str, sent: dict[str, Message]) -> None:
    """All that was accepted is there, nothing else is, and each was labelled once."""
    connection = await asyncpg.connect(url)
    try:
        until = time.monotonic() + WITHIN_S
        while await connection.fetchval("SELECT count(*) FROM outbox"):
            assert time.monotonic() < until, "facts are left in the outbox"
            await asyncio.sleep(0.1)
        texts = await connection.fetch(
            "SELECT ref, text, stage FROM item JOIN item_text ON item_id = id WHERE mark IS NULL"
        )
        labelled = await connection.fetch(
            "SELECT data->>'ref' AS ref, count(*) AS times FROM fact"
            " WHERE type = 'item.labelled' GROUP BY 1"
        )
    finally:
        await connection.close()
    assert {row["ref"]: row["text"] for row in texts} == {r: m.text for r, m in sent.items()}
    assert {row["stage"] for row in texts} == {"routed"}
    times = {row["ref"]: row["times"] for row in labelled}
    assert {times.get(ref) for ref in sent} == {1}


def in_turn(kinds: Iterable[Kind], seed: int, *, fresh: bool = False) -> Iterator[Message]:
    """Messages of all kinds, mixed."""
    streams = [messages(kind, seed, fresh=fresh) for kind in kinds]
    for several in zip(*streams, strict=False):
        yield from several


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return for_many(tmp_path / "config")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    return home


def correct_all(desk: Visitor, wanted: Iterable[Case]) -> list[float]:
    """As a person does who works their way down the lists; the seconds that each correction took."""
    lists: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for case in wanted:
        lists[case.queue, case.service][case.message.text] = case.message.kind.service
    took: list[float] = []
    for (queue, service), services in lists.items():
        desk.page.goto(f"/staff?queue={queue}&service={service}&marks=0&sort=newest")
        desk.is_live()
        expect(desk.page.locator(".row").first).to_be_visible()
        desk.page.keyboard.press("j")
        desk.page.keyboard.press("Enter")
        took += work_down(desk.page, services)
    return took


def work_down(page: Page, services: dict[str, str]) -> list[float]:
    """Go down the open list and correct what is to be; the rest is read and left."""
    article, left = page.get_by_role("article"), dict(services)
    took: list[float] = []
    while True:
        expect(article).to_be_visible()
        began = time.perf_counter()
        ref = article.get_attribute("aria-label") or ""
        text = article.locator(".item-text").inner_text()
        if text in left:
            correct(page, ref, left.pop(text))
        if not left:
            return [*took, time.perf_counter() - began]
        page.keyboard.press("j")
        expect(article).not_to_have_attribute("aria-label", ref)
        if len(services) - len(left) > len(took):
            took.append(time.perf_counter() - began)


def correct(page: Page, ref: str, service: str) -> None:
    """Correct the open case's service by the keyboard, and see that the page says so."""
    page.keyboard.press("l")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    offered = dialog.locator(".suggestions button").filter(has_text=NAMES[service])
    if offered.count():
        page.keyboard.press(offered.locator("kbd").inner_text())
        expect(dialog.get_by_role("button", name="저장")).to_be_focused()
        page.keyboard.press("Enter")
    else:
        dialog.get_by_label("분야").select_option(service)
        page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text(re.compile(f"{ref} · {NAMES[service]}"))


def resolve_all(desk: Visitor, wanted: Iterable[Case]) -> None:
    """Answer them to the end: whoever works by a label confirms it."""
    csrf = desk.call("GET", "/session", None)["body"]["csrf"]
    for case in wanted:
        body = {"text": "처리했습니다.", "resolve": True, "version": case.version}
        told = desk.call("POST", f"/cases/{case.id}/answers", body, csrf)
        assert told["status"] == 201, told


def right(model: Labeller, kind: Kind) -> list[bool]:
    """Of unseen messages of a kind, which the model gives to whom the city does."""
    unseen = itertools.islice(messages(kind, 3, fresh=True), UNSEEN)
    return [
        labels.service.code == kind.service
        for labels in model.label([message.text for message in unseen])
    ]


async def change_versions(hub: RunningHub, url: str, old: str, new: str, flow: Flow) -> None:
    """Promote the new version and roll back, each while messages come in."""
    known = {message.text for message in flow.sent.values()}
    texts = (one for one in in_turn((*MOVED, *STAYED), 2) if one.text not in known)
    sending = asyncio.create_task(flow.send(texts, SENT_EVERY_S))
    before = set(flow.sent)

    async def labelled(model: str, count: int, known: set[str]) -> None:
        until = time.monotonic() + WITHIN_S
        while await labelled_by(url, model, flow.sent.keys() - known) < count:
            assert not sending.done(), "nothing is sent any more"
            assert time.monotonic() < until, f"too few are labelled by {model}"
            await asyncio.sleep(0.2)

    await labelled(old, SEEN_BEFORE, before)
    await asyncio.to_thread(hub.bigear, "model", "promote", new, **WITH_DATA)
    await labelled(new, SEEN_AFTER, before)
    told = await asyncio.to_thread(hub.bigear, "model", "rollback")
    assert "shipped labels again" in told
    await labelled(old, SEEN_BEFORE, set(flow.sent))
    flow.stopping = True
    await sending


def test_what_staff_correct_is_learned_and_taken_back_while_messages_flow(
    chromium: str,
    servers: dict[str, str],
    pg_template: str,
    home: Home,
    config: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with (
        own_database(servers["database"], pg_template, f"corrections_{os.getpid()}") as url,
        running_hub(home.root, url, servers["redis"], config=config) as hub,
    ):
        flow = Flow(hub.url)
        asyncio.run(first_messages(flow))
        received = len(flow.sent)
        cases = asyncio.run(cases_of(url, flow.sent))
        [old] = {case.model for case in cases}
        wrong = [case for case in cases if case.message.kind in MOVED]
        hub.first_passwords["mina"] = hub.bigear(
            "users", "add", "mina", "--name", "Mina", "--role", "agent"
        ).split()[-1]

        with launched(chromium) as browser, visitors(hub, browser) as visitor:
            desk = visitor()
            desk.sign_in("mina")
            took = correct_all(desk, wrong)
            resolve_all(desk, confirmed(cases))
        assert len(took) == len(wrong)
        tell(capsys, f"{len(took)} corrections, {median(took):.2f} s each (median)")

        new = learned(hub, capsys, old)
        asyncio.run(change_versions(hub, url, old, new, flow))
        cases = asyncio.run(cases_of(url, flow.sent))
        asyncio.run(soundness(url, flow.sent))
    labels_followed(cases[received:], old, new, capsys)
    learned_its_kind_alone(home, new, capsys)


async def first_messages(flow: Flow) -> None:
    """What came in before anybody corrected anything, of all kinds. By its reference a message is kept
    out of training or not, so more are sent until there are some of both."""
    moved = in_turn(MOVED, 1)
    mixed = [
        *itertools.islice(moved, CORRECTIONS),
        *itertools.islice(in_turn(STAYED, 1), OTHERS),
    ]
    random.Random(1).shuffle(mixed)
    await flow.send(mixed, 0)
    while True:
        kept = [held_out(ref) for ref, message in flow.sent.items() if message.kind in MOVED]
        if sum(kept) >= KEPT_OUT * CORRECTIONS and kept.count(False) > LEAST_CORRECTED:
            return
        await flow.send(itertools.islice(moved, 1), 0)


def confirmed(cases: Iterable[Case]) -> list[Case]:
    """What lies where it belongs, by a label that is right."""
    return [
        case
        for case in cases
        if case.service == case.message.kind.service and not case.abstain and case.queue != "triage"
    ]


def learned(hub: RunningHub, capsys: pytest.CaptureFixture[str], old: str) -> str:
    """Train the next version; its name, once its card is better where staff corrected."""
    began = time.perf_counter()
    told = hub.bigear("train", "--from-hub", **WITH_DATA)
    new = told.split("next: bigear model promote ")[1].strip()
    tell(capsys, f"trained in {time.perf_counter() - began:.0f} s\n{told}")
    if MANY:
        tell(capsys, hub.bigear("evaluate", **WITH_DATA))
    answer: dict[str, Any] = json.loads(hub.bigear("evaluate", "--json", **WITH_DATA))
    before, after = answer["cards"]
    assert (before["model"], after["model"]) == (old, new)
    assert answer["compared"]["worse"] == []
    by = [card["service"]["by_source"]["hub"] for card in (before, after)]
    assert by[1]["messages"] == by[0]["messages"] >= KEPT_OUT * CORRECTIONS
    assert by[1]["accuracy"] > by[0]["accuracy"]
    tell(capsys, f"kept out of the hub's: {by[0]} before, {by[1]} after")
    return new


def labels_followed(
    flowed: list[Case], old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One version after the other and back, without a gap; the new one knows the city's ways."""
    assert [model for model, _ in itertools.groupby(flowed, lambda case: case.model)] == [
        old,
        new,
        old,
    ]
    for model in (old, new):
        mine = [case for case in flowed if case.model == model and case.message.kind in MOVED]
        good = sum(case.service == case.message.kind.service for case in mine)
        tell(capsys, f"while they flowed, {model}: {good} of {len(mine)} right where staff correct")
        assert good >= 0.6 * len(mine) if model == new else good <= 0.2 * len(mine)


def learned_its_kind_alone(home: Home, new: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unseen messages of what was corrected are right now, and of the rest as many as before."""
    versions = [load_version(home, name) for name in (None, new)]
    shares = {}
    for kind in (*MOVED, *STAYED):
        before, after = (right(model, kind) for model in versions)
        shares[kind.name] = sum(before) / UNSEEN, sum(after) / UNSEEN
        tell(capsys, f"{kind.name}: {sum(before)} of {UNSEEN} right before, {sum(after)} after")
    for kind in MOVED:
        assert shares[kind.name][0] < 0.2 and shares[kind.name][1] >= 0.6
    losses = [shares[kind.name][0] - shares[kind.name][1] for kind in STAYED]
    assert sum(losses) / len(losses) <= 0.03
    assert max(losses) <= 0.2  # the nearest neighbours of what moved, of which few came in
