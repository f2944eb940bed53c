"""The service by an encoder of the city's own: any Hugging Face sequence classifier in a folder.

The only module that knows ``transformers`` and torch. Its labels (``id2label`` in ``config.json``) must
be service codes; intent, urgency, language and places stay the shipped model's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from hub.model.labels import SERVICES

MAX_TOKENS = 512
BATCH = 16
"""Sixteen texts of a length at a time: more only pads."""


class SequenceClassifier:
    """A fine-tuned encoder, on the CPU. Nothing is fetched: the folder holds weights and tokenizer."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError for a folder without a model, ValueError for labels that are no services."""
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True
        ).eval()
        config = self._model.config
        self.classes = tuple(str(config.id2label[n]) for n in range(config.num_labels))
        unknown = sorted(set(self.classes) - set(SERVICES))
        if unknown:
            raise ValueError(f"labels of {folder} that are no services: {', '.join(unknown[:5])}")
        self._max_tokens = min(MAX_TOKENS, int(getattr(config, "max_position_embeddings", 512)))
        self.name = f"{config.model_type}-{_fingerprint(folder)}"

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts × classes; each row sums to one. Longer texts are cut, as in training."""
        found = np.empty((len(texts), len(self.classes)), np.float32)
        by_length = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        for start in range(0, len(texts), BATCH):
            rows = by_length[start : start + BATCH]
            found[rows] = self._batch([_sendable(texts[n]) for n in rows])
        return found

    def _batch(self, texts: list[str]) -> NDArray[np.float32]:
        tokens = self._tokenizer(
            texts, padding=True, truncation=True, max_length=self._max_tokens, return_tensors="pt"
        )
        with torch.inference_mode():
            scores = self._model(**tokens).logits
            shares: NDArray[np.float32] = torch.softmax(scores.float(), dim=-1).numpy()
        return shares


def _sendable(text: str) -> str:
    """Lone surrogates replaced (tokenizers refuse them); far beyond what the model reads, cut."""
    return text[: MAX_TOKENS * 16].encode("utf-8", "replace").decode()


def _fingerprint(folder: Path) -> str:
    """Ten signs that change with the weights, so that every label says which model made it."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
