"""How many texts a second one core labels, beside counting the same n-grams with scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sklearn.feature_extraction.text import HashingVectorizer

from classifiers import load
from classifiers.features import N_GRAMS, count

TEXTS = [
    f"{place} {number}번지 앞 {thing} 벌써 {number % 9}주째입니다. " * 9
    for number in range(100)
    for place in ("신림동", "세종대로", "마포구 합정동", "강남역 3번 출구")
    for thing in ("가로등이 꺼져 밤길이 무섭습니다", "쓰레기가 쌓여 냄새가 심합니다")
]


@pytest.mark.load
def test_texts_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    model = load()
    model.label(TEXTS[:50])
    sklearn = HashingVectorizer(
        analyzer="char", ngram_range=(min(N_GRAMS), max(N_GRAMS)), n_features=2**19
    )
    whole = cpu_seconds(lambda: model.label(TEXTS))
    ours = cpu_seconds(lambda: [count(text, 19) for text in TEXTS])
    theirs = cpu_seconds(lambda: sklearn.transform(TEXTS))
    chars = sum(map(len, TEXTS)) / len(TEXTS)
    with capsys.disabled():
        print(
            f"\nlabelling {len(TEXTS)} texts of {chars:.0f} characters: {len(TEXTS) / whole:.0f} a "
            f"second of one core, {1000 * whole / len(TEXTS):.2f} ms each; counting their n-grams "
            f"takes {1000 * ours / len(TEXTS):.2f} ms, scikit-learn's HashingVectorizer "
            f"{1000 * theirs / len(TEXTS):.2f} ms ({theirs / ours:.1f} times as long)"
        )


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least of three tries: what others do on the machine only adds."""
    tries = []
    for _ in range(3):
        began = time.process_time()
        work()
        tries.append(time.process_time() - began)
    return min(tries)
