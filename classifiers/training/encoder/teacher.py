"""A teacher's last states of every text, for a smaller encoder to learn.

Distillation of token states (Jiao et al. 2020, TinyBERT): what a wide, deep encoder makes of each token
says far more than the labels do. Teacher and pupil must share the tokenizer's pieces; a text that the
pupil's smaller vocabulary cuts otherwise teaches by the mean of its states alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from classifiers.training.encoder.batches import batches, padded

TOKENS = 2_600
SPREAD = 1e-4


@dataclass(frozen=True, slots=True)
class States:
    """Of text n the teacher's states are rows ``starts[n]`` to ``starts[n + 1]`` of ``held`` (float16,
    tokens × dimensions); ``mean`` and ``spread`` by dimension, to bring all to one scale."""

    held: NDArray[np.float16]
    starts: NDArray[np.intp]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    def of(self, number: int) -> NDArray[np.float32]:
        """Text's tokens × dimensions, standardised."""
        rows = self.held[self.starts[number] : self.starts[number + 1]].astype(np.float32)
        scaled: NDArray[np.float32] = (rows - self.mean) / self.spread
        return scaled


def states(
    teacher: nn.Module, tokens: Sequence[Sequence[int]], tell: Callable[[str], None]
) -> States:
    """One pass of the teacher over all texts."""
    lengths = np.array([len(read) for read in tokens])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    held = np.empty((starts[-1], teacher.config.hidden_size), np.float16)
    plan = batches(lengths, np.random.default_rng(0), TOKENS)
    teacher.eval()
    for number, rows in enumerate(plan):
        with torch.inference_mode():
            found = teacher(
                **dict(
                    zip(
                        ("input_ids", "attention_mask"),
                        padded([tokens[n] for n in rows]),
                        strict=True,
                    )
                )
            )[0]
        for place, n in enumerate(rows):
            held[starts[n] : starts[n + 1]] = found[place, : lengths[n]].half().numpy()
        if number % 100 == 99 or number + 1 == len(plan):
            tell(f"teacher: batch {number + 1} of {len(plan)}")
    sample = held[:: max(1, len(held) // 40_000)].astype(np.float32)
    return States(held, starts, sample.mean(axis=0), sample.std(axis=0) + SPREAD)
