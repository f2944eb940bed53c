"""Texts as padded batches of about the same number of tokens, each of texts of about one length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.training.encoder.network import device

TOKENS = 2_600
JITTER = 12
"""Lengths are blurred by up to so many tokens, so that no two passes batch the same texts together."""


def batches(
    lengths: NDArray[np.intp], chance: np.random.Generator, tokens: int = TOKENS
) -> list[list[int]]:
    """Every text once; no batch has more than ``tokens`` with its padding, but for one long text."""
    order = np.argsort(lengths + chance.integers(0, JITTER, len(lengths)), kind="stable")
    found: list[list[int]] = [[]]
    longest = 0
    for number in order.tolist():
        longest = max(longest, int(lengths[number]))
        if found[-1] and (len(found[-1]) + 1) * longest > tokens:
            found.append([])
            longest = int(lengths[number])
        found[-1].append(number)
    return [found[n] for n in chance.permutation(len(found))]


def padded(rows: Sequence[Sequence[int]], filling: int = 0) -> Tensor:
    """Texts × the longest, int64, ``filling`` beyond a text's end."""
    found = np.full((len(rows), max(map(len, rows))), filling, np.int64)
    for number, row in enumerate(rows):
        found[number, : len(row)] = row
    return torch.from_numpy(found).to(device(), non_blocking=True)


def read(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(token numbers, mask), both texts × the longest; the mask is 0 beyond a text's end."""
    lengths = torch.tensor([len(row) for row in rows])
    mask = (torch.arange(int(lengths.max()))[None, :] < lengths[:, None]).long()
    return padded(rows), mask.to(device(), non_blocking=True)


def endless(
    lengths: NDArray[np.intp], chance: np.random.Generator, steps: int, tokens: int = TOKENS
) -> Iterator[tuple[int, list[int]]]:
    """(step, batch) for so many steps, pass after pass."""
    step = 0
    while step < steps:
        for batch in batches(lengths, chance, tokens):
            yield step, batch
            step += 1
            if step == steps:
                return
