"""Make an encoder: ``python -m classifiers.training.encoder BASE FOLDER OUT [--pretrain]``.

``BASE`` is any Hugging Face encoder with a fast tokenizer, as a folder or an id; ``FOLDER`` as in
``classifiers.training``. It is fine-tuned for every head on what the folder teaches and written to
``OUT``: as fp16 safetensors to go on from, and as an int8 graph to serve. With ``--pretrain``, ``BASE``
is a teacher: a pupil with four of its layers and the part of its vocabulary that the folder's texts use
learns its states and the labels in one go.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from torch import nn

from classifiers.encoder import Sheet
from classifiers.training import corpus, lessons, linear
from classifiers.training.encoder.export import export
from classifiers.training.encoder.learn import Plan, Task, Teaching, Tell, learn, tokens
from classifiers.training.encoder.network import Network, kept_heads, load_encoder, save
from classifiers.training.encoder.teacher import states
from classifiers.training.encoder.vocabulary import cut_embeddings, pruned
from classifiers.training.lessons import Lesson

MAX_TOKENS = 88
PIECES = 10_400
LAYERS = (0, 3, 7, 11)
PASSES, RATE = 3.0, 1e-4
PUPIL_RATE = 2.5e-4
UNLABELLED = 7_500
UNLABELLED_CHARS = 170


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def tuned(
    base: str, learned: Sequence[Lesson], plan: Plan, tell: Tell = _say
) -> tuple[Network, Tokenizer, Sheet]:
    """The base with a layer for all heads, taught by the lessons that are not set aside. Heads that
    were kept beside the base go on from what they were."""
    encoder, tokenizer = load_encoder(base)
    sheet = Sheet(MAX_TOKENS, linear.classes(learned))
    network = Network(encoder, sum(map(len, sheet.heads.values())))
    heads = kept_heads(base, sheet)
    if heads is not None:
        network.heads.load_state_dict({name: value.float() for name, value in heads.items()})
    task = Task([lesson for lesson in learned if not lesson.aside], tokenizer, sheet, None)
    learn(network, task, plan, tell)
    return network, tokenizer, sheet


def pretrained(
    base: str, folder: Path, learned: Sequence[Lesson], plan: Plan, tell: Tell = _say
) -> tuple[Network, Tokenizer, Sheet]:
    """A pupil of the base with four of its layers, taught by its states and by the lessons.

    Raises ValueError for a base whose vocabulary cannot be cut, or without enough layers."""
    teacher, whole = load_encoder(base)
    pupil, _ = load_encoder(base)
    if len(pupil.encoder.layer) <= max(LAYERS):
        raise ValueError(f"{base} has {len(pupil.encoder.layer)} layers; a teacher has 12")
    known = [lesson for lesson in learned if not lesson.aside]
    every = known + [Lesson(text, {}) for text in unlabelled(folder)]
    texts = [lesson.text for lesson in every]
    tokenizer, kept = pruned(whole, texts, PIECES)
    pupil.encoder.layer = nn.ModuleList(pupil.encoder.layer[number] for number in LAYERS)
    pupil.config.num_hidden_layers = len(LAYERS)
    cut_embeddings(pupil, kept, MAX_TOKENS + 40)
    sheet = Sheet(MAX_TOKENS, linear.classes(learned))
    read = tokens(whole, texts, MAX_TOKENS)
    here = {number: place for place, number in enumerate(kept)}
    task_tokens = tokens(tokenizer, texts, MAX_TOKENS)
    alike = [[here.get(n) for n in a] == b for a, b in zip(read, task_tokens, strict=True)]
    teaching = Teaching(states(teacher, read, tell), alike)
    network = Network(pupil, sum(map(len, sheet.heads.values())))
    learn(network, Task(every, tokenizer, sheet, teaching), plan, tell)
    return network, tokenizer, sheet


def unlabelled(folder: Path) -> list[str]:
    """Some beginnings of the folder's texts, none that begins like a message kept out."""
    kept_out = {corpus.beginning(row["text"]) for row in corpus.split(corpus.read(folder))[1]}
    found = [text for text in corpus.texts(folder) if corpus.beginning(text) not in kept_out]
    random.Random(5).shuffle(found)  # noqa: S311 – a sample, no secret
    return [text[:UNLABELLED_CHARS] for text in found[:UNLABELLED]]


def main(arguments: Sequence[str]) -> int:
    """Exit code 2 for a base or a folder that cannot be used."""
    parser = argparse.ArgumentParser(prog="classifiers.training.encoder", description=__doc__)
    parser.add_argument("base")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pretrain", action="store_true")
    parser.add_argument("--passes", type=float, default=PASSES)
    args = parser.parse_args(arguments)
    try:
        known, _ = corpus.split(corpus.read(args.folder))
        learned = lessons.gather(args.folder, known)
        if args.pretrain:
            network, tokenizer, sheet = pretrained(
                args.base, args.folder, learned, Plan(args.passes, PUPIL_RATE)
            )
        else:
            network, tokenizer, sheet = tuned(args.base, learned, Plan(args.passes, RATE))
        save(network, tokenizer, sheet, args.out)
        export(network, tokenizer.get_vocab_size(), args.out)
    except (OSError, ValueError) as wrong:
        print(f"bigear train: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
