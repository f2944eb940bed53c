"""The laboratory: texts in, labels with confidences out. Pure; needs only numpy at run time."""

from classifiers.model import Classifier, load

__all__ = ["Classifier", "load"]
