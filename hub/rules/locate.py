"""Where an item is: its point first, then what its text says, most exact piece first."""

from __future__ import annotations

from collections.abc import Sequence

from hub.model.labels import Span
from hub.model.places import Located
from hub.rules.areas import AreaIndex
from hub.rules.gazetteer import Gazetteer


def locate(
    index: AreaIndex,
    gazetteer: Gazetteer,
    *,
    text: str = "",
    place: str = "",
    spans: Sequence[Span] = (),
    lat: float | None = None,
    lon: float | None = None,
) -> Located:
    """The area of an item.

    Asked in turn: the point; the reporter's own words for the place; the pieces of the text that the
    classifier took for a place; the whole text. The first that names anything decides, also when what
    it names is ambiguous. A point outside the city leaves it to the words, and is noted
    (``how`` = ``outside``) when they say nothing.
    """
    outside = False
    if lat is not None and lon is not None:
        at = index.at(lat, lon)
        if at.area is not None:
            return at
        outside = True
    for words in (place, " ".join(span.text for span in spans), text):
        if words:
            found = gazetteer.locate(words)
            if found.how != "none":
                return found
    return Located(None, "outside") if outside else Located(None, "none")
