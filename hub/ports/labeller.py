"""What the hub asks of a classifier, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hub.model.labels import Labels


class Labeller(Protocol):
    """Texts in, labels out; never raises on any text. ``model`` names the version."""

    model: str

    def label(self, texts: Sequence[str]) -> list[Labels]:
        """One Labels per text, in order."""
        ...
