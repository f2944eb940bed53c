"""The words that carried a label are pieces of the text, and those that a reader would name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import Classifier, load
from classifiers.features import by_word, count, signs, word_of_each
from classifiers.reasons import MAX_WORDS
from hub.model.items import composed

MODEL = load()


def words(text: str) -> list[str]:
    (labels,) = MODEL.label([text])
    text = composed(text)
    assert all(text[piece.start : piece.end] == piece.text for piece in labels.reasons)
    return [piece.text for piece in labels.reasons]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("안녕하세요. 어제부터 집 앞 가로등이, 계속 꺼져 있습니다", "가로등이"),
        ("Hello, there is a pothole on my street", "pothole"),
        ("우리 동네 (따릉이) 좀 늘려 주세요", "따릉이"),
        ("버스가 너무 안 옵니다. 20분이나 기다렸어요", "버스가"),
    ],
)
def test_the_word_that_tells_is_named(text: str, word: str) -> None:
    assert word in " ".join(words(text))


def test_words_side_by_side_are_one_piece() -> None:
    assert "trash pickup" in words("my trash pickup was missed")


def test_a_word_said_again_is_one_reason() -> None:
    assert words("가로등 " * 40) == ["가로등"]


@pytest.mark.parametrize(
    "text",
    [
        "  집 앞\n\n가\u200b로등이   꺼졌어요",
        "ﷺ ﷺ 집 앞 가로등이 꺼졌어요",  # one sign that is several words when normalised
        "\u200b \ufeff 집 앞 가로등이 꺼졌어요",  # pieces that are no words at all
        "집 앞 \u1100\u1161로등이 꺼졌어요",
        "´ ¨ 집 앞 가로등이 꺼졌어요",
    ],
    ids=ascii,
)
def test_odd_writing_moves_no_piece(text: str) -> None:
    assert any("로등이" in word for word in words(text))
    assert not any(
        word[0] in "\u200b\ufeff " or word[-1] in "\u200b\ufeff " for word in words(text)
    )


@pytest.mark.parametrize("text", ["", "  ", "\u200b\u200d", "!!! ???", "😀", "가" * 500])
def test_where_there_are_no_words_there_are_no_reasons(text: str) -> None:
    assert words(text) == []


def test_where_the_net_decided_its_piece_is_the_reason() -> None:
    text = "어디 물어볼지 몰라서요. 할머니가 지하실에 갇혔어요"
    (labels,) = MODEL.label([text])
    assert labels.service.code == "fire_rescue"
    assert [piece.text for piece in labels.reasons] == ["할머니가 지하실에 갇혔"]


def test_another_models_label_is_not_explained_by_this_one() -> None:
    class Other:
        name, classes = "other", ("bus", "taxi")

        def probabilities(self, texts: object) -> np.ndarray:
            return np.array([[0.9, 0.1]], np.float32)

    (labels,) = load_with(Other()).label(["가로등이 꺼졌어요"])
    assert (labels.service.code, labels.reasons) == ("bus", ())


def load_with(service: object) -> Classifier:
    from classifiers.model import load as load_linear

    return load_linear(None, service)  # type: ignore[arg-type]  # a stand-in


def test_the_shares_of_the_words_are_the_score() -> None:
    text = "집 앞 가로등이 꺼졌어요. street light is out"
    blocks = count(text, 19)
    each = [np.arange(1, len(block.buckets) + 1, dtype=np.float32) for block in blocks]
    room = np.full(2**19, np.nan, np.float32)
    whole = sum(float(block.times @ values) for block, values in zip(blocks, each, strict=True))
    shares = by_word(word_of_each(signs(text)), blocks, each, room)
    assert len(shares) == len(text.split())
    assert shares.sum() == pytest.approx(whole)


@given(st.text(st.characters(), max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_texts_reasons_are_pieces_of_it(text: str) -> None:
    (labels,) = MODEL.label([text])
    assert len(labels.reasons) <= MAX_WORDS
    end = -1
    for piece in labels.reasons:
        assert piece.text == composed(text)[piece.start : piece.end]
        assert piece.start > end
        assert piece.text[0].isalnum() and piece.text[-1].isalnum()
        end = piece.end
