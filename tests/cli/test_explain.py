"""`bigear explain` tells the whole story of a case, and what to do where nobody has it yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.flow.city import CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.configure import apply
from hub.flow.correct import correct_labels, undo_last
from hub.flow.ground import Ground
from hub.flow.label import label
from hub.model.items import Point
from hub.model.people import Principal
from hub.ports.labeller import Labeller
from hub.rules.books import read_document
from hub.store import reading
from tests.cli.conftest import Beside
from tests.flow.case_records import tell

CONFIG = Path(__file__).resolve().parents[2] / "config"
GANGNAM = Point(37.4979, 127.0276)


@pytest.fixture
def as_waste(ground: Ground, model: Labeller) -> Callable[[], Awaitable[None]]:
    """Label what was received, and see to it that it is a report of waste to every model."""

    async def label_it() -> None:
        await label(ground, model, 1)
        await ground.db.execute(
            "UPDATE item_label SET service = 'waste', intent = 'report', urgency = 'normal',"
            " intent_confidence = 0.6, abstain = false"
        )

    return label_it


async def test_labels_place_rule_and_steps_are_told(
    beside: Beside,
    ground: Ground,
    city: CityNow,
    as_waste: Callable[[], Awaitable[None]],
    work_off: Callable[[], Awaitable[None]],
    stamp_all: Callable[[], Awaitable[int]],
) -> None:
    sent = await complain(
        ground, Complaint("web", "쓰레기가 무단투기되어 치워 주세요. 악취가 심해요.", GANGNAM)
    )
    code, told = await beside("explain", sent.ref)
    assert code == 0
    assert "it has no case yet" in told
    await as_waste()
    await work_off()
    await stamp_all()
    deciding = city.now.version
    document = read_document(CONFIG)[0]
    document["rules"] = [r | {"reason_en": "Changed."} for r in document["rules"]]
    await apply(ground, document, "test")
    code, told = await beside("explain", sent.ref.lower())
    assert code == 0, told
    for words in (
        "service   waste (",
        "intent    report (0.60), too unsure for rules that ask for it",
        "Gangnam-gu (11680",
        "The point that was sent",
        f"rule      district.street, version {deciding} of the rule book",
        "On the street: the office of the district.",
        "→ the district's office within 5 working days",
        "agency    Gangnam-gu Office (gangnam_gu), Queued",
        "deadline  20",
        "KST",
        "case.routed",
        "state queued, agency gangnam_gu, rule district.street",
    ):
        assert words in told, told
    assert "Changed." not in told


async def test_a_rule_that_a_correction_asked_is_told_of_its_own_book_until_it_is_undone(
    beside: Beside,
    ground: Ground,
    city: CityNow,
    staff: Callable[..., Awaitable[Principal]],
    as_waste: Callable[[], Awaitable[None]],
    work_off: Callable[[], Awaitable[None]],
    stamp_all: Callable[[], Awaitable[int]],
) -> None:
    sent = await complain(ground, Complaint("web", "쓰레기가 무단투기되어 있어요.", GANGNAM))
    await as_waste()
    await work_off()
    first = city.now.version
    document = read_document(CONFIG)[0]
    rule = {"id": "taxi.new", "services": ["taxi"], "agency": "metro", "deadline_days": 1}
    rule |= {"urgencies": ["normal"], "reason_ko": "새 규칙", "reason_en": "A new rule."}
    document["rules"] = [rule, *document["rules"]]
    second = await apply(ground, document, "test")
    await city.refresh()
    async with ground.db.acquire() as connection:
        case = await reading.record_of_ref(connection, sent.ref)
    assert case is not None
    who, taxi = await staff("editor", ("admin", None)), {"service": "taxi"}
    version = await correct_labels(ground, city, who, case.id, case.version, taxi, reroute=True)
    await stamp_all()
    code, told = await beside("explain", sent.ref)
    assert (code, f"rule      taxi.new, version {second} of" in told) == (0, True), told
    assert "A new rule." in told
    assert f"agency metro, rule taxi.new, book {second}" in told
    version = await undo_last(ground, city, who, case.id, version)
    await correct_labels(ground, city, who, case.id, version, {"urgency": "low"}, reroute=False)
    await stamp_all()
    told = (await beside("explain", sent.ref))[1]
    assert f"rule      district.street, version {first} of" in told, told


async def test_what_waits_for_a_person_says_what_to_do(
    beside: Beside,
    ground: Ground,
    as_waste: Callable[[], Awaitable[None]],
    work_off: Callable[[], Awaitable[None]],
) -> None:
    sent = await complain(ground, Complaint("web", "신사동 골목에 쓰레기가 무단투기되어 있어요."))
    await as_waste()
    await work_off()
    code, told = await beside("explain", sent.ref)
    assert code == 0
    for words in (
        "no area: Several places are possible",
        "perhaps Sinsa-dong, Gangnam-gu",
        "perhaps Sinsa-dong, Eunpyeong-gu",
        "rule      triage.no_place",
        "The district is not known: a person decides.",
        "nobody yet",
        "next      a person sorts it",
        "no facts are stamped yet",
    ):
        assert words in told, told


async def test_an_unknown_reference_is_refused(beside: Beside, city: CityNow) -> None:
    code, told = await beside("explain", "XXXXX-XXXXX")
    assert code == 1
    assert "[case.not_found]" in told


async def test_what_was_deleted_before_it_got_a_case_waits_for_nobody(
    beside: Beside, ground: Ground, city: CityNow
) -> None:
    item_id = await tell(ground, "가로등이 꺼졌어요")
    await tell(ground, "", op="delete")
    ref = await ground.db.fetchval("SELECT ref FROM item WHERE id = $1", item_id)
    code, told = await beside("explain", ref)
    assert (code, "it was deleted or erased before" in told, "takes it on" in told) == (
        0,
        True,
        False,
    )
