"""The laboratory: texts in, labels with confidences out. Pure; needs numpy, onnxruntime and
tokenizers at run time, and transformers with torch where a city serves a sequence classifier of its
own."""

from __future__ import annotations

from pathlib import Path

from classifiers.model import Classifier
from classifiers.model import load as load_linear
from hub.model.errors import Unavailable

__all__ = ["Classifier", "load"]

LINEAR = "linear.npz"
"""What makes a folder a version of the classifier: its linear model."""


def load(path: Path | None = None) -> Classifier:
    """The shipped classifier; the version in a folder with a ``linear.npz``; that of a weights file;
    or, for any other folder, the shipped one with the Hugging Face sequence classifier in it
    deciding the service.

    Raises OSError or ValueError for what cannot be loaded, Unavailable ``model.needs_torch``.
    """
    if path is None or not path.is_dir():
        return load_linear(path)
    if (path / LINEAR).exists():
        return load_linear(path / LINEAR)
    try:
        from classifiers.neural import SequenceClassifier  # half a gigabyte: only where wanted
    except ModuleNotFoundError as missing:
        raise Unavailable("model.needs_torch", missing=missing.name) from None
    return load_linear(None, SequenceClassifier(path))
