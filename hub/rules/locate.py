"""Where an item is: its point first, then what its words say, most exact piece first."""

from __future__ import annotations

import re

from hub.model.places import Located
from hub.rules.areas import AreaIndex
from hub.rules.gazetteer import Gazetteer

_FIRST_SENTENCE = re.compile(r"[.!?。\n]")


def locate(
    index: AreaIndex,
    gazetteer: Gazetteer,
    *,
    text: str = "",
    place: str = "",
    lat: float | None = None,
    lon: float | None = None,
) -> Located:
    """The area of an item.

    Asked in turn: the point; the reporter's own words for the place; the text. The first that names
    anything decides, also when what it names is ambiguous. A text that names several places is about
    the one in its first sentence, if that names one. A point outside the city leaves it to the words,
    and is noted (``how`` = ``outside``) when they say nothing.
    """
    outside = False
    if lat is not None and lon is not None:
        at = index.at(lat, lon)
        if at.area is not None:
            return at
        outside = True
    for words in (place, text):
        found = gazetteer.locate(words)
        if found.how == "ambiguous":
            # The pieces a classifier takes for places were tried here: without what stands around
            # them, a writer's home and other cities' namesakes were taken for the place.
            first = gazetteer.locate(_FIRST_SENTENCE.split(words, maxsplit=1)[0])
            return first if first.area else found
        if found.how != "none":
            return found
    return Located(None, "outside") if outside else Located(None, "none")
