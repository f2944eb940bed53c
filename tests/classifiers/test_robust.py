"""Any text at all gets a label or an abstention, never an error; and spans are what they say."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import Classifier, load
from classifiers.features import MAX_CHARS, count, normalise
from classifiers.language import language
from classifiers.spans import load as load_places
from hub.model.items import composed
from hub.model.labels import INTENTS, SERVICES, URGENCIES, Labels

MODEL = load()
PLACES = load_places()


@pytest.fixture
def model() -> Classifier:
    return MODEL


def well_formed(labels: Labels) -> bool:
    return (
        labels.service.code in SERVICES
        and labels.intent.code in INTENTS
        and labels.urgency.code in URGENCIES
        and all(
            0 <= label.confidence <= 1
            for label in (labels.service, labels.intent, labels.urgency, labels.language)
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "😀😀🚒🔥",
        "\u200b\u200d\ufeff",
        "\ud800",
        "가로등\udfff이 꺼졌어요",
        "\x00\x01\x02",
        "ก็ดีนะครับ ถนนพัง",
        "Ð¿рiвeт pоthоle",
        "한글 english 中文 日本語 العربية",
        "e\u0301" * 500,
        "ﷺ" * 3_000,
        ".",
        "ㅋ",
        "0" * 10_000,
    ],
    ids=repr,
)
def test_odd_texts_are_labelled(model: Classifier, text: str) -> None:
    (labels,) = model.label([text])
    assert well_formed(labels)


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200d", "😀"])
def test_nothing_said_is_left_to_a_person(model: Classifier, text: str) -> None:
    assert model.label([text])[0].abstain


def test_a_long_text_costs_no_more_than_its_beginning(model: Classifier) -> None:
    text = "가로등이 꺼져 있어 밤길이 어둡습니다. " * 5_000
    assert len(text) > 100_000
    features = sum(len(block.buckets) for block in count(text, 18))
    assert features == sum(len(block.buckets) for block in count(text[: 2 * MAX_CHARS], 18))
    assert len(normalise(text)) <= MAX_CHARS
    assert model.label([text])[0].service.code == "streetlight"


def test_invisible_signs_and_other_forms_change_nothing(model: Classifier) -> None:
    plain = "가로등이 고장 났어요 street light is out"
    for changed in (
        plain.replace("가로등", "가\u200b로\u200d등"),
        plain.replace("street", "ｓｔｒｅｅｔ"),
        plain.replace("가로등", "\u1100\u1161\u1105\u1169\u1103\u1173\u11bc"),
        plain.upper(),
        plain.replace(" ", "  \n"),
    ):
        assert model.probabilities(changed)["service"].tolist() == (
            model.probabilities(plain)["service"].tolist()
        )


@given(st.text(st.characters(), max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_labelled(text: str) -> None:
    (labels,) = MODEL.label([text])
    assert well_formed(labels)
    for span in labels.places:
        assert composed(text)[span.start : span.end] == span.text


korean_words = st.sampled_from(
    ["강남역", "세종대로", "중구", "신림동", "근처에서", "의", "3번", "출구"]
)
other_words = st.sampled_from(
    ["110", "123-4", "at", "Main", "Street", "and", "5th", "Ave", ".", "\n"]
)


@given(st.lists(korean_words | other_words, max_size=30).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_places_are_pieces_of_the_text_that_do_not_touch(text: str) -> None:
    found = PLACES.find(text)
    assert all(text[span.start : span.end] == span.text for span in found)
    in_order = sorted(found, key=lambda span: span.start)
    assert all(a.end <= b.start for a, b in pairwise(in_order))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "😀🚒",
        "\ud800",
        "\udfff역 앞",
        "\x00\x01",
        "\u200b\ufeff",
        "강\u200b남\u200b역 앞",
        "Ѕtrееt аt Маin",  # Cyrillic letters that look Latin
        "İstanbul ẞ ﬁ ǅ",
        "𝐌𝐚𝐢𝐧 𝐒𝐭",
        "가" * 100_000,
        "a b " * 25_000,
        "역 " * 50_000,
        ". " * 50_000,
        "한글 english 中文 日本語 العربية ไทย",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_odd_texts_have_places_or_none(text: str) -> None:
    assert all(text[span.start : span.end] == span.text for span in PLACES.find(text))
    assert language(text).confidence >= 0
