"""The encoder's second opinion: asked only where the linear model is unsure, and never in the way."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from classifiers import load, second
from classifiers.encoder import FILES, GRAPH, SHEET, TOKENIZER, Encoder, Sheet
from classifiers.model import WEIGHTS, read
from classifiers.model import load as load_weights
from classifiers.second import digest, mixed
from classifiers.training import from_hub

FOLDER = WEIGHTS.parent
SURE = "가로등이 꺼졌어요. 보안등 고장 신고합니다"
DOUBTFUL = "아이가 다니는 길에 누가 자꾸 물건을 쌓아 두는데 어디에 말해야 하나요"
TEXTS = [
    SURE,
    "",
    "ㅋㅋ",
    "🚧" * 3_000,
    "lone \ud800",
    "쓰레기 " * 20_000,
    "a\u200bb\u200bc",
    "Ѕtrееt lіght",
    DOUBTFUL,
    "ถนนพัง",
]


def _copy(to: Path, *left_out: str) -> Path:
    """The shipped version in a folder of its own; links where nothing is to be changed."""
    to.mkdir()
    for path in FOLDER.iterdir():
        if path.name not in left_out and path.suffix != ".safetensors":
            os.link(path, to / path.name)
    return to


def test_it_answers_whatever_the_text_and_whatever_stands_beside_it() -> None:
    encoder = Encoder(FOLDER)
    together = encoder.read(TEXTS)
    for head, shares in together.heads.items():
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
        one_by_one = np.concatenate([encoder.read([text]).heads[head] for text in TEXTS])
        np.testing.assert_allclose(shares, one_by_one, atol=0.2)  # int8 rounds by the batch's range
    for text, marks in zip(TEXTS, together.marks, strict=True):
        np.testing.assert_allclose(marks.sure.sum(axis=1), 1, atol=1e-5)
        assert (marks.starts <= marks.ends).all()
        assert marks.ends.max() <= len(text)
    assert encoder.read([]).heads["service"].shape[0] == 0


def test_it_is_asked_only_where_the_linear_model_is_unsure() -> None:
    both, alone = load(), load_weights(alone=True)
    assert both.asked([SURE]) == 0
    assert (
        both.probabilities(SURE)["service"].tolist()
        == alone.probabilities(SURE)["service"].tolist()
    )
    assert both.asked([DOUBTFUL]) == 1
    assert not np.allclose(
        both.probabilities(DOUBTFUL)["service"], alone.probabilities(DOUBTFUL)["service"]
    )
    assert alone.asked([DOUBTFUL]) == 0


@pytest.mark.parametrize("name", FILES)
def test_a_version_without_one_of_its_files_is_refused(tmp_path: Path, name: str) -> None:
    bare = _copy(tmp_path / "bare", name)
    with pytest.raises(ValueError, match="is missing"):
        load(bare)
    alone = load_weights(bare / "linear.npz", alone=True)
    assert alone.asked(TEXTS) == 0
    assert [labels.service.code for labels in alone.label(TEXTS)]


def test_versions_of_one_encoder_share_it(tmp_path: Path) -> None:
    stored = read(WEIGHTS)
    here, there = second.read(stored, FOLDER), second.read(stored, _copy(tmp_path / "same"))
    assert here is not None and there is not None
    assert here.encoder is there.encoder


@pytest.mark.parametrize(("name", "more"), [(GRAPH, b"\0"), (SHEET, b"\n"), (TOKENIZER, b"\n")])
def test_files_of_another_encoder_are_refused(tmp_path: Path, name: str, more: bytes) -> None:
    folder = _copy(tmp_path / "other", name)
    (folder / name).write_bytes((FOLDER / name).read_bytes() + more)
    with pytest.raises(ValueError, match="other weights"):
        load(folder)


@pytest.mark.parametrize("name", [SHEET, TOKENIZER])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"heads": 3, "max_tokens": 5}'])
def test_broken_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    folder = _copy(tmp_path / "broken", name)
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"."):
        load(folder)


def test_a_graph_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    for name in (SHEET, TOKENIZER):
        shutil.copy(FOLDER / name, folder)
    (folder / GRAPH).write_bytes(b"no graph")
    with pytest.raises(ValueError, match="none"):
        Encoder(folder)


def test_the_name_says_which_encoder_it_is() -> None:
    arrays = read(WEIGHTS)
    assert str(arrays["encoder"]) == digest(FOLDER)
    assert load().model.startswith("pair-")


def test_a_sheet_comes_back_as_it_was() -> None:
    sheet = Sheet(5, {"service": ("bus", "taxi")})
    assert Sheet.loads(sheet.dumps()) == sheet


def test_mixing_is_a_weighted_mean() -> None:
    linear, encoder = np.array([0.2, 0.8], np.float32), np.array([1.0, 0.0], np.float32)
    np.testing.assert_allclose(mixed(linear, encoder, 0.5), [0.6, 0.4], atol=1e-6)


def test_the_graph_fits_the_repository() -> None:
    assert (FOLDER / GRAPH).stat().st_size <= 12_000_000


def test_a_correction_wins_over_the_encoder_too(tmp_path: Path) -> None:
    """What the encoder is asked about and says otherwise is learned all the same."""
    texts = [
        f"{place} {thing} 어떻게 안 될까요 {number}"
        for number, (place, thing) in enumerate(
            (place, thing)
            for place in ("정문 앞", "후문 쪽", "학교 옆", "시장 골목", "역 뒤편", "다리 밑")
            for thing in ("누가 두고 간 물건", "쌓아 둔 상자", "세워 둔 수레", "널브러진 자재")
        )
    ]
    rows: list[dict[str, object]] = [
        {
            "id": f"c-{number}",
            "text": text,
            "corrected": {"service": "street_order"},
            "confirmed": {},
            "doubted": [],
        }
        for number, text in enumerate(texts)
    ]
    quiet: dict[str, object] = {"corrected": {}, "confirmed": {}, "doubted": []}
    rows += [
        {"id": f"q-{number}", "text": f"{number}번 버스가 {minutes}분째 오지 않습니다"} | quiet
        for number, minutes in enumerate(range(5, 45))
    ]
    from_hub.make(None, tmp_path / "next", rows, None)
    before, after = load(), load(tmp_path / "next")
    ours, theirs = (
        second.read(read(folder / "linear.npz"), folder) for folder in (FOLDER, tmp_path / "next")
    )
    assert ours is not None and theirs is not None
    assert ours.encoder is theirs.encoder
    number = before.classes("service").index("street_order")
    learned = theirs.opinions(texts).heads["service"] - ours.opinions(texts).heads["service"]
    assert learned[:, number].mean() > 0.5  # the encoder's scores were moved, too
    asked = [text for text in texts if before.asked([text])]
    assert asked
    right = [labels.service.code == "street_order" for labels in after.label(asked)]
    assert sum(right) / len(right) >= 0.8
