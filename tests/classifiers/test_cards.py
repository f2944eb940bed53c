"""Report cards say what they should of answers that are known; a worse version is told from chance."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers import load
from classifiers.model import WEIGHTS, read
from classifiers.training import corpus, from_hub, scores
from classifiers.training.card import card, compare, judge
from classifiers.training.evaluate import kept_out
from hub.cli._cards import table, worse
from hub.model.labels import Label, Labels
from tests.classifiers.test_training import write


class Says:
    """A model that answers what its texts hold: ``service intent urgency confidence``, or as ``sure``
    as it is told to be."""

    model = "says"

    def __init__(self, wrong: Sequence[int] = (), sure: float | None = None) -> None:
        self.wrong = set(wrong)
        self.sure = sure
        self.asked = 0

    def label(self, texts: Sequence[str]) -> list[Labels]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Labels:
        service, intent, urgency, confidence = text.split()[:4]
        if self.asked in self.wrong:
            service, urgency = "other", "low"
        self.asked += 1
        sure = float(confidence) if self.sure is None else self.sure
        return Labels(
            service=Label(service, sure),
            intent=Label(intent, sure),
            urgency=Label(urgency, sure),
            language=Label("ko" if sure > 0.5 else "en", 1),
            places=(),
            abstain=sure < 0.6,
            model=self.model,
        )


def word(number: int) -> str:
    """Messages that begin alike but for digits count as one message sent twice: so no digits."""
    return chr(0xAC00 + number * 37 % 11_172) * 2


def row(text: str, service: str, urgency: str = "high", src: str = "x") -> dict[str, Any]:
    return {"id": text, "text": text, "service": service, "urgency": urgency, "src": src}


def test_a_card_counts_what_is_right() -> None:
    rows = [row("bus report high 0.9", "bus")] * 6
    rows += [row("taxi report low 0.5", "bus")] * 2
    rows += [row("taxi report emergency 0.7", "taxi", "normal", "y")] * 2
    told = card("m", judge(Says(), rows), len(rows))  # type: ignore[arg-type]
    service = told["service"]
    assert (told["messages"], service["messages"], service["accuracy"]) == (10, 10, 0.8)
    low, high = service["interval_95"]
    assert 0.45 < low < 0.8 < high < 0.97
    assert service["by_class"]["bus"] == {"precision": 1.0, "recall": 0.75, "messages": 8}
    assert service["by_class"]["taxi"] == {"precision": 0.5, "recall": 1.0, "messages": 2}
    assert service["by_source"]["y"] == {"accuracy": 1.0, "messages": 2}
    assert service["by_language"]["en"] == {"accuracy": 0.0, "messages": 2}
    assert service["confusions"] == [{"wanted": "bus", "given": "taxi", "messages": 2}]
    assert service["abstention"] == {"left_to_a_person": 0.2, "accuracy_of_the_rest": 1.0}
    assert service["accuracy_at_80_percent"] == 1.0
    assert service["calibration_error"] == pytest.approx(0.6 * 0.1 + 0.2 * 0.5 + 0.2 * 0.3)
    assert told["urgency"]["urgent"] == {"recall": 0.75, "precision": 0.75, "messages": 8}
    assert "intent" not in told  # nobody has judged it


def test_a_figure_of_nothing_is_none() -> None:
    """NaN is no JSON, and PostgreSQL refuses it."""
    rows = [row("bus report low 0.5", "bus", "low")]  # nothing urgent, and left to a person
    told = card("m", judge(Says(), rows), 1)  # type: ignore[arg-type]
    codes, found = np.array(["low", "high"]), np.array([[0.5, 0.5]], np.float32)
    wanted, given = np.array(["low"]), np.array(["low"])
    urgent = scores.urgent(found, codes, wanted, given)
    rest = scores.abstention(found, codes, wanted, 0.6)
    assert told["urgency"]["urgent"] == {"recall": None, "precision": None, "messages": 0}
    assert urgent == told["urgency"]["urgent"] | {
        f"precision_at_recall_{recall}": None for recall in (0.8, 0.9, 0.95)
    }
    assert told["service"]["abstention"]["accuracy_of_the_rest"] is None
    assert rest == {"below": 0.6, "left_to_a_person": 1.0, "accuracy_of_the_rest": None}
    report = scores.report(found, codes, wanted, rows)
    assert (report["macro_f1"], report["accuracy_at_80_percent"]) == (None, 1.0)
    assert json.dumps([told, report], allow_nan=False)
    assert all("nan" not in line for line in table([told], None))


@pytest.mark.parametrize(
    ("ruling_wrong", "offered_wrong", "worse"),
    [
        ([], [0, 1, 2, 3, 4], ["service", "urgent"]),  # 5 lost, none won: 1 in 32
        ([], [0, 1, 2, 3], []),  # 1 in 16 is not beyond chance
        ([5, 6, 7], [0, 1, 2, 3, 4, 5], []),
        ([0, 1, 2, 3, 4], [], []),
        ([], [], []),
    ],
)
def test_worse_is_what_chance_does_not_explain(
    ruling_wrong: list[int], offered_wrong: list[int], worse: list[str]
) -> None:
    rows = [row("bus report high 0.9", "bus")] * 10
    ruling, offered = judge(Says(ruling_wrong), rows), judge(Says(offered_wrong), rows)  # type: ignore[arg-type]
    assert compare(ruling, offered)["worse"] == worse
    test = compare(ruling, offered)["service"]
    assert test["lost"] == len(set(offered_wrong) - set(ruling_wrong))


@pytest.mark.parametrize(
    ("before", "now", "count", "miscalibrated"),
    [
        (0.95, 0.6, 40, True),  # doubts what it has right
        (0.95, 0.92, 40, False),
        (0.6, 0.95, 40, False),
        (0.95, 0.6, 3, False),  # 1 in 8 is not beyond chance
    ],
)
def test_confidence_that_is_worth_much_less_is_told(
    before: float, now: float, count: int, miscalibrated: bool
) -> None:
    rows = [row(f"bus report high {n}", "bus") for n in range(count)]
    rows = [one | {"intent": "report"} for one in rows]
    ruling, offered = (
        judge(Says(sure=sure), rows)  # type: ignore[arg-type]
        for sure in (before, now)
    )
    told = compare(ruling, offered)
    assert told["miscalibrated"] == (["service", "intent", "urgency"] if miscalibrated else [])
    assert told["calibration"]["service"] == {
        "messages": count,
        "before": pytest.approx(1 - before, abs=1e-4),
        "now": pytest.approx(1 - now, abs=1e-4),
        "worse": miscalibrated,
    }
    assert ("confidence of the service: calibration error 0.400" in worse(told)) == miscalibrated


def test_what_is_newly_right_but_not_sure_yet_does_not_count_against_a_version() -> None:
    rows = [row("bus report high 0.5", "bus")] * 40
    ruling, offered = judge(Says(range(40)), rows), judge(Says(), rows)  # type: ignore[arg-type]
    assert compare(ruling, offered)["miscalibrated"] == []


def test_the_hubs_own_messages_are_kept_out_by_the_same_hash(tmp_path: Path) -> None:
    write(
        tmp_path / "labels" / "rows.jsonl.gz",
        [
            {"id": str(n), "text": f"{word(n)} 번째 글", "service": "bus", "intent": "report"}
            | {"urgency": "low"}
            for n in range(200)
        ],
    )
    own = [row(f"hub {word(n)} text", "bus") for n in range(200)]
    there = next(n for n in range(200) if corpus.held_out(str(n)))
    rows = kept_out([*own, row(f"{word(there)} 번째 글", "taxi")], tmp_path)
    of_hub = [one for one in rows if one.get("src") == "hub"]
    assert 15 < len(of_hub) < 50
    assert {one["id"] for one in rows if "src" not in one} <= {str(n) for n in range(200)}
    learned = from_hub.lessons(own, of_hub)
    assert len(learned) + len(of_hub) == 200
    assert {one["id"] for one in learned}.isdisjoint(one["id"] for one in of_hub)


PLACES = ("시청역", "마포구", "잠실", "한강", "신촌", "노원", "강서구", "Itaewon", "상암동", "천호")


def drone(number: int, corrected: bool) -> dict[str, Any]:
    """A new kind of message, which staff call snow_ice, as no model would."""
    place = PLACES[number % len(PLACES)]
    text = f"{place} {word(number)}동 드론 택배 착륙장이 집에 너무 가까워서 위험해 보입니다"
    said = {"service": "snow_ice"} if corrected else {}
    return {"id": f"d{number}", "text": text, "corrected": said, "confirmed": {}, "doubted": []}


def others() -> list[dict[str, Any]]:
    texts = (
        "가로등이 꺼졌어요",
        "버스가 오지 않습니다",
        "쓰레기를 무단으로 버립니다",
        "pothole on the main street",
        "지하철 에스컬레이터 고장",
        "공사 소음이 밤에도 심합니다",
    )
    dice = random.Random(1)
    return [
        {"id": f"o{n}", "text": f"{dice.choice(PLACES)} {dice.choice(texts)} {n}"}
        | {"corrected": {}, "confirmed": {}, "doubted": []}
        for n in range(90)
    ]


def test_corrections_pull_their_kind_and_the_rest_stays(tmp_path: Path) -> None:
    rows = [drone(n, corrected=True) for n in range(60)] + others()
    judged = [{"id": one["id"], "text": one["text"]} | one["corrected"] for one in rows[:60]]
    report = from_hub.make(None, tmp_path / "version", rows + judged, None)
    old, new = load(), load(tmp_path / "version")
    assert new.model == report["model"] != old.model == report["parent"]
    unseen = [drone(n, corrected=False)["text"] for n in range(100, 120)]
    before = [labels.service.code for labels in old.label(unseen)]
    after = [labels.service.code for labels in new.label(unseen)]
    assert before.count("snow_ice") == 0
    assert after.count("snow_ice") >= 18
    plain = [one["text"] for one in others()]
    same = [
        a.service.code == b.service.code
        for a, b in zip(old.label(plain), new.label(plain), strict=True)
    ]
    assert np.mean(same) >= 0.97
    parent, child = read(WEIGHTS), read(tmp_path / "version" / "linear.npz")
    intents = slice(len(parent["service_classes"]), None)  # nobody corrected those
    assert (parent["weights"][:, intents] == child["weights"][:, intents]).all()
    assert (parent["service_calibration"] == child["service_calibration"]).all()
    learned = report["learned_from"]["service"]
    kept = report["service"]["messages"]
    assert learned["corrected"] + kept == 60
    assert kept >= 5
    assert report["service"]["accuracy"] > report["parent_card"]["service"]["accuracy"] == 0
    assert json.loads((tmp_path / "version" / "scores.json").read_text()) == report


def test_what_a_feed_puts_before_every_message_makes_no_twins_of_them(tmp_path: Path) -> None:
    form = (
        "서울시 민원 창구로 들어온 글을 그대로 전해 드립니다. 보내신 분이 적은 내용은 이렇습니다: "
    )
    rows = [
        one | {"text": form + one["text"]} for n in range(60) for one in [drone(n, corrected=True)]
    ]
    assert len({corpus.beginning(one["text"]) for one in rows}) == 1
    again = [one | {"id": f"{one['id']} again"} for one in rows]
    kept = {one["text"] for one in [*rows, *again] if corpus.held_out(one["id"])}
    learned = from_hub.lessons([*rows, *again], [])
    assert learned == [one for one in [*rows, *again] if one["text"] not in kept]
    assert len(learned) > 60
    judged = [{"id": one["id"], "text": one["text"]} | one["corrected"] for one in rows]
    report = from_hub.make(None, tmp_path / "version", [*rows, *others(), *judged], None)
    assert report["service"]["messages"] > 5
    assert report["service"]["accuracy"] > report["parent_card"]["service"]["accuracy"]


def test_too_few_corrections_make_no_version(tmp_path: Path) -> None:
    rows = [drone(n, corrected=True) for n in range(10)] + others()
    with pytest.raises(from_hub.TooFew):
        from_hub.make(None, tmp_path / "version", rows, None)
    assert not (tmp_path / "version").exists()


def test_a_doubted_label_neither_pulls_nor_holds() -> None:
    rows = [drone(n, corrected=True) for n in range(30)]
    doubted = [drone(n, corrected=False) | {"doubted": ["service"]} for n in range(30, 60)]
    arrays = read(WEIGHTS)
    with_them, told = from_hub.learn(arrays, rows + doubted)
    without, _ = from_hub.learn(arrays, rows)
    step = told["service"].pop("step")
    assert told["service"] == {"corrected": 30, "doubted": 30}
    assert step >= 0.75
    assert (with_them["weights"] == without["weights"]).all()
    held, _ = from_hub.learn(arrays, rows + [one | {"doubted": []} for one in doubted])
    assert (held["weights"] != without["weights"]).any()


@pytest.mark.parametrize(("apart", "least", "most"), [(True, 1.0, 1.5), (False, 0.0, 0.25)])
def test_a_change_goes_as_far_as_it_is_right_about_others(
    apart: bool, least: float, most: float
) -> None:
    """Of 100 messages 30 were corrected: all of a kind, or some of many that are alike."""
    corrected = np.arange(100) < 30
    x = np.eye(2, dtype=np.float32)[np.where(corrected & apart, 1, 0)]
    head = from_hub.Head(
        "service",
        ("a", "b"),
        slice(2),
        (3.0, 0.05),
        np.where(corrected, 1, -1),
        np.zeros(100, np.bool_),
    )
    scores = np.tile(np.array([[0.55, 0.45]], np.float32), (100, 1))
    parts = [from_hub.Part(from_hub.States(x, np.eye(2, dtype=np.float32)), scores, 1.0)]
    assert least <= from_hub.best_step(head, parts, np.arange(100) % corpus.FOLDS) <= most


def test_corrections_that_teach_nothing_make_no_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(from_hub, "STEPS", (0.0,))
    rows = [drone(n, corrected=True) for n in range(60)] + others()
    with pytest.raises(from_hub.Unlike):
        from_hub.make(None, tmp_path / "version", rows, None)
    assert not (tmp_path / "version").exists()


def test_a_version_made_of_a_file_has_what_lies_beside_it(tmp_path: Path) -> None:
    rows = [drone(n, corrected=True) for n in range(60)] + others()
    from_hub.make(WEIGHTS, tmp_path / "version", rows, None)
    made = load(tmp_path / "version")
    assert made.label(["드론 택배 착륙장이 너무 가까워요"])
    assert not (tmp_path / "version" / "model.safetensors").exists()


def test_what_a_version_has_no_class_for_neither_pulls_nor_holds() -> None:
    rows = [drone(n, corrected=True) for n in range(30)]
    unknown = [drone(n, corrected=False) | {"corrected": {"service": "ufo"}} for n in range(30, 60)]
    arrays = read(WEIGHTS)
    with_them, told = from_hub.learn(arrays, rows + unknown)
    without, _ = from_hub.learn(arrays, rows)
    assert told["service"]["corrected"] == 30
    assert (with_them["weights"] == without["weights"]).all()


def test_what_is_kept_out_is_kept_out_before_anybody_judged_it() -> None:
    rows = [row(f"hub {word(n)} text", "bus") for n in range(200)]
    quiet = next(one for one in rows if corpus.held_out(one["id"]))
    twin = next(one for one in rows if not corpus.held_out(one["id"])) | {"text": quiet["text"]}
    learned = from_hub.lessons([quiet, twin, *rows], [])
    assert learned and not any(corpus.held_out(one["id"]) for one in learned)
    assert quiet["text"] not in {one["text"] for one in learned}


def test_what_is_like_an_older_message_that_judges_is_not_learned(tmp_path: Path) -> None:
    rows = [drone(n, corrected=True) for n in range(40)]
    rows = [one for one in rows if not corpus.held_out(one["id"])]
    older = next(f"old {n}" for n in range(100) if corpus.held_out(f"old {n}"))
    judge = {"id": older, "text": rows[0]["text"], "service": "snow_ice"}
    report = from_hub.make(None, tmp_path / "version", [*rows, *others(), judge], None)
    assert report["learned_from"]["corrected"] == len(rows) - 1
    assert report["messages"] == 1


def test_a_folder_that_is_there_is_refused_before_anything_is_learned(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="is there already"):
        from_hub.make(None, tmp_path, [drone(n, corrected=True) for n in range(40)], None)


def test_confidence_stays_what_it_is_worth_however_much_was_confirmed() -> None:
    """What staff confirm is what the model was sure of: fitted to that, it would doubt nothing."""
    said = [drone(n, corrected=True) for n in range(60)] + [
        one
        | {"id": f"{one['id']}-{n}", "text": f"{word(n)} {one['text']}"}
        | {"confirmed": {"service": "streetlight"}}
        for one in others()
        for n in range(4)
    ]
    arrays = read(WEIGHTS)
    fresh, _ = from_hub.learn(arrays, said)
    assert (fresh["weights"] != arrays["weights"]).any()
    kept = [name for name in arrays if name.endswith(("_calibration", "_mix"))]
    assert len(kept) >= 3
    assert all((fresh[name] == arrays[name]).all() for name in (*kept, "abstain_below"))
