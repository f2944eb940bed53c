"""One way to learn: every head at once from labels, and a teacher's states where there is a teacher.

Cross-entropy of softened labels (Szegedy et al. 2016), each message with its weight; squared error and
cosine of the teacher's states (``teacher``), which fades while the labels' part stays. AdamW
(Loshchilov and Hutter 2019), a straight warm-up and decay; heads learn faster than the encoder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from classifiers.encoder import CHARS_A_TOKEN, Sheet
from classifiers.training.encoder.batches import batches, endless, padded
from classifiers.training.encoder.network import Network, mean
from classifiers.training.encoder.teacher import States
from classifiers.training.lessons import Lesson

HEAD_WEIGHT = {"service": 1.0, "intent": 0.5, "urgency": 0.5}
SOFTENED = 0.1
WEIGHT_DECAY = 0.01
WARM_UP = 0.05
HEAD_RATE = 8
"""How many times faster the heads learn, which start from nothing."""
MEAN_WEIGHT = 10.0
"""Beside a token's error: a mean's is about a tenth of it."""
FADED = 0.15
"""What is left of the teacher's part at the end."""
UNSAID = -100
TELL_EVERY = 50

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast; ``rate`` is the encoder's highest learning rate."""

    passes: float = 3.0
    rate: float = 1e-4
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Teaching:
    """The teacher's states of the first texts; ``alike[n]``: whether teacher and pupil cut text n into
    the same tokens."""

    states: States
    alike: Sequence[bool]


class Task:
    """Lessons as tensors, and what a batch of them costs."""

    def __init__(
        self,
        lessons: Sequence[Lesson],
        tokenizer: Tokenizer,
        sheet: Sheet,
        teaching: Teaching | None,
    ) -> None:
        self.tokens = tokens(tokenizer, [lesson.text for lesson in lessons], sheet.max_tokens)
        self.lengths = np.array([len(read) for read in self.tokens])
        self._weights = torch.tensor([lesson.weight for lesson in lessons])
        self._heads = {
            head: _numbers(lessons, head, classes) for head, classes in sheet.heads.items()
        }
        self._sizes = {head: len(classes) for head, classes in sheet.heads.items()}
        self._teaching = teaching

    def loss(self, network: Network, project: nn.Module, rows: list[int], share: float) -> Tensor:
        """What the batch costs; ``share`` is how much of the learning is done, from 0 to 1."""
        ids, mask = padded([self.tokens[n] for n in rows])
        states = network.encoder(input_ids=ids, attention_mask=mask)[0]
        pooled = mean(states, mask)
        loss = self._of_labels(network.heads(network.drop(pooled)), rows)
        if self._teaching is not None:
            fade = max(FADED, 1 - 1.3 * share)
            loss = loss + fade * self._of_states(project(states), project(pooled), rows)
        return loss

    def _of_labels(self, scores: Tensor, rows: list[int]) -> Tensor:
        total, start = scores.new_zeros(()), 0
        for head, size in self._sizes.items():
            part, wanted = scores[:, start : start + size], self._heads[head][rows]
            start += size
            said = wanted != UNSAID
            if said.any():
                weight = self._weights[rows][said]
                lost = functional.cross_entropy(
                    part[said], wanted[said], reduction="none", label_smoothing=SOFTENED
                )
                total = total + HEAD_WEIGHT.get(head, 0.5) * (lost * weight).sum() / weight.sum()
        return total

    def _of_states(self, states: Tensor, pooled: Tensor, rows: list[int]) -> Tensor:
        assert self._teaching is not None
        wanted, there = torch.zeros_like(states), torch.zeros((*states.shape[:2], 1))
        means, taught = torch.zeros_like(pooled), torch.zeros(len(rows))
        for place, row in enumerate(rows):
            if row + 1 >= len(self._teaching.states.starts):
                continue
            said = torch.from_numpy(self._teaching.states.of(row))
            means[place], taught[place] = said.mean(0), 1
            if self._teaching.alike[row]:
                wanted[place, : len(said)], there[place, : len(said)] = said, 1
        by_token = ((states - wanted) ** 2 * there).sum() / (there.sum() * states.shape[-1] + 1)
        many = taught.sum() + 1e-6
        by_mean = (((pooled - means) ** 2).mean(1) * taught).sum() / many
        angle = ((1 - functional.cosine_similarity(pooled, means)) * taught).sum() / many
        return by_token + MEAN_WEIGHT * by_mean + angle


def learn(network: Network, task: Task, plan: Plan, tell: Tell) -> None:
    """Changes the network in place."""
    torch.manual_seed(plan.seed)
    chance = np.random.default_rng(plan.seed)
    steps = max(1, round(plan.passes * len(batches(task.lengths, chance))))
    wide = network.encoder.config.hidden_size
    project = nn.Linear(wide, wide)
    nn.init.eye_(project.weight)
    nn.init.zeros_(project.bias)
    optimiser = _optimiser(network, project, plan)
    network.train()
    began, lost = time.monotonic(), []
    for step, rows in endless(task.lengths, chance, steps):
        for group in optimiser.param_groups:
            group["lr"] = group["top"] * _rate(step, steps)
        loss = task.loss(network, project, rows, step / steps)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        lost.append(float(loss.detach()))
        if (step + 1) % TELL_EVERY == 0 or step + 1 == steps:
            left = (time.monotonic() - began) / (step + 1) * (steps - step - 1)
            tell(
                f"step {step + 1} of {steps}, loss {np.mean(lost[-TELL_EVERY:]):.3f}, {left:.0f} s left"
            )
    network.eval()


def tokens(tokenizer: Tokenizer, texts: Sequence[str], most: int) -> list[list[int]]:
    """Each text's token numbers, at most so many, as ``classifiers.encoder`` cuts them."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(most)
    sendable = [text[: most * CHARS_A_TOKEN].encode("utf-8", "replace").decode() for text in texts]
    return [read.ids for read in tokenizer.encode_batch(sendable)]


def _numbers(lessons: Sequence[Lesson], head: str, classes: Sequence[str]) -> Tensor:
    numbers = {code: number for number, code in enumerate(classes)}
    return torch.tensor([numbers.get(lesson.labels.get(head, ""), UNSAID) for lesson in lessons])


def _optimiser(network: Network, project: nn.Module, plan: Plan) -> torch.optim.Optimizer:
    quick = list(chain(network.heads.parameters(), project.parameters()))
    groups = [
        {"params": list(network.encoder.parameters()), "top": plan.rate},
        {"params": quick, "top": plan.rate * HEAD_RATE},
    ]
    return torch.optim.AdamW(groups, lr=plan.rate, weight_decay=WEIGHT_DECAY, betas=(0.9, 0.98))


def _rate(step: int, steps: int) -> float:
    """The share of the highest rate: up in a straight line, then down to nothing."""
    warm = max(1, int(steps * WARM_UP))
    return min((step + 1) / warm, max(0.01, (steps - step) / max(1, steps - warm)))
