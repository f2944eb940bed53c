"""A version of the classifier is a folder; what is no version is refused, never half loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from classifiers import load
from classifiers.model import PLACES, WEIGHTS, read
from classifiers.model import load as load_weights


def test_a_folder_with_a_linear_model_is_a_version(tmp_path: Path) -> None:
    arrays = read(WEIGHTS)
    del arrays["encoder"]
    np.savez(tmp_path / "linear.npz", **arrays)
    shutil.copy(WEIGHTS.with_name(PLACES), tmp_path)
    text = "신림동 가로등이 꺼졌어요"
    shipped, version, linear = load(), load(tmp_path), load_weights(alone=True)
    assert version.model == shipped.model == linear.model
    assert version.label([text]) == linear.label([text])


@pytest.mark.parametrize("kept_bytes", [0, 10, 5_000, 100_000])
def test_a_version_that_was_cut_off_is_refused(tmp_path: Path, kept_bytes: int) -> None:
    (tmp_path / "linear.npz").write_bytes(WEIGHTS.read_bytes()[:kept_bytes])
    with pytest.raises(ValueError, match=r"weights file|pickled data"):
        load(tmp_path)
