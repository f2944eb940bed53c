"""Making encoders, with tiny ones from a config: tuned, cut down from a teacher, exported, served."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.encoder import GRAPH, SHEET, TOKENIZER, Encoder
from classifiers.training.lessons import Lesson

for package in ("torch", "onnx", "onnxscript"):
    pytest.importorskip(
        package, reason=f"{package} is in no lock: `pip install torch onnx onnxscript`"
    )

import torch  # noqa: E402 – only where it is

from classifiers.training.encoder.steps import Plan  # noqa: E402 – only where torch is

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's exporter warns of its own insides

LIGHTS = ["가로등이 꺼졌어요", "보안등이 깜빡거려요", "street light is out", "가로등 고장 신고"]
WASTE = ["쓰레기를 버리고 갔어요", "분리수거가 안 됩니다", "trash on the street", "쓰레기 무단투기"]
LESSONS = [
    Lesson(text, {"service": service, "intent": "report"} | extra)
    for service, texts in (("streetlight", LIGHTS), ("waste", WASTE))
    for text in texts
    for extra in ({"urgency": "normal"}, {})
]


PLAN = Plan(passes=40, rate=3e-3)


def _base(folder: Path, layers: int = 2) -> str:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        LIGHTS + WASTE,
        trainers.UnigramTrainer(
            vocab_size=120, special_tokens=special, unk_token="<unk>", show_progress=False
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        pad_token_id=1,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return str(folder)


def _quiet(line: str) -> None:
    assert line


def test_a_base_is_tuned_exported_and_served(tmp_path: Path) -> None:
    from classifiers.training.encoder.__main__ import tuned
    from classifiers.training.encoder.export import export
    from classifiers.training.encoder.network import save

    network, tokenizer, sheet = tuned(_base(tmp_path / "base"), LESSONS, PLAN, _quiet)
    out = tmp_path / "out"
    save(network, tokenizer, sheet, out)
    export(network, tokenizer.get_vocab_size(), out)

    assert {GRAPH, SHEET, TOKENIZER, "model.safetensors", "heads.safetensors"} <= {
        path.name for path in out.iterdir()
    }
    found = Encoder(out).probabilities(LIGHTS + WASTE)
    guessed = [sheet.heads["service"][n] for n in found["service"].argmax(axis=1)]
    assert guessed == ["streetlight"] * 4 + ["waste"] * 4
    assert set(found) == {"service", "intent", "urgency"}


def test_what_was_tuned_is_gone_on_from_with_its_heads(tmp_path: Path) -> None:
    from classifiers.training.encoder.__main__ import tuned
    from classifiers.training.encoder.network import save

    network, tokenizer, sheet = tuned(_base(tmp_path / "base"), LESSONS, PLAN, _quiet)
    save(network, tokenizer, sheet, tmp_path / "first")
    again, _, _ = tuned(str(tmp_path / "first"), LESSONS, Plan(0, 1e-9), _quiet)

    before = network.heads.weight.detach().numpy()
    np.testing.assert_allclose(again.heads.weight.detach().numpy(), before, atol=0.02)


def test_where_a_place_stands_is_learned_token_by_token(tmp_path: Path) -> None:
    from classifiers.training.encoder.__main__ import tuned
    from classifiers.training.encoder.learn import UNSAID, tokens_and_marks

    text = "trash on the street"
    placed = [
        Lesson(text, {"service": "waste"}, place="the street"),
        Lesson("street light is out", {"service": "streetlight"}, place=""),
    ]
    network, tokenizer, sheet = tuned(_base(tmp_path / "base"), placed, PLAN, _quiet)
    (ids, _), (wanted, _) = tokens_and_marks(tokenizer, placed, sheet.max_tokens)
    _, marks, _ = network(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long))

    known = [n for n, mark in enumerate(wanted) if mark != UNSAID]
    assert {wanted[n] for n in known} == {0, 1, 2}
    assert [int(marks[0, n].argmax()) for n in known] == [wanted[n] for n in known]


def test_where_nobody_said_whether_there_is_a_place_nothing_is_learned_of_it(
    tmp_path: Path,
) -> None:
    from classifiers.training.encoder.learn import UNSAID, tokens_and_marks
    from classifiers.training.encoder.network import load_encoder

    _, tokenizer = load_encoder(_base(tmp_path / "base"))
    _, (marks,) = tokens_and_marks(tokenizer, [Lesson("street", {})], 88)
    assert set(marks) == {UNSAID}


def test_a_pupil_learns_from_teachers_with_twelve_layers(tmp_path: Path) -> None:
    from classifiers.training.encoder.pretrain import Plans, pretrained

    data = tmp_path / "data"
    (data / "labels").mkdir(parents=True)
    (data / "text").mkdir()
    _write(data / "labels" / "train.jsonl.gz", [_row(n, text) for n, text in enumerate(LIGHTS)])
    _write(data / "text" / "more.jsonl.gz", [{"title": "trash", "text": "쓰레기 street"}])
    plans = Plans(*(Plan(passes=2, rate=3e-3) for _ in range(2)))
    network, tokenizer, sheet = pretrained(
        _base(tmp_path / "base", 12), data, LESSONS, plans, _quiet
    )

    assert network.encoder.config.num_hidden_layers == 4
    assert tokenizer.get_vocab_size() == network.encoder.config.vocab_size
    assert tokenizer.token_to_id("<unk>") == 3
    assert tokenizer.encode("가로등이 꺼졌어요").ids[0] == 0
    assert list(sheet.heads) == ["service", "intent", "urgency"]


def test_of_a_lesson_a_teacher_is_asked_that_never_saw_it(tmp_path: Path) -> None:
    from classifiers.training.encoder.network import Network, load_encoder
    from classifiers.training.encoder.teacher import EVERYONE, answers

    base = _base(tmp_path / "base")
    first, second = (Network(load_encoder(base)[0], 2) for _ in range(2))
    for network, score in ((first, 1.0), (second, 3.0)):
        network.heads.weight.data.zero_()
        network.heads.bias.data.fill_(score)
    said = answers([first, second], [[0, 5, 2], [0, 6, 7, 2], [0, 5, 2]], [0, 1, EVERYONE])
    assert said.scores[:, 0].tolist() == [1.0, 3.0, 2.0]
    again = said.again(2, 2)
    assert again.scores[:, 0].tolist() == [1.0, 3.0] * 3 + [2.0]
    assert torch.equal(again.marks_of([5], 4)[0], said.marks_of([1], 4)[0])


def test_a_base_that_is_none_is_refused(tmp_path: Path) -> None:
    from classifiers.training.encoder.__main__ import main

    data = tmp_path / "data"
    (data / "labels").mkdir(parents=True)
    _write(data / "labels" / "train.jsonl.gz", [_row(n, text) for n, text in enumerate(LIGHTS)])
    (tmp_path / "empty").mkdir()

    assert main([str(tmp_path / "empty"), str(data), str(tmp_path / "out")]) == 2


def _row(number: int, text: str) -> dict[str, Any]:
    labels = {"service": "streetlight", "intent": "report", "urgency": "normal"}
    return {"id": f"test-{number}", "text": text} | labels


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
