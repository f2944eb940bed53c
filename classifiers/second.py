"""The encoder's second opinion, where the linear models are not sure of the labels or of the place.

The linear model answers most texts in a millisecond or two; the encoder takes ten times as long. So it
is asked only where that is not sure enough, and its probabilities are mixed with the linear scores, in
shares that were chosen on messages set aside (``classifiers.training.mixing``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.encoder import FILES, Encoder, Opinions
from classifiers.marks import Found, Marks, again, doubtful

KEPT = 2
"""Encoders in memory: a version made from corrections has its parent's, and shares it."""

Floats = NDArray[np.float32]

_loaded: dict[str, Encoder] = {}


@dataclass(frozen=True, slots=True)
class Mix:
    """Of one head: the encoder's share, and (sharpness, floor) of the mixed scores."""

    share: float
    calibration: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Second:
    """The encoder, how each head mixes it in, and where it is asked.

    ``columns``: for each head, which of the encoder's classes each of the linear model's is.
    ``shifts``: what a city's corrections add to its probabilities, by its states: dimensions × classes,
    and a constant as the last row.
    ``places``: the weights of its word on candidates for the place (``classifiers.marks``), and a bias.
    It is asked where the certainty of all heads together is less than ``ask_below``, or the chance of
    the best candidate lies in ``doubt``.
    """

    encoder: Encoder
    mixes: Mapping[str, Mix]
    columns: Mapping[str, NDArray[np.intp]]
    shifts: Mapping[str, Floats]
    places: NDArray[np.float64]
    ask_below: float
    doubt: tuple[float, float]

    def opinions(self, texts: Sequence[str]) -> Opinions:
        """For each head texts × classes in the linear model's order; once shifted they are scores,
        which need not lie between 0 and 1."""
        found = self.encoder.read(texts)
        heads = {head: found.heads[head][:, columns] for head, columns in self.columns.items()}
        for head, shift in self.shifts.items():
            heads[head] = heads[head] + found.states @ shift[:-1] + shift[-1]
        return Opinions(heads, found.marks, found.states)

    def asked(self, heads: Mapping[str, Floats], places: Found) -> bool:
        """``heads``: the linear model's probabilities of one text; ``places``: the candidates, best
        first."""
        sure = certainty([found.max() for found in heads.values()])
        return bool(sure < self.ask_below) or doubtful(places, self.doubt)

    def placed(self, text: str, places: Found, marks: Marks) -> Found:
        """The candidates after the encoder's word, best first."""
        return again(places, marks.clues(text, places), self.places)


def certainty(highest: Sequence[Any]) -> Any:
    """How likely all labels are right, were they right independently: the product of the highest
    probability of each head, which may be arrays of many texts'."""
    return np.prod(np.array(highest), axis=0)


def mixed(linear: Floats, encoder: Floats, share: float) -> Floats:
    """Both are guesses at a probability, classes last."""
    return (1 - np.float32(share)) * linear + np.float32(share) * encoder


def digest(folder: Path) -> str:
    """Ten hexadecimal digits that change with any of the encoder's files."""
    content = b"".join((folder / name).read_bytes() for name in FILES)
    return hashlib.sha256(content).hexdigest()[:10]


def _encoder(folder: Path, key: str) -> Encoder:
    """The folder's encoder, the one in memory if that was of files with the same digest."""
    if key not in _loaded:
        encoder = Encoder(folder)
        while len(_loaded) >= KEPT:
            _loaded.pop(next(iter(_loaded)), None)
        _loaded[key] = encoder
    return _loaded[key]


def arrays(
    mixes: Mapping[str, Mix],
    places: NDArray[np.float64],
    ask_below: float,
    doubt: tuple[float, float],
    folder: Path,
) -> dict[str, Any]:
    """For the weights file that the folder's encoder is mixed into."""
    found: dict[str, Any] = {"encoder": digest(folder), "ask_below": ask_below}
    found |= {"place_mix": places, "ask_of_places": np.array(doubt)}
    for head, mix in mixes.items():
        found[f"{head}_mix"] = np.array([mix.share, *mix.calibration])
    return found


def read(stored: Mapping[str, Any], folder: Path) -> Second | None:
    """The second opinion that the weights name, None where they name none.

    Raises OSError or ValueError for files that are missing, broken, or of another version: without
    them the version would label otherwise than its name says."""
    if "encoder" not in stored:
        return None
    for name in FILES:
        if not (folder / name).exists():
            raise ValueError(f"{name} is missing beside the weights that name it")
    key = digest(folder)
    if key != str(stored["encoder"]):
        raise ValueError("the encoder's files belong to other weights")
    encoder = _encoder(folder, key)
    mixes, columns, shifts = {}, {}, {}
    for head, classes in encoder.sheet.heads.items():
        if f"{head}_mix" not in stored:
            continue
        share, sharpness, floor = (float(value) for value in stored[f"{head}_mix"])
        mixes[head] = Mix(share, (sharpness, floor))
        codes = [str(code) for code in stored[f"{head}_classes"]]
        if not set(codes) <= set(classes):
            raise ValueError(f"the encoder lacks classes of {head}")
        columns[head] = np.array([classes.index(code) for code in codes])
        if f"{head}_shift" in stored:
            shifts[head] = np.asarray(stored[f"{head}_shift"], np.float32)
    low, high = (float(value) for value in stored["ask_of_places"])
    return Second(
        encoder,
        mixes,
        columns,
        shifts,
        stored["place_mix"],
        float(stored["ask_below"]),
        (low, high),
    )
