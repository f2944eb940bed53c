"""What the weights promise holds on the messages kept out of training; and how they are learned."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers import load
from classifiers.encoder import GRAPH, SHEET, TOKENIZER
from classifiers.model import WEIGHTS, probabilities
from classifiers.training import baseline, corpus, ridge, scores, vectors
from classifiers.training.__main__ import judged, main
from classifiers.training.calibration import calibrate
from hub.model.labels import INTENTS, SERVICES, URGENCIES


@pytest.fixture(scope="module")
def told() -> Any:
    return json.loads(WEIGHTS.with_name("scores.json").read_text(encoding="utf-8"))


def test_the_weights_are_as_right_as_they_say(data_folder: Path, told: Any) -> None:
    model = load()
    assert model.model == told["model"]
    _, unseen = corpus.split(corpus.read(data_folder))
    found = judged(model, unseen)
    for head, asked in (("service", 0.79), ("intent", 0.84), ("urgency", 0.81)):
        # int8 products differ a little between processors
        assert found[head]["accuracy"] == pytest.approx(told[head]["accuracy"], abs=0.005)
        assert found[head]["accuracy"] > asked
        for recipe in told["baselines"].values():
            assert found[head]["accuracy"] > recipe[head]["accuracy"]
        assert found[head]["calibration_error"] <= 0.05
    assert found["service"]["accuracy"] > told["linear_alone"]["service"]["accuracy"]
    assert found["urgency"]["urgent"]["recall"] > 0.70
    placed = scores.places(unseen, model.places([row["text"] for row in unseen]))
    assert placed["f1"] == pytest.approx(told["place"]["f1"], abs=0.01)
    assert told["place"]["f1"] > 0.42
    assert told["place"]["f1"] > told["linear_alone"]["place"]["f1"]
    answers = model.label([row["text"] for row in unseen])  # the net may cost a little
    pairs = zip(answers, unseen, strict=True)
    assert sum(labels.service.code == row["service"] for labels, row in pairs) / len(unseen) > 0.79


def test_the_weights_fit_the_repository() -> None:
    assert WEIGHTS.stat().st_size <= 13_000_000


def test_nothing_kept_out_is_learned(data_folder: Path) -> None:
    rows = corpus.read(data_folder)
    known, unseen = corpus.split(rows)
    kept = {corpus.beginning(row["text"]) for row in unseen}
    assert kept.isdisjoint(corpus.beginning(row["text"]) for row in known)
    assert kept.isdisjoint(corpus.beginning(text) for *_, text in corpus.seeds())
    assert kept.isdisjoint(
        corpus.beginning(row["text"]) for row in corpus.readings(data_folder, known)
    )
    assert len(unseen) / len(rows) == pytest.approx(0.15, abs=0.01)


def test_every_service_has_seeds() -> None:
    seeds = list(corpus.seeds())
    assert {service for service, *_ in seeds} == set(SERVICES)
    assert {intent for _, intent, *_ in seeds} <= {"", *INTENTS}
    assert {urgency for _, _, urgency, *_ in seeds} <= {"", *URGENCIES}
    assert all(place in text for *_, place, text in seeds)
    assert len({(service, text) for service, *_, text in seeds}) == len(seeds)


def test_what_is_set_aside_is_none_that_is_kept_out() -> None:
    ids = [f"dem-{number}" for number in range(4_000)]
    aside = {one for one in ids if corpus.set_aside(one)}
    assert len(aside) / len(ids) == pytest.approx(0.1, abs=0.02)
    assert not any(corpus.held_out(one) for one in aside)


def write(path: Path, rows: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def test_how_a_message_goes_on_is_found(tmp_path: Path) -> None:
    whole = "가로등이 꺼진 골목이 무섭습니다." + " 가로등이 꺼진 골목이 무섭습니다." * 20
    write(tmp_path / "text" / "some.jsonl.gz", [{"title": "밤길", "text": whole}, {"text": "x"}])
    row = {"text": f"밤길. {whole}"[:120]}
    ((number, rest),) = corpus.rests(tmp_path, [{"text": "다른 글"}, row])
    assert number == 1
    assert row["text"] + rest == f"밤길. {whole}"


def test_weights_are_replaced_once_they_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a city's few labels, of two codes a head and one, and without anything urgent."""
    of_each = (
        ("streetlight", "report", "가로등이 꺼졌어요"),
        ("parks_trees", "request", "나무를 심어 주세요"),
    )
    rows = [
        {
            "id": f"{service} {n}",
            "text": f"{chr(0xAC00 + 37 * n) * 2}동 {text}",
            "urgency": "normal",
        }
        | {"service": service, "intent": intent}
        for n in range(100)
        for service, intent, text in of_each
    ]
    write(tmp_path / "labels" / "rows.jsonl.gz", rows)
    monkeypatch.setattr(corpus, "seeds", lambda: iter(()))
    out = tmp_path / "out" / "linear.npz"
    out.parent.mkdir()
    for name in (GRAPH, SHEET, TOKENIZER):
        out.with_name(name).symlink_to(WEIGHTS.with_name(name))
    assert main([str(tmp_path), str(out)]) == 0
    told = json.loads(out.with_name("scores.json").read_text(), parse_constant=pytest.fail)
    assert told["model"] == load(out).model
    assert told["urgency"]["urgent"]["recall"] is None
    assert "asked" in told  # the encoder was mixed in
    before = {path.name: path.stat().st_mtime_ns for path in out.parent.iterdir()}
    assert set(before) == {GRAPH, SHEET, TOKENIZER, "linear.npz", "places.npz", "scores.json"}

    monkeypatch.setitem(baseline.RECIPES, "svm", lambda *_: np.empty(0).argmax())
    assert main([str(tmp_path), str(out)]) == 2
    assert {path.name: path.stat().st_mtime_ns for path in out.parent.iterdir()} == before


@pytest.mark.parametrize("row", [{"id": "1", "text": "x"}, [], {"id": 1, "text": "x"}])
def test_a_row_without_its_labels_is_refused(tmp_path: Path, row: Any) -> None:
    write(tmp_path / "labels" / "rows.jsonl.gz", [row])
    with pytest.raises(ValueError, match=r"rows\.jsonl\.gz"):
        corpus.read(tmp_path)


def test_the_dual_is_ridge_regression() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(30, 5)).astype(np.float32)
    wanted = random.normal(size=(30, 2)).astype(np.float32)
    wanted[:, 1] = 0  # a class that nobody has
    weights = random.uniform(0.5, 2, 30).astype(np.float32)
    rows = np.arange(3, 27)
    fit = ridge.fit(x @ x.T, wanted, weights, rows, 0.4)
    scaled = x[rows] * weights[rows, None]
    primal = np.linalg.solve(
        scaled.T @ x[rows] + 0.4 * np.eye(5), scaled.T @ (wanted[rows] - fit.mean)
    )
    assert x[rows].T @ fit.dual == pytest.approx(primal, abs=1e-4)


def test_what_is_not_solved_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ridge, "MOST_STEPS", 2)
    x = np.random.default_rng(0).normal(size=(40, 20)).astype(np.float32)
    with pytest.raises(ValueError, match="too much alike"):
        ridge.fit(x @ x.T, x[:, :2], np.ones(40, np.float32), np.arange(40), 1e-3)


def test_kinds_are_features_of_their_own_beside_those_of_all() -> None:
    dice = np.random.default_rng(4)
    x, wanted = (dice.normal(size=(60, n)).astype(np.float32) for n in (8, 3))
    weights = dice.uniform(0.5, 2, 60).astype(np.float32)
    names = ["labelled"] * 20 + ["ours"] * 25 + ["petitions"] * 15
    kinds, rows = ridge.Kinds.of(names, 0.5), np.flatnonzero(np.arange(60) % 7)
    found = ridge.fit(x @ x.T, wanted, weights, rows, 0.4, kinds=kinds)

    means = np.zeros_like(wanted)
    for piece in kinds.pieces:
        inside = [n for n in rows if piece.start <= n < piece.stop]
        means[piece] = np.average(wanted[inside], axis=0, weights=weights[inside])
    own = [x * np.sqrt(0.5) * (np.array(names) == name)[:, None] for name in sorted(set(names))]
    wide = np.hstack([x, *own])[rows]
    share = weights[rows][:, None]
    plain = np.linalg.solve(
        (wide * share).T @ wide + 0.4 * np.eye(wide.shape[1]),
        (wide * share).T @ (wanted - means)[rows],
    )
    np.testing.assert_allclose(
        found.weights(x), plain[:8] + np.sqrt(0.5) * plain[8:16], rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(found.mean, means[0], atol=1e-6)
    with pytest.raises(ValueError, match="follow one another"):
        ridge.Kinds.of(["a", "b", "a"], 0.5)


def test_the_kernel_is_of_inner_products() -> None:
    counted = vectors.counted(["가로등이 꺼졌어요", "가로등 고장", "pothole", ""])
    x = vectors.matrix(counted, np.ones(2**vectors.BITS, np.float32))
    assert vectors.kernel(x) == pytest.approx((x @ x.T).toarray())


def test_calibration_finds_what_the_scores_are_worth() -> None:
    random = np.random.default_rng(0)
    shares = random.dirichlet(np.ones(4), 4_000)
    truth = np.array([random.choice(4, p=row) for row in shares])
    sure = np.sqrt(shares).astype(np.float32)  # as if the model had been too timid
    sharpness, floor = calibrate(sure, truth)
    assert sharpness == pytest.approx(2, abs=0.3)
    guessed = probabilities(sure, sharpness, floor)
    error = scores.calibration_error(guessed.max(axis=1), guessed.argmax(axis=1) == truth)
    assert error < 0.03


@pytest.mark.parametrize("recipe", baseline.RECIPES)
@pytest.mark.parametrize(
    "codes", [("report", "request", "question"), ("report", "request"), ("report",)]
)
def test_what_is_to_beat_copes_with_few_classes(recipe: str, codes: tuple[str, ...]) -> None:
    """A city's labels may use two codes of a head, or one."""
    said = {
        "report": "가로등이 꺼졌어요",
        "request": "벤치를 놓아 주세요",
        "question": "언제 여나요?",
    }
    texts = [f"{said[code]} {number}번지" for code in codes for number in range(20)]
    labels = np.array([code for code in codes for _ in range(20)])
    asked = [said[code] for code in codes]
    found, classes = baseline.guess(baseline.RECIPES[recipe], texts, labels, asked)
    assert found.shape == (len(codes), len(codes))
    assert found.sum(axis=1) == pytest.approx(1)
    assert [str(code) for code in classes[found.argmax(axis=1)]] == list(codes)
