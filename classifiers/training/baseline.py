"""What to beat: the one peer that classifies, and the plainest strong recipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

Recipe = Callable[
    [Sequence[str], NDArray[np.str_], Sequence[str]], tuple[NDArray[np.float32], NDArray[np.str_]]
]


def signalen(
    known: Sequence[str], labels: NDArray[np.str_], unseen: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Word frequencies and an L1 logistic regression, one a class: (probabilities, classes)."""
    words = TfidfVectorizer(use_idf=False)
    model = OneVsRestClassifier(LogisticRegression(l1_ratio=1, solver="liblinear", random_state=0))
    model.fit(words.fit_transform(known), labels)
    return model.predict_proba(words.transform(unseen)).astype(np.float32), model.classes_


def svm(
    known: Sequence[str], labels: NDArray[np.str_], unseen: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """Character n-grams of 1 to 5, tf-idf, a linear SVM: (distances made to sum to one, classes)."""
    grams = TfidfVectorizer(analyzer="char", ngram_range=(1, 5), sublinear_tf=True, min_df=2)
    model = LinearSVC(C=0.5, random_state=0)
    model.fit(grams.fit_transform(known), labels)
    far = model.decision_function(grams.transform(unseen))
    if far.ndim == 1:  # of two classes only the second's
        far = np.stack([-far, far], axis=1)
    powers = np.exp(far - far.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), model.classes_


RECIPES: dict[str, Recipe] = {"signalen": signalen, "svm": svm}


def guess(
    recipe: Recipe, known: Sequence[str], labels: NDArray[np.str_], unseen: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    """What a recipe makes of the unseen: (probabilities, classes). A label that all the known have is
    that of all: no recipe learns from a single class."""
    classes = np.unique(labels)
    if len(classes) == 1:
        return np.ones((len(unseen), 1), np.float32), classes
    return recipe(known, labels, unseen)
