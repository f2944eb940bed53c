"""A small encoder from a large one, in three steps; the large one's vocabulary is cut down first.

1. ``teachers``: copies of the base learn the lessons, one without each fold of them.
2. ``answers``: what they say of every text, labelled or not (``teacher``).
3. ``pupil``: a few layers of the base learn its states, the teachers' answers and the labels.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tokenizers import Tokenizer
from torch import nn

from classifiers.encoder import Sheet
from classifiers.training import corpus, linear
from classifiers.training.encoder.learn import Task, Teaching, learn, tokens_and_marks
from classifiers.training.encoder.network import Network, device, load_encoder
from classifiers.training.encoder.steps import Plan, Tell
from classifiers.training.encoder.teacher import EVERYONE, Answers, answers
from classifiers.training.encoder.vocabulary import cut_embeddings, pruned
from classifiers.training.lessons import Lesson

MAX_TOKENS = 88
TEACHER_TOKENS = 208
"""A teacher reads all of a message that was cut after 420 signs."""
SPARE = 12
"""Positions more than tokens are read: some encoders count from two, and a graph is tried on 96."""
PIECES = 10_400
LAYERS = (0, 3, 7, 11)
WINDOW_CHARS = 220
AGAIN = 2
"""How many times more a pass of the pupil sees a lesson than another text."""
MOST_OF_A_FILE = 60_000
"""Windows of a file's texts that are learned from: some files are much longer than a city's."""


@dataclass(frozen=True, slots=True)
class Plans:
    """How long each step learns, and how fast."""

    teacher: Plan
    pupil: Plan

    def of(self, passes: float) -> Plans:
        """All shorter or longer, in proportion; ``passes`` is the teachers'."""
        share = passes / self.teacher.passes
        parts = (self.teacher, self.pupil)
        return Plans(*(replace(plan, passes=plan.passes * share) for plan in parts))


PLANS = Plans(
    teacher=Plan(passes=4.0, rate=2e-4, tokens=8_192),
    pupil=Plan(passes=1.5, rate=6e-4, tokens=16_384),
)
"""Batches as an accelerator likes them."""


@dataclass(frozen=True, slots=True)
class School:
    """What all steps share: the lessons first among the texts, and all texts' tokens."""

    lessons: Sequence[Lesson]
    texts: Sequence[Lesson]
    tokenizer: Tokenizer
    tokens: Sequence[Sequence[int]]
    sheet: Sheet

    @property
    def classes(self) -> int:
        """Of all heads."""
        return sum(map(len, self.sheet.heads.values()))


def pretrained(
    base: str, folder: Path, learned: Sequence[Lesson], plans: Plans, tell: Tell
) -> tuple[Network, Tokenizer, Sheet]:
    """Raises ValueError for a base whose vocabulary cannot be cut, or without enough layers."""
    elder, whole = load_encoder(base)
    if len(elder.encoder.layer) <= max(LAYERS):
        raise ValueError(f"{base} has {len(elder.encoder.layer)} layers; a teacher has 12")
    known = [lesson for lesson in learned if not lesson.aside]
    every = known + [Lesson(text, {}) for text in windows(folder, learned)]
    tokenizer, kept = pruned(whole, [lesson.text for lesson in every], PIECES)
    cut_embeddings(elder, kept, TEACHER_TOKENS + SPARE)
    tokens, _ = tokens_and_marks(tokenizer, every, TEACHER_TOKENS)
    sheet = Sheet(TEACHER_TOKENS, linear.classes(learned))
    school = School(known, every, tokenizer, tokens, sheet)
    tell(f"{len(known)} lessons and {len(every) - len(known)} other texts")
    said = _answers(elder.to(device()), school, plans.teacher, tell)
    pupil = Network(shallow(elder), school.classes)
    short = replace(sheet, max_tokens=MAX_TOKENS)
    taught = Teaching(elder, said.again(len(known), AGAIN))
    learn(pupil, Task([*known * AGAIN, *every], tokenizer, short, taught), plans.pupil, tell)
    return pupil, tokenizer, short


def _answers(elder: nn.Module, school: School, plan: Plan, tell: Tell) -> Answers:
    """Of a teacher for each fold."""
    folds = [corpus.fold(lesson.text) for lesson in school.lessons]
    teachers = []
    for fold in range(corpus.FOLDS):
        tell(f"teacher {fold + 1} of {corpus.FOLDS}")
        teacher = Network(copy.deepcopy(elder), school.classes)
        rest = [le for le, at in zip(school.lessons, folds, strict=True) if at != fold]
        learn(teacher, Task(rest, school.tokenizer, school.sheet), replace(plan, seed=fold), tell)
        teachers.append(teacher)
    others = len(school.texts) - len(folds)
    return answers(teachers, school.tokens, folds + [EVERYONE] * others)


def shallow(elder: nn.Module) -> nn.Module:
    """A copy of the elder with few of its layers, and as many positions as it will read."""
    pupil = copy.deepcopy(elder)
    pupil.encoder.layer = nn.ModuleList(pupil.encoder.layer[number] for number in LAYERS)
    pupil.config.num_hidden_layers = len(LAYERS)
    cut_embeddings(pupil, list(range(pupil.config.vocab_size)), MAX_TOKENS + SPARE)
    return pupil.to(device())


def windows(folder: Path, learned: Sequence[Lesson]) -> list[str]:
    """The folder's texts in pieces, none of a text that begins like a message kept out or a lesson: all
    teachers are asked of them, so none may have learned their labels."""
    unseen = corpus.split(corpus.read(folder))[1]
    closed = {corpus.beginning(text) for text in [row["text"] for row in unseen]}
    closed |= {corpus.beginning(lesson.text) for lesson in learned}
    chance = random.Random(5)  # noqa: S311 – a sample, no secret
    found: list[str] = []
    for texts in corpus.texts(folder):
        pieces = [
            text[at : at + WINDOW_CHARS]
            for text in texts
            if corpus.beginning(text) not in closed
            for at in range(0, len(text), WINDOW_CHARS)
        ]
        chance.shuffle(pieces)
        found += pieces[:MOST_OF_A_FILE]
    return found
