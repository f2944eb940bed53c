"""Labels: what a text is about, what it wants, how urgent it is, its language, and where it says.

The closed lists are the label scheme of the project (``config/services.toml`` names the services in
Korean and English).
"""

from __future__ import annotations

from dataclasses import dataclass

SERVICES: tuple[str, ...] = (
    "road_damage",
    "sidewalk",
    "streetlight",
    "traffic_signal",
    "illegal_parking",
    "traffic_flow",
    "bus",
    "subway",
    "taxi",
    "bicycle_pm",
    "waste",
    "noise",
    "air_odor",
    "water_sewer",
    "flooding",
    "parks_trees",
    "animals",
    "fire_rescue",
    "public_safety",
    "snow_ice",
    "building_works",
    "housing",
    "urban_planning",
    "street_order",
    "welfare",
    "health",
    "family_childcare",
    "education_youth",
    "culture_tourism",
    "economy_jobs",
    "administration",
    "other",
)
INTENTS: tuple[str, ...] = ("report", "request", "suggestion", "question", "praise", "noise")
URGENCIES: tuple[str, ...] = ("emergency", "high", "normal", "low")
ABUSE: tuple[str, ...] = ("abuse", "none")
"""Whether the writer abuses, insults or hates people; being angry is none."""


@dataclass(frozen=True, slots=True)
class Label:
    """One code with the calibrated probability (0 to 1) that it is right."""

    code: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: ``text`` equals the text's ``[start:end]`` (Python string indices)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of one text. ``abstain``: too unsure of the service, a person decides.

    ``alternatives``: the services that come next, likeliest first, for that person to choose from.
    ``abuse``: None where the model does not judge it; its confidence is that of texts half of which
    are abuse. ``reasons``: the words that carried the service, in the order of the text.
    ``language`` is an ISO 639-1 code, or ``und``. ``model`` names the version that said so.
    """

    service: Label
    intent: Label
    urgency: Label
    language: Label
    places: tuple[Span, ...]
    abstain: bool
    model: str
    alternatives: tuple[Label, ...] = ()
    reasons: tuple[Span, ...] = ()
    abuse: Label | None = None
