"""Where a text says it is: what the shipped weights find, and how they are learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.model import PLACES, WEIGHTS, load, read
from classifiers.spans import BITS
from classifiers.spans import load as load_places
from classifiers.training import corpus, places

MODEL = load()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("강남역 3번 출구에 쓰레기가 쌓여 있습니다", "강남역 3번 출구"),
        ("관악구 신림동에 가로등이 없어요", "관악구 신림동"),
        ("신도림역 고장. 신도림역 1번 출구가 막혔습니다", "신도림역 1번 출구"),
        ("여의도 한강공원 쓰레기통이 넘쳐요", "여의도 한강공원"),
        ("Pothole in front of 344 Saratoga street since May", "344 Saratoga street"),
        ("Graffiti all over the benches in Garvey Park, please clean", "Garvey Park"),
    ],
)
def test_a_place_is_found_first(text: str, place: str) -> None:
    assert MODEL.places([text])[0][0].text == place


@pytest.mark.parametrize(
    "text",
    [
        "부동산 정책과 저출산 문제를 걱정합니다",
        "친구가 이름으로 30명을 모았습니다",
        "운동과 활동을 할 공원이 없어요",
        "우리 집 앞 가로등이 나갔어요",
        "The street light near my house is out",
        "서울시에 건의합니다",
    ],
)
def test_without_a_name_there_is_no_place(text: str) -> None:
    assert MODEL.places([text]) == [()]


def made_up(names: list[str]) -> list[tuple[str, str]]:
    frames = ("{} 앞 가로등이 꺼졌어요", "{}에서 물이 샙니다", "{} 근처가 너무 어두워요")
    said = [(frame.format(name), name) for name in names for frame in frames]
    return said + [("가로등이 꺼졌어요", ""), ("물이 샙니다", ""), ("너무 어두워요", "")] * 10


def test_names_that_were_never_seen_are_found() -> None:
    first, second = "가나다라마바사아자차", "리미비시이지치키티피"
    names = [f"{a}{b}{end}" for a, b in zip(first, second, strict=True) for end in ("역", "동")]
    model = places.train(made_up(names) * 6)
    assert [span.text for span in model.find("호두역 앞 가로등이 꺼졌어요")] == ["호두역"]
    assert [span.text for span in model.find("보라동에서 물이 샙니다")] == ["보라동"]
    assert model.find("가로등이 꺼졌어요") == ()


def test_the_same_lessons_give_the_same_weights() -> None:
    once, again = (places.train(made_up(["강남역", "계동"])) for _ in range(2))
    assert np.array_equal(once.weights, again.weights)
    assert (once.scale, once.bias) == (again.scale, again.bias)


def test_the_gradient_is_the_slope_of_the_likelihood() -> None:
    texts = [("강남역 앞 물이 샙니다. 강남역!", "강남역"), ("물이 샙니다", "")]
    lessons = [one for text, place in texts if (one := places.lesson(text, place))]
    batch = places.Batch(lessons)
    random = np.random.default_rng(0)
    weights = random.normal(scale=0.1, size=2**BITS)
    slope, _ = batch.slope(weights, -1.0)
    gradient = batch.gradient(slope)
    touched = np.flatnonzero(gradient)
    for bucket in random.choice(touched, 12, replace=False):
        step = np.zeros(2**BITS)
        step[bucket] = 1e-4
        _, up = batch.slope(weights + step, -1.0)
        _, down = batch.slope(weights - step, -1.0)
        assert (up - down) / 2e-4 == pytest.approx(gradient[bucket], abs=1e-4)


def test_a_place_that_is_no_piece_teaches_nothing() -> None:
    assert places.lesson("가로등", "전봇대") is None
    assert places.lesson("...", "") is None


def test_a_version_has_its_own_place_weights_or_is_none(tmp_path: Path) -> None:
    arrays = read(WEIGHTS)
    del arrays["encoder"]
    np.savez(tmp_path / "linear.npz", **arrays)
    with pytest.raises(ValueError, match=PLACES):
        load(tmp_path / "linear.npz")
    text = "강남역 3번 출구 앞에 쓰레기가 쌓여 있습니다"
    assert load(alone=True).label([text])[0].places
    silent = replace(load_places(), sure=1.1)
    np.savez(tmp_path / PLACES, **places.arrays(silent))
    assert load(tmp_path / "linear.npz").label([text])[0].places == ()


@pytest.mark.parametrize("content", [b"", b"PK nothing", b"text"])
def test_what_is_no_file_of_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / PLACES).write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        load_places(tmp_path / PLACES)


def test_the_weights_fit_the_repository() -> None:
    assert WEIGHTS.with_name(PLACES).stat().st_size <= 1_000_000


def test_seeds_are_read_and_checked(tmp_path: Path) -> None:
    lines = ("report\thigh\t강남역\t강남역 침수", "\t\t\t배수")
    (tmp_path / "flooding.tsv").write_text("\n".join(lines), encoding="utf-8")
    assert list(corpus.seeds(tmp_path)) == [
        ("flooding", "report", "high", "강남역", "강남역 침수"),
        ("flooding", "", "", "", "배수"),
    ]
    for wrong in ("report\thigh\t강남역", "report\thigh\t강남역\t역삼역 침수"):
        (tmp_path / "flooding.tsv").write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match=r"flooding\.tsv, line 1"):
            list(corpus.seeds(tmp_path))
