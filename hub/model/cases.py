"""A case as the hub itself sees it: everything, before any audience's view is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One case with its item, its labels and the first words of its text.

    ``lat``/``lon`` are WGS 84 degrees; ``text`` begins the text, with ``MASK_MARGIN``
    signs more than an excerpt shows, so that no number is masked by half; None once erased.
    """

    id: int
    item_id: int
    version: int
    ref: str
    kind: str
    state: str
    received_at: datetime
    updated_at: datetime
    mark: str | None
    platform: str
    account: str | None
    agency: str | None
    previous_agency: str | None
    area: str | None
    district: str | None
    previous_district: str | None
    approximate: bool
    placeless: bool
    lat: float | None
    lon: float | None
    service: str | None
    service_confidence: float | None
    intent: str | None
    urgency: str | None
    language: str | None
    model: str | None
    deadline_at: datetime | None
    overdue: bool
    closed_at: datetime | None
    assignee: int | None
    assignee_name: str | None
    rule: str
    text: str | None
    photos: int
    answers: int
    merged_into: str | None
    abuse: bool


EXCERPT_CHARS = 240
MASK_MARGIN = 80
"""Longer than any number or address that is masked."""
