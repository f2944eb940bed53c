"""A city's own encoder decides the service; tiny ones are made from a config, with random weights."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import classifiers
from classifiers.model import load as load_weights
from hub.model.errors import Unavailable
from hub.model.labels import SERVICES
from hub.settings import CLONE

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="torch is not installed (the extra 'train' brings it)"
)
TEXTS = ["가로등이 꺼졌어요", "", "🚧" * 40, "lone \ud800", "The bus was late. " * 500]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers whose labels are the services."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    out = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "가로등이", "꺼졌어요", "bus", "The"]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(out)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        num_labels=len(SERVICES),
        id2label=dict(enumerate(SERVICES)),
        label2id={code: n for n, code in enumerate(SERVICES)},
    )
    BertForSequenceClassification(config).save_pretrained(out)
    return out


@needs_torch
def test_it_decides_the_service_and_names_itself(folder: Path) -> None:
    from classifiers.neural import SequenceClassifier

    own, shipped = classifiers.load(folder), load_weights(alone=True)
    shares = SequenceClassifier(folder).probabilities(TEXTS)
    assert shares.shape == (len(TEXTS), len(SERVICES))
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    for labels, base, row in zip(own.label(TEXTS), shipped.label(TEXTS), shares, strict=True):
        assert labels.service.code == SERVICES[int(row.argmax())]
        assert (labels.intent, labels.urgency) == (base.intent, base.urgency)
        assert labels.model.startswith("bert-")
        assert labels.model.endswith(base.model)
        assert labels.service.code not in {other.code for other in labels.alternatives}


@needs_torch
def test_labels_that_are_no_services_are_refused(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config["id2label"]["0"] = "LABEL_0"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="no services: LABEL_0"):
        classifiers.load(tmp_path)


@needs_torch
def test_the_command_takes_a_folder(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "classify", "--weights", str(folder)],
        cwd=CLONE,
        input='{"id": 1, "text": "가로등이 꺼졌어요"}\n',
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"].startswith("bert-")


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_a_folder_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        classifiers.load(tmp_path)
    assert refused.value.code == "model.needs_torch"
    assert refused.value.details["missing"] == "torch"
