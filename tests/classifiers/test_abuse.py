"""Abuse is told from anger; how often, on messages that nothing was tuned to."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers import load
from classifiers.abuse import PIECE_CHARS, pieces, said
from classifiers.features import count_signs, normalise, signs, word_of_each
from classifiers.model import WEIGHTS, read
from classifiers.training import abuse, corpus

MODEL = load()
LINES = Path(__file__).with_name("abuse.toml")
FAIR = "안녕하세요. 집 앞 가로등이 며칠째 꺼져 있어서 밤길이 어둡습니다. 확인 부탁드립니다. "
INSULT = "야 이 씨발놈들아 세금 처먹고 일은 안 하냐 병신 새끼들"


def flagged(text: str) -> bool:
    (labels,) = MODEL.label([text])
    assert labels.abuse is not None
    assert 0 <= labels.abuse.confidence <= 1
    return labels.abuse.code == "abuse"


def lines(kind: str) -> list[str]:
    texts: str = tomllib.loads(LINES.read_text(encoding="utf-8"))[kind]
    return texts.strip().split("\n")


def test_abuse_is_told_from_anger() -> None:
    assert len(lines("abuse")) == len(lines("fair")) == 40
    assert sum(map(flagged, lines("fair"))) == 0
    assert sum(map(flagged, lines("abuse"))) >= 34


def test_a_few_angry_words_are_hardly_ever_folded() -> None:
    assert (len(lines("short_fair")), len(lines("civil_abuse"))) == (40, 20)
    assert sum(map(flagged, lines("short_fair"))) <= 4
    assert sum(map(flagged, lines("civil_abuse"))) >= 1  # of other words than it has learned


@pytest.mark.parametrize("text", ["새끼 오리", "뭐하냐", "개판이네", "불 꺼져", "stupid bus"])
def test_one_word_is_little_to_judge_by(text: str) -> None:
    assert not flagged(text)


def test_lines_to_learn_from_are_others_than_those_to_judge_by() -> None:
    own = abuse.own_lines()
    judged = {kind: lines(kind) for kind in ("abuse", "fair", "short_fair", "civil_abuse")}
    assert len(own["abuse"]) >= 150 and len(own["fair"]) >= 300
    learned = {normalise(text) for texts in own.values() for text in texts}
    assert len(learned) == sum(map(len, own.values()))
    assert learned.isdisjoint(normalise(text) for texts in judged.values() for text in texts)


def test_one_insult_in_a_long_complaint_is_mostly_seen() -> None:
    assert not flagged(" ".join([FAIR] * 7))
    seen = [flagged(" ".join([FAIR] * n + [INSULT] + [FAIR] * (6 - n))) for n in range(7)]
    assert sum(seen) >= 5  # where a cut runs through it, it may drown


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "😀", ".", "가", "ก็ดีนะครับ"])
def test_nothing_said_is_no_abuse(text: str) -> None:
    assert not flagged(text)


@pytest.mark.parametrize(
    "text",
    [
        "ㅋ",
        "ㅋㅋㅋ",
        "ㅎㅎ",
        "ㅠㅠㅠ",
        "ㅋㅋㅠㅠ ㅎㅎ!!",
        "ㅋㅋㅠ",
        "ㅇㅇ",
        "ㄷㄷ",
        "ㅋㅋ 감사",
        "네",
    ],
)
def test_laughter_and_tears_are_no_abuse(text: str) -> None:
    assert not flagged(text)


@pytest.mark.parametrize("laughter", ["", "ㅋㅋㅋ", " ㅠㅠ", "ㅎㅎㅎㅎ"])
def test_laughter_hides_no_insult(laughter: str) -> None:
    for insult in (INSULT, "병신", "fuck you"):
        assert flagged(insult + laughter)


def test_a_swear_word_alone_abuses_nobody() -> None:
    assert not any(map(flagged, ("ㅅㅂ", "ㅅㅂ ㅋㅋㅋ", "씨발", "아 씨발 진짜")))


def test_a_text_without_lone_letters_is_judged_as_it_is() -> None:
    assert said(normalise(FAIR)) == normalise(FAIR)
    assert said(normalise("큐 쿠 ㅅㅂ ㄱㅅㄲ")) == normalise("큐 쿠 ㅅㅂ ㄱㅅㄲ")


def test_invisible_signs_hide_no_insult() -> None:
    assert flagged("\u200b".join(INSULT))


@pytest.mark.parametrize(
    "text", [FAIR, FAIR * 9, "가" * 900, "a b", "짧은 말 " + "가" * 300 + " 끝"]
)
def test_pieces_hold_whole_words_and_are_about_as_long(text: str) -> None:
    normal = normalise(text)
    words = normal.split(" ")
    longest = max(map(len, words))
    for piece in pieces(signs(normal)):
        assert len(piece) == len(words) == word_of_each(signs(normal))[0].max() + 1
        assert (np.diff(piece) >= 0).all()
        for number in set(piece.tolist()):
            kept = [word for word, at in zip(words, piece, strict=True) if at == number]
            assert len(" ".join(kept)) <= 1.5 * PIECE_CHARS + longest


def test_training_and_service_cut_alike() -> None:
    model = MODEL._abuse
    texts = [
        FAIR * 3 + INSULT,
        "",
        "ㅋㅋ",
        FAIR + "ㅋㅋㅋ ㅠㅠ " + INSULT,
        "fuck you and your whole office",
    ]
    found = abuse.cut(texts)
    scores = found.x @ model.weights.astype(float) * model.scale + model.bias
    for number, text in enumerate(texts):
        read = signs(said(normalise(text)))
        if read.text:
            asked = model.probabilities(read, count_signs(read, 19)[0], word_of_each(read)[0])
            mine = scores[found.texts == number]
            assert asked.tolist() == pytest.approx((1 / (1 + 2.718281828459045**-mine)).tolist())


def test_the_weights_fold_as_few_as_they_say(data_folder: Path) -> None:
    told: Any = json.loads(WEIGHTS.with_name("scores.json").read_text(encoding="utf-8"))["abuse"]
    _, unseen = corpus.split(corpus.read(data_folder))
    judged = abuse.judged(data_folder, MODEL._abuse, unseen)
    assert judged == told["kept_out"]
    assert judged["citizens"]["folded"] <= 5
    assert judged["hate"]["folded"] / judged["hate"]["of"] > 0.3
    assert float(read(WEIGHTS)["abuse_above"]) == pytest.approx(told["above"], abs=1e-4)
