"""`bigear train --from-hub`, `evaluate` and `model`, on a hub whose staff correct."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.model import WEIGHTS, read
from classifiers.training import corpus
from hub.cli import _terminal, main
from hub.cli._cards import headline, table
from hub.cli._making import TURN
from hub.flow import casework, converse
from hub.flow import promote as promoting
from hub.flow.city import CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.correct import correct_agency, correct_labels, undo_last
from hub.flow.erase import Person, erase_person
from hub.flow.ground import Ground
from hub.flow.teach import lessons_to_judge, lessons_to_learn
from hub.home import Home
from hub.model.people import Principal
from hub.rules.routing import only_service
from hub.store import cases, lessons, models, reading
from hub.wiring import load_version
from tests.classifiers.test_cards import PLACES, drone, word
from tests.cli.conftest import Beside, Bigear
from tests.flow.case_records import of_item, tell
from tests.flow.conftest import IN_JUNG_GU
from tests.versions import favouring

Work = Callable[[], Awaitable[None]]
Staff = Callable[..., Awaitable[Principal]]

LAMP = "{} {}동 가로등이 꺼졌어요"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Where ``beside`` runs its commands."""
    return Home(tmp_path / "home")


@pytest.fixture
async def editor(staff: Staff) -> Principal:
    return await staff("editor", ("admin", None))


def lying(home: Home) -> list[str]:
    """What lies among the versions, but for the file by which those that make one take turns."""
    return [path.name for path in home.models.iterdir() if path.name != TURN]


async def send(ground: Ground, text: str) -> str:
    return (await complain(ground, Complaint("web", text, point=IN_JUNG_GU))).ref


async def correct(
    ground: Ground, city: CityNow, who: Principal, ref: str, labels: dict[str, str]
) -> None:
    """As the staff page does."""
    async with ground.db.acquire() as connection:
        case = await cases.lock_by_ref(connection, ref)
    await correct_labels(ground, city, who, case.id, case.version, labels, reroute=False)


async def give(ground: Ground, city: CityNow, who: Principal, ref: str, agency: str) -> None:
    async with ground.db.acquire() as connection:
        case = await cases.lock_by_ref(connection, ref)
    await correct_agency(ground, city, who, case.id, case.version, agency, "여기")


async def resolve(ground: Ground, who: Principal, ref: str) -> None:
    async with ground.db.acquire() as connection:
        case = await cases.lock_by_ref(connection, ref)
    version = await casework.take(ground, who, case.id, case.version)
    await converse.answer(ground, who, case.id, version, "고쳤습니다", resolve=True)


@pytest.fixture
def corrected(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> Callable[[int], Awaitable[list[str]]]:
    """Send so many messages about drones, and as many others; staff correct the former."""

    async def make(count: int) -> list[str]:
        refs = [await send(ground, drone(n, corrected=True)["text"]) for n in range(count)]
        for n in range(count):
            await send(ground, LAMP.format(PLACES[n % len(PLACES)], word(n)))
        await work_off()
        for ref in refs:
            await correct(ground, city, editor, ref, {"service": "snow_ice"})
        return refs

    return make


async def test_sixty_corrections_make_a_version_that_is_right_on_their_kind(
    ground: Ground,
    beside: Beside,
    home: Home,
    corrected: Callable[[int], Awaitable[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BIGEAR_DATA", raising=False)
    code, told = await beside("train", "--from-hub")
    assert (code, "[model.no_corrections]" in told) == (1, True)
    await corrected(60)
    code, told = await beside("train", "--from-hub")
    assert code == 0, told
    async with ground.db.acquire() as connection:
        [version] = await models.versions(connection)
    assert f"next: bigear model promote {version.name}" in told
    shipped = load_version(home, None)
    assert (version.how, version.parent) == ("from_hub", shipped.model)
    assert lying(home) == [version.name]  # no texts stay behind
    code, told = await beside("evaluate", "--json")
    assert code == 0, told
    judged = json.loads(told)
    cards = judged["cards"]
    assert [card["model"] for card in cards] == [shipped.model, version.name]
    assert [card["service"]["accuracy"] for card in cards] == [0, 1]
    lines = list(table(cards, judged["compared"]))
    kept = cards[0]["messages"]
    assert version.card["messages"] == kept  # it was made with the same before its eyes
    [line] = [line for line in lines if line.startswith("  snow_ice ")]
    assert line.split() == f"snow_ice P 0.00 R 0.00 n {kept} P 1.00 R 1.00 n {kept}".split()
    assert f"{version.name} beside {shipped.model}, on the same messages:" in lines
    code, told = await beside("model", "promote", version.name)
    assert code == 0, told
    assert "`bigear model rollback` goes back to shipped" in told
    code, told = await beside("model", "list")
    assert f"* {version.name}" in told
    assert f"  shipped ({shipped.model})" in told
    new = load_version(home, version.name)
    unseen = [drone(n, corrected=False)["text"] for n in range(100, 110)]
    assert [labels.service.code for labels in new.label(unseen)].count("snow_ice") >= 9
    lamps = [LAMP.format(PLACES[n], word(n + 500)) for n in range(10)]
    assert {labels.service.code for labels in new.label(lamps)} == {"streetlight"}
    code, told = await beside("model", "remove", version.name)
    assert (code, "[model.active]" in told) == (1, True)
    code, told = await beside("model", "rollback")
    assert (code, told) == (0, f"shipped labels again, instead of {version.name}\n")
    assert (await beside("model", "remove", version.name))[0] == 0
    assert lying(home) == []
    code, told = await beside("model", "rollback")
    assert (code, "[model.no_older]" in told) == (1, True)


async def test_a_worse_or_broken_version_is_not_promoted(
    ground: Ground,
    beside: Beside,
    home: Home,
    city: CityNow,
    editor: Principal,
    work_off: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BIGEAR_DATA", raising=False)
    worse, broken = favouring("taxi", home.models), favouring("bus", home.models)
    (home.models / broken / "linear.npz").write_bytes(b"PK nothing")
    for name in (worse, broken):
        await promoting.add(ground, name, "trained", None, {}, "test")
    code, told = await beside("model", "promote", worse)
    assert (code, "[model.not_compared]" in told) == (1, True)
    refs: list[str] = []  # which of them are kept out is chance: eight are needed to tell
    while sum(map(corpus.held_out, refs)) < 8:
        refs.append(await send(ground, LAMP.format("시청역", word(len(refs)))))
    await work_off()
    for ref in filter(corpus.held_out, refs):  # a person says that the model was right
        await correct(ground, city, editor, ref, {"service": "streetlight"})
    code, told = await beside("model", "promote", worse)
    assert (code, "[model.worse]" in told) == (1, True)
    assert "lost and 0 won" in told
    code, told = await beside("model", "promote", broken)
    assert (code, "[model.broken]" in told) == (1, True)
    code, told = await beside("model", "promote", "linear-nothing")
    assert (code, "[model.unknown]" in told) == (1, True)
    async with ground.db.acquire() as connection:
        assert await models.pile(connection, 1) == []
    code, told = await beside("model", "promote", worse, "--force")
    assert code == 0, told
    async with ground.db.acquire() as connection:
        [promotion] = await models.pile(connection, 2)
    assert (promotion.name, promotion.forced) == (worse, True)
    code, told = await beside("model", "promote", "shipped")  # better: no force is needed
    assert code == 0, told
    monkeypatch.setenv("BIGEAR_MODEL", str(home.models / worse))
    code, told = await beside("model", "promote", worse)
    assert (code, "[model.pinned]" in told) == (1, True)


async def test_too_few_corrections_are_refused_and_leave_nothing(
    beside: Beside, home: Home, corrected: Callable[[int], Awaitable[list[str]]]
) -> None:
    await corrected(12)
    for last, half_is_full in (("26", False), ("24", True)):
        code, told = await beside("train", "--from-hub", "--last", last)
        assert (code, "[model.few_corrections]" in told) == (1, True)
        assert ("a greater --last takes older ones along" in told) == half_is_full
    assert lying(home) == []


async def test_a_folder_made_elsewhere_is_taken_in(
    beside: Beside, home: Home, tmp_path: Path, ground: Ground
) -> None:
    name = favouring("taxi", tmp_path / "made")
    folder = tmp_path / "made" / name
    code, told = await beside("model", "add", str(folder))
    assert (code, "[model.broken]" in told) == (1, True)  # it has no report card
    (folder / "scores.json").write_text('{"service": {"accuracy": 0.5}}')
    for _ in range(2):  # the same again changes nothing
        code, told = await beside("model", "add", str(folder))
        assert code == 0, told
    assert load_version(home, name).model == name
    async with ground.db.acquire() as connection:
        [version] = await models.versions(connection)
    assert (version.name, version.how) == (name, "trained")
    code, told = await beside("model", "add", str(tmp_path))
    assert (code, "[model.broken]" in told) == (1, True)


async def test_an_encoder_that_took_hours_stays_until_it_is_taken_in(
    beside: Beside, home: Home, tmp_path: Path, ground_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, codes = favouring("taxi", tmp_path), [2, 0, 0]

    def laboratory(module: str, *words: str | Path, held: object = ()) -> int:
        if module == "classifiers.training.encoder":
            Path(words[2]).mkdir()
            return 0
        out = Path(words[-1])
        for file in ("linear.npz", "places.npz"):
            shutil.copy(tmp_path / name / file, out.with_name(file))
        out.with_name("scores.json").write_text('{"service": {"accuracy": 0.5}}')
        return codes.pop(0)

    monkeypatch.setattr("hub.cli.train._laboratory", laboratory)
    monkeypatch.setattr("hub.cli.train.find_spec", lambda _: True)
    monkeypatch.setenv("BIGEAR_DATA", str(tmp_path))
    code, told = await beside("train", "--pretrain", "some/encoder")
    [half] = home.models.glob("encoder-*")
    assert (code, f"next: bigear train --out {half}/linear.npz" in told) == (2, True)
    monkeypatch.setenv("BIGEAR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    code, told = await beside("train", "--pretrain", "some/encoder")
    [whole] = set(home.models.glob("encoder-*")) - {half}
    assert (code, f"next: bigear model add {whole}" in told) == (1, True)
    monkeypatch.setenv("BIGEAR_DATABASE_URL", ground_url)
    for words in (["model", "add", str(whole)], ["train", "--pretrain", "some/encoder"]):
        code, told = await beside(*words)
        assert (code, f"bigear model promote {name}" in told) == (0, True)
    assert sorted(lying(home)) == sorted([half.name, whole.name, name])


@pytest.mark.parametrize(
    ("array", "card"),
    [
        ({"model": np.array("../photos")}, "{}"),
        ({"model": np.array("shipped")}, "{}"),
        ({"abuse_weights": None}, "{}"),
        ({}, "[]"),
        ({}, '{"how": "guessed"}'),
        ({}, '{"service": 1}'),
        ({}, '{"urgency": {"urgent": {"recall": NaN}}}'),
    ],
)
@pytest.mark.usefixtures("ground")
async def test_what_is_no_version_is_refused_and_touches_nothing(
    beside: Beside, home: Home, tmp_path: Path, array: dict[str, Any], card: str
) -> None:
    home.create()
    (home.photos / "kept.jpg").write_bytes(b"a photo")
    folder = tmp_path / "made"
    folder.mkdir()
    alone = read(WEIGHTS) | {"encoder": None} | array  # no graph lies beside it
    arrays = {name: value for name, value in alone.items() if value is not None}
    np.savez(folder / "linear.npz", **arrays)
    shutil.copy(WEIGHTS.with_name("places.npz"), folder)
    (folder / "scores.json").write_text(card)
    code, told = await beside("model", "add", str(folder))
    assert (code, "[model.broken]" in told) == (1, True), told
    assert [path.name for path in home.photos.iterdir()] == ["kept.jpg"]
    assert lying(home) == []


def test_training_wants_some_messages_and_not_too_many(
    bigear: Bigear, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit):
        bigear("train", "--from-hub", "--last", "-5")
    monkeypatch.setenv("BIGEAR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    for last in (20_001, 10**30):
        code, _, err = bigear("train", "--from-hub", "--last", str(last))
        assert (code, "[model.too_many]" in err) == (1, True)
    for left, most in ((1_200_000_000, 10_000), (600_000_000, 0)):
        monkeypatch.setattr("hub.cli.train.memory_left", lambda left=left: left)
        code, _, err = bigear("train", "--from-hub", "--last", str(most + 1))
        assert (code, f"most: {most}" in err, "takes 2 GB" in err) == (1, True, most > 0)
    assert not home.root.exists()


def test_weights_are_written_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not in the clone, where what trains runs."""
    commands: list[list[str]] = []

    def runs(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", runs)
    monkeypatch.setenv("BIGEAR_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--out", "own/w.npz"]) == 0
    assert commands[0][-2:] == [str(tmp_path), str(tmp_path / "own" / "w.npz")]


async def test_a_version_whose_files_are_gone_is_told_with_what_to_do(
    ground: Ground, beside: Beside, home: Home
) -> None:
    older, newer = favouring("taxi", home.models), favouring("bus", home.models)
    for name in (older, newer):
        await promoting.add(ground, name, "trained", None, {}, "test")
        await promoting.promote(ground, name, "test", {})
    shutil.rmtree(home.models / newer)
    for words in (["evaluate"], ["model", "promote", older]):
        code, told = await beside(*words)
        assert (code, "[model.missing]" in told, "model rollback" in told) == (1, True, True)
    code, told = await beside("model", "list")
    assert told.count(f"its files are not in {home.models}") == 1
    (home.models / older / "linear.npz").rename(home.root / "linear.npz")
    code, told = await beside("model", "rollback")
    assert (code, "[model.missing]" in told, f"model remove {older}" in told) == (1, True, True)
    assert (await beside("model", "remove", older))[0] == 0
    code, told = await beside("model", "rollback")
    assert (code, told) == (0, f"shipped labels again, instead of {newer}\n")


async def test_where_a_worker_has_its_own_model_promote_and_rollback_say_so(
    ground: Ground, beside: Beside, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = favouring("taxi", home.models)
    await promoting.add(ground, name, "trained", None, {}, "test")
    async with ground.db.acquire() as connection:
        await models.report(connection, "a:1", "linear-own", None, pinned=True)
        await models.report(connection, "a:2", "linear-other", None, pinned=False)
    unmoved = "worker a:1 goes on with linear-own, which its BIGEAR_MODEL names"
    code, told = await beside("model", "promote", name, "--force")
    assert (code, unmoved in told, "a:2" in told) == (0, True, False)
    monkeypatch.setenv("BIGEAR_MODEL", "/own")
    code, told = await beside("model", "rollback")
    assert (code, unmoved in told, "BIGEAR_MODEL is set here, to /own" in told) == (0, True, True)


def test_both_forms_of_a_card_have_the_same_headline() -> None:
    of_training = {
        "test": 1138,
        "service": {"accuracy": 0.7988, "accuracy_95": 0.0233},
        "urgency": {"urgent": {"recall": 0.7279, "messages": 147}},
    }
    of_a_version = {
        "messages": 1138,
        "service": {"accuracy": 0.7988, "interval_95": [0.7755, 0.8221], "messages": 1138},
        "urgency": {"urgent": {"recall": 0.7279, "messages": 147}},
    }
    wanted = "service 0.799 [0.775, 0.822] of 1138, urgent 0.728 seen"
    assert headline(of_training) == wanted
    assert headline(of_a_version) == wanted
    of_a_version["urgency"] = {"urgent": {"recall": None, "messages": 0}}
    assert headline(of_a_version).endswith("of 1138, urgent - seen")


async def test_what_is_erased_deleted_or_no_citizens_is_never_exported(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work, tmp_path: Path
) -> None:
    planted = "남궁도로롱네 가로등이 꺼졌어요"
    refs = [await send(ground, f"{planted} {word(n)}") for n in range(4)]
    kept = await send(ground, "여기 가로등이 꺼졌어요")
    await work_off()
    for ref in [*refs, kept]:
        await correct(ground, city, editor, ref, {"service": "bus", "urgency": "high"})
    book = city.now.book
    assert len(await lessons_to_learn(ground, book, 100)) == 5
    await erase_person(ground, tmp_path, Person(ref=refs[0]))
    await ground.db.execute("UPDATE item SET deleted_at = now() WHERE ref = $1", refs[1])
    await ground.db.execute("UPDATE item SET mark = 'sample' WHERE ref = $1", refs[2])
    await ground.db.execute(
        "UPDATE item_text SET text = ' ' FROM item WHERE id = item_id AND ref = $1", refs[3]
    )
    [lesson] = await lessons_to_learn(ground, book, 100)
    [judged] = await lessons_to_judge(ground, book)
    assert lesson.to_learn() == {
        "id": kept,
        "text": "여기 가로등이 꺼졌어요",
        "corrected": {"service": "bus", "urgency": "high"},
        "confirmed": {},
        "doubted": [],
    }
    assert judged.to_judge() == {
        "id": kept,
        "text": "여기 가로등이 꺼졌어요",
        "service": "bus",
        "urgency": "high",
    }


async def test_what_staff_said_is_read_as_what_it_tells(
    ground: Ground,
    city: CityNow,
    editor: Principal,
    work_off: Work,
    stamp_all: Callable[[], Awaitable[int]],
) -> None:
    """Facts count before and after they are stamped; an agency counts where it has one service."""
    book = city.now.book
    alone = next(a.code for a in book.agencies if only_service(book, a.code))
    several = next(a.code for a in book.agencies if not only_service(book, a.code))
    refs = [await send(ground, f"{word(n)} 가로등이 꺼졌어요") for n in range(5)]
    await work_off()
    await correct(ground, city, editor, refs[0], {"intent": "question"})
    await stamp_all()
    await correct(ground, city, editor, refs[0], {"urgency": "low"})
    for ref, agency in ((refs[1], alone), (refs[2], several)):
        await give(ground, city, editor, ref, agency)
    await resolve(ground, editor, refs[3])
    said = {lesson.id: lesson for lesson in await lessons_to_learn(ground, book, 100)}
    assert said[refs[0]].corrected == {"intent": "question", "urgency": "low"}
    assert said[refs[1]].corrected == {"service": only_service(book, alone)}
    assert (said[refs[2]].corrected, said[refs[2]].doubted) == ({}, ["service"])
    assert said[refs[3]].confirmed == {"service": "streetlight"}
    quiet = said[refs[4]]
    assert (quiet.corrected, quiet.confirmed, quiet.doubted) == ({}, {}, [])
    few = await lessons_to_learn(ground, book, 4)
    assert len(few) == 4
    assert {lesson.id for lesson in few} >= {refs[1], refs[2]}  # those first, at most half of all
    judged = {lesson.id for lesson in await lessons_to_judge(ground, book)}
    assert judged == {refs[0], refs[1], refs[3]}


async def test_what_was_said_before_an_edit_is_no_lesson_of_the_text_after_it(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    book = city.now.book
    alone = next(a.code for a in book.agencies if only_service(book, a.code))
    lamp = "서울 중구 시청역 가로등이 꺼졌어요"
    numbers = ("label", "agency", "done", "again", "on its way")
    ids = {number: await tell(ground, f"{lamp} {number}", number=number) for number in numbers}
    await work_off()
    refs = {number: (await of_item(ground, item_id)).ref for number, item_id in ids.items()}
    for number in ("label", "again"):
        await correct(ground, city, editor, refs[number], {"service": "snow_ice"})
    await give(ground, city, editor, refs["agency"], alone)
    await resolve(ground, editor, refs["done"])
    before = {lesson.id: lesson for lesson in await lessons_to_learn(ground, book, 100)}
    assert all(before[ref].corrected or before[ref].confirmed for ref in list(refs.values())[:4])

    for number in numbers:
        await tell(ground, f"{lamp} {number}: 이제 켜졌어요", op="edit", number=number)
    await correct(ground, city, editor, refs["on its way"], {"service": "snow_ice"})
    await work_off()
    await correct(ground, city, editor, refs["again"], {"service": "taxi"})
    after = {lesson.id: lesson for lesson in await lessons_to_learn(ground, book, 100)}
    told = {
        number: (after[ref].corrected, after[ref].confirmed, after[ref].doubted)
        for number, ref in refs.items()
    }
    assert told == {
        "label": ({}, {}, ["service"]),
        "agency": ({}, {}, ["service"]),
        "done": ({}, {}, []),
        "again": ({"service": "taxi"}, {}, []),
        "on its way": ({}, {}, ["service"]),
    }
    assert [lesson.id for lesson in await lessons_to_judge(ground, book)] == [refs["again"]]


async def test_what_was_taken_back_is_no_lesson(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    """By hand: the labels that stood before, the agency that had it before."""
    book = city.now.book
    alone = next(a.code for a in book.agencies if only_service(book, a.code))
    label, agency = [await send(ground, f"{word(n)} 가로등이 꺼졌어요") for n in range(2)]
    await work_off()
    async with ground.db.acquire() as connection:
        case = await reading.record_of_ref(connection, label)
        given = await reading.record_of_ref(connection, agency)
    assert case is not None
    assert given is not None
    led_to = str(given.agency)
    assert led_to not in ("None", alone)
    old = {"service": str(case.service), "urgency": str(case.urgency)}
    await correct(ground, city, editor, label, {"service": "taxi", "urgency": "low"})
    await give(ground, city, editor, agency, alone)
    said = {lesson.id: lesson.corrected for lesson in await lessons_to_learn(ground, book, 100)}
    assert said[label] == {"service": "taxi", "urgency": "low"}
    assert said[agency] == {"service": only_service(book, alone)}

    await correct(ground, city, editor, label, old)
    await give(ground, city, editor, agency, led_to)
    for lesson in await lessons_to_learn(ground, book, 100):
        assert (lesson.corrected, lesson.confirmed, lesson.doubted) == ({}, {}, [])
    assert await lessons_to_judge(ground, book) == []


async def test_a_move_that_was_undone_says_nothing_of_the_text(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    book = city.now.book
    alone = next(a.code for a in book.agencies if only_service(book, a.code))
    item_id = await tell(ground, "서울 중구 시청역 가로등이 꺼졌어요", number="moved")
    await work_off()
    ref = (await of_item(ground, item_id)).ref
    await give(ground, city, editor, ref, alone)
    await tell(ground, "서울 중구 시청역 가로등이 이제 켜졌어요", op="edit", number="moved")
    await work_off()
    await give(ground, city, editor, ref, "fire")
    async with ground.db.acquire() as connection:
        case = await reading.record_of_ref(connection, ref)
    assert case is not None
    await converse.note(ground, editor, case.id, "전화해 봄")
    await undo_last(ground, city, editor, case.id, case.version)
    [lesson] = await lessons_to_learn(ground, book, 100)
    assert (lesson.corrected, lesson.doubted) == ({}, ["service"])


async def test_only_where_a_person_named_the_agency_is_the_history_of_a_case_read(
    ground: Ground, city: CityNow, editor: Principal, work_off: Work
) -> None:
    """With the history of all, learning took longer than a query may as a hub grew."""
    refs = [await send(ground, f"{word(n)} 가로등이 꺼졌어요") for n in range(5)]
    await work_off()
    await correct(ground, city, editor, refs[0], {"service": "bus"})
    await give(ground, city, editor, refs[1], "metro")
    async with ground.db.acquire() as connection, connection.transaction():
        assert len(await lessons.newest(connection, 4)) == 4
        assert len(await lessons.judged(connection, 4)) == 2
        looked = await connection.fetchval(
            "SELECT seq_scan + idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'outbox'"
        )
    assert looked <= 3  # for the one that was given away, by each of three queries


async def test_a_query_that_takes_too_long_is_told_with_a_code(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TimeoutError) as late:
        await ground.db.execute("SELECT pg_sleep(9)", timeout=0.01)
    _terminal.tell("train", late.value)
    assert "[servers.slow]" in capsys.readouterr().err


def test_a_folder_without_labels_is_refused(bigear: Bigear, tmp_path: Path) -> None:
    code, _, err = bigear("evaluate", "--data", tmp_path)
    assert (code, str(tmp_path) in err) == (2, True)


@pytest.mark.usefixtures("settled")
def test_no_version_but_the_shipped_one_is_listed_at_first(bigear: Bigear) -> None:
    code, out, _ = bigear("model", "list")
    assert code == 0
    assert out.startswith("* shipped (")
    assert "no worker runs" in out
