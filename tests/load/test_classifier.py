"""How many texts a second one core labels: the linear path, the default one, scikit-learn beside."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import HashingVectorizer

from classifiers.features import N_GRAMS, count
from classifiers.model import load
from classifiers.training import corpus

LEAST_CHARS, MOST_TEXTS = 300, 400
TRIES = 3
LEAST_RATIO = 1.5
"""So many times as long the other way to count takes at least, in the same run: the card says twice."""


@pytest.mark.load
def test_texts_a_second(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = [row["text"] for row in corpus.split(corpus.read(data_folder))[1]]  # none was learned
    long = [text for text in every if len(text) > LEAST_CHARS and not text.isascii()][:MOST_TEXTS]
    default, linear = load(), load(alone=True)
    for model in (default, linear):
        model.label(long[:64])
    sklearn = HashingVectorizer(
        analyzer="char", ngram_range=(min(N_GRAMS), max(N_GRAMS)), n_features=2**19
    )
    for name, texts in (("long", long), ("all", every[:: max(1, len(every) // 1_000)])):
        chars = sum(map(len, texts)) / len(texts)
        lines = [f"{name}: {len(texts)} texts of {chars:.0f} characters, of one core:"]
        for path, model in (("linear", linear), ("default", default)):
            each = cpu_seconds(partial(model.label, texts)) / len(texts)
            lines.append(f"  {path}: {1000 * each:.2f} ms a text, {1 / each:.0f} a second")
        lines.append(f"  the encoder was asked about {default.asked(texts):.0%}")
        with capsys.disabled():
            print("\n" + "\n".join(lines))
    ours = cpu_seconds(lambda: [count(text, 19) for text in long])
    theirs = cpu_seconds(lambda: sklearn.transform(long))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    with capsys.disabled():
        print(
            f"counting n-grams: scikit-learn's HashingVectorizer takes {theirs / ours:.1f} times as"
            f" long\nmemory, with pytest and scikit-learn: {megabytes:.0f} MB"
        )
    assert theirs / ours > LEAST_RATIO


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least of three tries, all threads together: what others do on the machine only adds."""
    tries = []
    for _ in range(TRIES):
        began = time.process_time()
        work()
        tries.append(time.process_time() - began)
    return min(tries)
