"""What lessons cost: every head from labels, the place's tokens from the labelled piece, and answers
and states of teachers where there are any.

Cross-entropy of softened labels (Szegedy et al. 2016), each message with its weight; of a teacher's
probabilities at a temperature (Hinton et al. 2015); the squared error of the states of an encoder to
learn from, token by token and of their mean (Jiao et al. 2020, TinyBERT).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from classifiers.encoder import CHARS_A_TOKEN, MARKS, Sheet
from classifiers.training.encoder.batches import batches, endless, padded, read
from classifiers.training.encoder.network import Network, device, mean, quick
from classifiers.training.encoder.steps import Plan, Tell, climb
from classifiers.training.encoder.teacher import Answers
from classifiers.training.lessons import Lesson

HEAD_WEIGHT = {"service": 1.0, "intent": 0.5, "urgency": 0.5}
SOFTENED = 0.1
HEAD_RATE = 8
"""How many times faster the heads learn, which start from nothing."""
MARK_WEIGHT = 0.5
ANSWER_WEIGHT, TEMPERATURE = 1.0, 2.0
MEAN_WEIGHT = 10.0
"""Beside a token's error: a mean's is about a tenth of it."""
FADED = 0.15
"""What is left of the elder's part at the end."""
UNSAID = -100


@dataclass(frozen=True, slots=True)
class Teaching:
    """``elder``: the encoder whose states are learned; ``answers``: what teachers say of every text.
    Both read the pupil's own tokens."""

    elder: nn.Module
    answers: Answers


class Task:
    """Lessons as tensors, and what a batch of them costs."""

    def __init__(
        self,
        lessons: Sequence[Lesson],
        tokenizer: Tokenizer,
        sheet: Sheet,
        teaching: Teaching | None = None,
    ) -> None:
        self.tokens, self._marks = tokens_and_marks(tokenizer, lessons, sheet.max_tokens)
        self.lengths = np.array([len(known) for known in self.tokens])
        self._weights = torch.tensor([lesson.weight for lesson in lessons]).to(device())
        self._heads = {
            head: _numbers(lessons, head, classes).to(device())
            for head, classes in sheet.heads.items()
        }
        self._sizes = {head: len(classes) for head, classes in sheet.heads.items()}
        self._teaching = teaching

    def loss(self, network: Network, project: nn.Module, rows: list[int], share: float) -> Tensor:
        """What the batch costs; ``share`` is how much of the learning is done, from 0 to 1."""
        ids, mask = read([self.tokens[n] for n in rows])
        with quick():
            scores, marks, _, states = network.answers(ids, mask)
            loss = self._of_labels(scores.float(), rows)
            loss = loss + MARK_WEIGHT * self._of_marks(marks.float(), rows)
            if self._teaching is not None:
                taught = self._of_answers(scores.float(), marks.float(), mask, rows)
                loss = loss + ANSWER_WEIGHT * taught
                elder = self._elder_states(ids, mask)
                said = project(states).float()
                loss = loss + max(FADED, 1 - 1.3 * share) * _of_states(said, elder, mask)
        return loss

    def _of_labels(self, scores: Tensor, rows: list[int]) -> Tensor:
        total, start = scores.new_zeros(()), 0
        weights = self._weights[rows]
        for head, size in self._sizes.items():
            part, wanted = scores[:, start : start + size], self._heads[head][rows]
            start += size
            lost = functional.cross_entropy(
                part, wanted, reduction="none", label_smoothing=SOFTENED, ignore_index=UNSAID
            )
            weight = weights * (wanted != UNSAID)
            total = total + HEAD_WEIGHT.get(head, 0.5) * (lost * weight).sum() / (
                weight.sum() + 1e-6
            )
        return total

    def _of_marks(self, marks: Tensor, rows: list[int]) -> Tensor:
        wanted = padded([self._marks[n] for n in rows], UNSAID)
        lost = functional.cross_entropy(
            marks.reshape(-1, MARKS), wanted.reshape(-1), reduction="sum", ignore_index=UNSAID
        )
        # Most tokens are no place and soon learned: the mean over texts, not over tokens.
        return lost / ((wanted != UNSAID).any(1).sum() * 4 + 1e-6)

    def _of_answers(self, scores: Tensor, marks: Tensor, mask: Tensor, rows: list[int]) -> Tensor:
        assert self._teaching is not None
        answers = self._teaching.answers
        wanted = answers.scores[rows]
        total, start = scores.new_zeros(()), 0
        for head, size in self._sizes.items():
            mine, theirs = (s[:, start : start + size] / TEMPERATURE for s in (scores, wanted))
            start += size
            lost = functional.kl_div(
                mine.log_softmax(1), theirs.log_softmax(1), reduction="batchmean", log_target=True
            )
            total = total + HEAD_WEIGHT.get(head, 0.5) * lost * TEMPERATURE**2
        mine = marks.log_softmax(-1)
        theirs = answers.marks_of(rows, marks.shape[1]).log_softmax(-1)
        apart = (theirs.exp() * (theirs - mine)).sum(-1) * _inside(mask)
        return total + MARK_WEIGHT * apart.sum() / (len(rows) * 4)

    def _elder_states(self, ids: Tensor, mask: Tensor) -> Tensor:
        assert self._teaching is not None
        with torch.no_grad():
            found: Tensor = self._teaching.elder(input_ids=ids, attention_mask=mask)[0]
            return found.float()


def _inside(mask: Tensor) -> Tensor:
    """Without a text's first and last token, which spell nothing; a cut text ends elsewhere for a
    teacher than for a pupil."""
    following = functional.pad(mask, (0, 1))[:, 1:]
    found = mask * following
    found[:, 0] = 0
    return found


def _of_states(mine: Tensor, theirs: Tensor, mask: Tensor) -> Tensor:
    """Squared errors over the spread of the states, so that the scale of neither counts."""
    there = mask.unsqueeze(-1)
    spread = (theirs**2 * there).sum() / (there.sum() * theirs.shape[-1]) + 1e-6
    by_token = (((mine - theirs) ** 2) * there).sum() / (there.sum() * theirs.shape[-1]) / spread
    by_mean = ((mean(mine, mask) - mean(theirs, mask)) ** 2).mean() / spread
    return by_token + MEAN_WEIGHT * by_mean


def learn(network: Network, task: Task, plan: Plan, tell: Tell) -> None:
    """Changes the network in place."""
    torch.manual_seed(plan.seed)
    chance = np.random.default_rng(plan.seed)
    steps = max(1, round(plan.passes * len(batches(task.lengths, chance, plan.tokens))))
    wide = network.encoder.config.hidden_size
    project = nn.Linear(wide, wide)
    nn.init.eye_(project.weight)
    nn.init.zeros_(project.bias)
    network.to(device()).train()
    project.to(device())
    quickly = [network.heads, network.marks, project]
    rates = {
        plan.rate: list(network.encoder.parameters()),
        plan.rate * HEAD_RATE: [w for part in quickly for w in part.parameters()],
    }

    def losses() -> Iterator[Tensor]:
        for step, rows in endless(task.lengths, chance, steps, plan.tokens):
            yield task.loss(network, project, rows, step / steps)

    climb(losses(), rates, steps, tell)
    network.eval()


def tokens_and_marks(
    tokenizer: Tokenizer, lessons: Sequence[Lesson], most: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Each text's token numbers, at most so many, as ``classifiers.encoder`` cuts them; and for each
    token whether a place begins there (1), goes on (2) or none is (0), if that is known; of a place
    that stands behind what is read, nothing is."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(most)
    texts = [
        lesson.text[: most * CHARS_A_TOKEN].encode("utf-8", "replace").decode()
        for lesson in lessons
    ]
    found = tokenizer.encode_batch(texts)
    marks = [
        _marks(text, lesson.place, one.offsets)
        for text, lesson, one in zip(texts, lessons, found, strict=True)
    ]
    return [one.ids for one in found], marks


def _marks(text: str, place: str | None, offsets: Sequence[tuple[int, int]]) -> list[int]:
    if place is None or place not in text:
        return [UNSAID] * len(offsets)
    found = [UNSAID if end <= start else 0 for start, end in offsets]
    at = text.find(place) if place else -1
    while at >= 0:
        inside = [
            n
            for n, (start, end) in enumerate(offsets)
            if end > start and end > at and start < at + len(place)
        ]
        for n in inside:
            found[n] = 1 if n == inside[0] else 2
        at = text.find(place, at + len(place))
    return found


def _numbers(lessons: Sequence[Lesson], head: str, classes: Sequence[str]) -> Tensor:
    numbers = {code: number for number, code in enumerate(classes)}
    return torch.tensor([numbers.get(lesson.labels.get(head, ""), UNSAID) for lesson in lessons])
