"""Making encoders, with tiny ones from a config: tuned, cut down from a teacher, exported, served."""

from __future__ import annotations

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

from classifiers.training.encoder.learn import Plan  # noqa: E402 – only where torch is

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


def test_a_pupil_learns_from_a_teacher_with_twelve_layers(tmp_path: Path) -> None:
    from classifiers.training.encoder.__main__ import pretrained

    data = tmp_path / "data"
    (data / "labels").mkdir(parents=True)
    _write(data / "labels" / "train.jsonl.gz", [_row(n, text) for n, text in enumerate(LIGHTS)])
    network, tokenizer, sheet = pretrained(
        _base(tmp_path / "base", 12), data, LESSONS, PLAN, _quiet
    )

    assert network.encoder.config.num_hidden_layers == 4
    assert tokenizer.get_vocab_size() == network.encoder.config.vocab_size
    assert tokenizer.token_to_id("<unk>") == 3
    assert tokenizer.encode("가로등이 꺼졌어요").ids[0] == 0
    assert list(sheet.heads) == ["service", "intent", "urgency"]


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
    import gzip

    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
