"""What deep networks say of every text, for a shallow one to learn.

A teacher is surer of a message that it was taught than of others, which teaches nothing; so there are
several, each taught without one part of the lessons, and of a lesson that one is asked that never saw
it. Of what nobody labelled the mean of all is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.encoder import MARKS
from classifiers.training.encoder.batches import TOKENS, batches, read
from classifiers.training.encoder.network import Network, device, quick

EVERYONE = -1


@dataclass(frozen=True, slots=True)
class Answers:
    """``scores``: texts × classes of all heads; of text n the marks are rows ``starts[n]`` to
    ``starts[n + 1]`` of ``marks`` (tokens × 3)."""

    scores: Tensor
    marks: Tensor
    starts: NDArray[np.intp]

    def marks_of(self, rows: Sequence[int], longest: int) -> Tensor:
        """Texts × ``longest`` tokens × 3, whatever is asked for beyond a text's end."""
        starts, ends = self.starts[list(rows)], self.starts[np.array(rows) + 1] - 1
        where = np.minimum(starts[:, None] + np.arange(longest), ends[:, None])
        return self.marks[torch.from_numpy(where).to(self.marks.device)]

    def again(self, first: int, times: int) -> Answers:
        """The same with the first so many texts so many times more before all."""
        end = int(self.starts[first])
        more = [self.starts[:first] + end * number for number in range(times)]
        return Answers(
            torch.cat([*[self.scores[:first]] * times, self.scores]),
            torch.cat([*[self.marks[:end]] * times, self.marks]),
            np.concatenate([*more, self.starts + end * times]),
        )


def answers(
    teachers: Sequence[Network], tokens: Sequence[Sequence[int]], folds: Sequence[int]
) -> Answers:
    """``folds``: by text the teacher that is asked, or ``EVERYONE``."""
    lengths = np.array([len(known) for known in tokens])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    classes = teachers[0].heads.out_features
    found = Answers(
        torch.zeros((len(tokens), classes), device=device()),
        torch.zeros((int(starts[-1]), MARKS), device=device()),
        starts,
    )
    asked = np.array(folds)
    for number, teacher in enumerate(teachers):
        teacher.to(device()).eval()
        share = np.where(asked == EVERYONE, 1 / len(teachers), asked == number)
        rows = np.flatnonzero(share)
        plan = batches(lengths[rows], np.random.default_rng(0), TOKENS * 8) if len(rows) else []
        for batch in plan:
            _ask(teacher, tokens, rows[batch], share, found)
    return found


def _ask(
    teacher: Network,
    tokens: Sequence[Sequence[int]],
    rows: NDArray[np.intp],
    share: NDArray[np.float64],
    found: Answers,
) -> None:
    ids, mask = read([tokens[n] for n in rows])
    with torch.inference_mode(), quick():
        scores, marks, _ = teacher(ids, mask)
    weight = torch.tensor(share[rows], dtype=torch.float32, device=scores.device)
    found.scores[torch.from_numpy(rows).to(scores.device)] += scores.float() * weight[:, None]
    where = np.concatenate([np.arange(found.starts[n], found.starts[n + 1]) for n in rows])
    there = mask.bool()
    said = (marks.float() * weight[:, None, None])[there]
    found.marks[torch.from_numpy(where).to(scores.device)] += said
