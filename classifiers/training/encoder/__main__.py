"""Make an encoder: ``python -m classifiers.training.encoder BASE FOLDER OUT [--pretrain]``.

``BASE`` is any Hugging Face encoder with a fast tokenizer, as a folder or an id; ``FOLDER`` as in
``classifiers.training``. It is fine-tuned for every head on what the folder teaches and written to
``OUT``: as fp16 safetensors to go on from, and as an int8 graph to serve. With ``--pretrain`` a small
encoder is made from it instead (``classifiers.training.encoder.pretrain``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer

from classifiers.encoder import Sheet
from classifiers.training import corpus, lessons, linear
from classifiers.training.encoder.export import export
from classifiers.training.encoder.learn import Task, learn
from classifiers.training.encoder.network import Network, go_on_from, load_encoder, save
from classifiers.training.encoder.pretrain import MAX_TOKENS, PLANS, pretrained
from classifiers.training.encoder.steps import Plan, Tell
from classifiers.training.lessons import Lesson

TUNED = Plan(passes=3.0, rate=1e-4)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def tuned(
    base: str, learned: Sequence[Lesson], plan: Plan, tell: Tell = _say
) -> tuple[Network, Tokenizer, Sheet]:
    """The base with its heads, taught by the lessons that are not set aside. Heads that were kept
    beside the base go on from what they were."""
    encoder, tokenizer = load_encoder(base)
    sheet = Sheet(MAX_TOKENS, linear.classes(learned))
    network = Network(encoder, sum(map(len, sheet.heads.values())))
    go_on_from(network, base, sheet)
    known = [lesson for lesson in learned if not lesson.aside]
    learn(network, Task(known, tokenizer, sheet), plan, tell)
    return network, tokenizer, sheet


def main(arguments: Sequence[str]) -> int:
    """Exit code 2 for a base or a folder that cannot be used."""
    parser = argparse.ArgumentParser(prog="classifiers.training.encoder", description=__doc__)
    parser.add_argument("base")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pretrain", action="store_true")
    parser.add_argument("--passes", type=float, help="default: as long as was found to do")
    args = parser.parse_args(arguments)
    try:
        known, _ = corpus.split(corpus.read(args.folder))
        learned = lessons.gather(args.folder, known)
        if args.pretrain:
            plans = PLANS.of(args.passes) if args.passes else PLANS
            network, tokenizer, sheet = pretrained(args.base, args.folder, learned, plans, _say)
        else:
            network, tokenizer, sheet = tuned(
                args.base, learned, replace(TUNED, passes=args.passes or TUNED.passes)
            )
        save(network, tokenizer, sheet, args.out)
        export(network, tokenizer.get_vocab_size(), args.out)
    except (OSError, ValueError) as wrong:
        print(f"bigear train: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
