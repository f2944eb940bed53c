"""Five hundred lines in five languages, as people write to a city, and some in others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from classifiers import language as module
from classifiers.language import language

LINES = [
    (code, line)
    for code, line in (
        row.split("\t")
        for row in Path(__file__)
        .with_name("languages.tsv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
]
# Chinese signs alone, all of which both languages write.
AMBIGUOUS = {"街灯故障", "不法投棄", "駐車違反"}


def test_there_are_five_hundred() -> None:
    assert Counter(code for code, _ in LINES) == dict.fromkeys(("ko", "en", "zh", "ja", "vi"), 100)
    assert len({line for _, line in LINES}) == 500


def test_the_language_of_a_line() -> None:
    wrong = {line: language(line).code for code, line in LINES if language(line).code != code}
    assert wrong == dict.fromkeys(AMBIGUOUS, "zh")


@pytest.mark.parametrize("text", ["", "12345", "😀", "???", "\ud800", "\u200b\u2060", "\x00"])
def test_without_letters_nothing_is_said(text: str) -> None:
    assert language(text).code == "und"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("es", "La farola de nuestra calle lleva tres semanas apagada"),
        ("fr", "Le lampadaire devant chez moi est en panne"),
        ("de", "Die Straßenlaterne vor unserem Haus ist seit Wochen kaputt"),
        ("id", "Lampu jalan di depan rumah saya mati"),
        ("tl", "Sira ang ilaw sa kalye namin"),
        ("uz", "Ko'cha chirog'i ishlamayapti"),
        ("ru", "Уличный фонарь не работает"),
        ("mn", "Гудамжны гэрэл асахгүй байна"),
        ("th", "ไฟถนนเสีย"),
        ("ar", "مصباح الشارع معطل منذ أسبوع"),
        ("hi", "सड़क की बत्ती खराब है"),
        ("ne", "सडकमा खाल्डो छ कृपया मर्मत गर्नुहोस्"),
        ("kn", "ಬೀದಿ ದೀಪ ಕೆಟ್ಟಿದೆ"),
        ("gu", "શેરીની લાઈટ બંધ છે"),
        ("ml", "തെരുവ് വിളക്ക് കത്തുന്നില്ല"),
        ("pa", "ਗਲੀ ਦੀ ਬੱਤੀ ਖਰਾਬ ਹੈ"),
        ("km", "ភ្លើងផ្លូវខូច"),
    ],
)
def test_another_language_is_not_taken_for_one_of_the_five(code: str, line: str) -> None:
    assert language(line).code == code


def test_vietnamese_without_its_marks_is_not_english_of_short_words() -> None:
    assert language("duong bi ngap nuoc").code == "vi"
    assert language("can he do it for us").code == "en"


def test_the_short_way_to_korean_says_what_the_long_one_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [line for _, line in LINES] + [f"버스가 {line}" for _, line in LINES]
    texts += ["가" + chr(code) * 2 for code in range(0, 0x20000, 7)]
    short = [language(text) for text in texts]
    monkeypatch.setattr(module, "_korean", lambda _: None)
    assert short == [language(text) for text in texts]


def test_a_language_is_as_sure_as_its_share() -> None:
    mixed = language("가로등 street light is out on the corner").confidence
    assert 0 < mixed <= 1
    assert language("가로등이 꺼졌어요").confidence > language("가로등 LED lamp 고장").confidence
