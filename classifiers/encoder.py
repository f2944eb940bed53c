"""A small transformer's opinion of a text, by onnxruntime: a probability for each class of each head,
and for each token whether it is of the place.

The folder of a version holds ``encoder.onnx`` (int8), ``tokenizer.json`` and ``encoder.json`` beside
the linear model's weights. ``classifiers.training.encoder`` makes them; nothing here needs torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from classifiers.marks import Marks

FILES = GRAPH, TOKENIZER, SHEET = "encoder.onnx", "tokenizer.json", "encoder.json"
MARKS = 3
"""What the graph says of a token (``classifiers.marks``)."""
OUTPUTS = ("scores", "marks", "states")
BATCH = 16
"""Texts of a length at a time: more only pads."""
CHARS_A_TOKEN = 8
"""No text needs more characters than this for a token; what is further off is never read."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the graph does not say of itself: how much of a text it reads, and its classes by head."""

    max_tokens: int
    heads: dict[str, tuple[str, ...]]

    def dumps(self) -> str:
        """As JSON."""
        return json.dumps({"max_tokens": self.max_tokens, "heads": self.heads}, indent=1) + "\n"

    @classmethod
    def loads(cls, text: str) -> Sheet:
        """Raises ValueError for what is no sheet."""
        try:
            told = json.loads(text)
            heads = {name: tuple(map(str, codes)) for name, codes in told["heads"].items()}
            return cls(int(told["max_tokens"]), heads)
        except (KeyError, TypeError, AttributeError) as problem:
            raise ValueError(f"{SHEET} lacks max_tokens or heads") from problem


@dataclass(frozen=True, slots=True)
class Opinions:
    """Of several texts: for each head texts × classes, each row summing to one; all marks; and what it
    thinks of each before it is asked for a class, texts × dimensions."""

    heads: dict[str, Floats]
    marks: list[Marks]
    states: Floats


class Encoder:
    """Texts in, probabilities out; one thread pool of its own, and never an error for any text."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Raises OSError for a folder without the files, ValueError for files that are broken."""
        self.sheet = Sheet.loads((folder / SHEET).read_text(encoding="utf-8"))
        try:
            self._tokenizer = Tokenizer.from_str((folder / TOKENIZER).read_text(encoding="utf-8"))
            self._session = onnxruntime.InferenceSession(
                (folder / GRAPH).read_bytes(), _options(threads), ["CPUExecutionProvider"]
            )
        except OSError:
            raise
        except Exception as problem:  # both libraries raise bare exceptions of their own
            raise ValueError(f"{folder.name}: {problem}") from problem
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.sheet.max_tokens)
        self._inputs = [wanted.name for wanted in self._session.get_inputs()]
        shapes = {given.name: given.shape for given in self._session.get_outputs()}
        if shapes.keys() != set(OUTPUTS):
            raise ValueError(f"{folder.name}: {GRAPH} does not say {', '.join(OUTPUTS)}")
        self._dimensions = int(shapes["states"][-1])

    def probabilities(self, texts: Sequence[str]) -> dict[str, Floats]:
        """For each head texts × classes; each row sums to one."""
        return self.read(texts).heads

    def read(self, texts: Sequence[str]) -> Opinions:
        """All that the graph says of each text."""
        tokens = self._tokenizer.encode_batch([_readable(text, self) for text in texts])
        scores = np.empty((len(texts), sum(map(len, self.sheet.heads.values()))), np.float32)
        marks: list[Marks | None] = [None] * len(texts)
        states = np.empty((len(texts), self._dimensions), np.float32)
        by_length = sorted(range(len(texts)), key=lambda n: len(tokens[n].ids))
        for start in range(0, len(texts), BATCH):
            rows = by_length[start : start + BATCH]
            scores[rows], said, states[rows] = self._batch([tokens[n].ids for n in rows])
            for n, of_text in zip(rows, _softmax(said), strict=True):
                marks[n] = _marks(tokens[n], of_text)
        heads, first = {}, 0
        for head, classes in self.sheet.heads.items():
            heads[head] = _softmax(scores[:, first : first + len(classes)])
            first += len(classes)
        return Opinions(heads, [one for one in marks if one is not None], states)

    def _batch(self, tokens: list[list[int]]) -> tuple[Floats, Floats, Floats]:
        shape = (len(tokens), max(map(len, tokens)))
        ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, read in enumerate(tokens):
            ids[row, : len(read)] = read
            mask[row, : len(read)] = 1
        given = {"input_ids": ids, "attention_mask": mask}
        scores, marks, states = self._session.run(
            OUTPUTS, {name: given[name] for name in self._inputs}
        )
        return scores, marks, states


def _marks(read: Encoding, sure: Floats) -> Marks:
    offsets = np.array(read.offsets, np.intp).reshape(-1, 2)
    return Marks(sure[: len(offsets)], offsets[:, 0], offsets[:, 1])


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads  # 0: as many as there are cores
    options.log_severity_level = 3
    # Waiting threads sleep: the worker's other work needs the core more.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _readable(text: str, encoder: Encoder) -> str:
    """Lone surrogates replaced, which tokenizers refuse; what is never read, cut."""
    return text[: encoder.sheet.max_tokens * CHARS_A_TOKEN].encode("utf-8", "replace").decode()


def _softmax(scores: Floats) -> Floats:
    powers: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers
