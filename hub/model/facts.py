"""A fact: what happened, once and for all. The log of facts is the hub's memory and its live stream.

``data`` holds ids, codes, states, absolute values and versions, never a text that a person wrote and
never a difference, so that the log can be kept when a person is erased and a replay cannot count
twice. Texts appear as ``*_digest``: SHA-256 over a salt and the text; the salt lies with the text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

FactType = Literal[
    "item.received",
    "item.changed",
    "item.deleted",
    "item.labelled",
    "item.located",
    "item.erased",
    "case.routed",
    "case.rerouted",
    "case.relabelled",
    "case.restored",
    "case.reread",
    "case.assigned",
    "case.moved",
    "case.joined",
    "case.answered",
    "case.noted",
    "case.overdue",
    "case.erased",
    "case.deleted",
    "broadcast.drafted",
    "broadcast.edited",
    "broadcast.moved",
    "delivery.changed",
    "account.changed",
    "config.applied",
    "user.changed",
    "samples.cleared",
    "model.added",
    "model.promoted",
    "model.rolled_back",
    "model.removed",
]
FACT_TYPES: tuple[str, ...] = FactType.__args__  # type: ignore[attr-defined]

Subject = Literal["item", "case", "broadcast", "delivery", "account", "config", "user", "model"]

GENESIS = bytes(32)
"""The hash before the first fact."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the log. ``position`` is dense: 1, 2, 3 … in the order the relay stamped them."""

    position: int
    at: datetime
    type: str
    subject: str
    subject_id: str
    version: int
    actor: str
    data: Mapping[str, Any]


def canonical(value: Mapping[str, Any]) -> bytes:
    """The one byte form of a fact's content: JSON, sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def chain_hash(previous: bytes, fact: Fact) -> bytes:
    """SHA-256 over the hash of the fact before and this fact's canonical form (32 bytes)."""
    content = canonical(
        {
            "position": fact.position,
            "at": fact.at.isoformat(),
            "type": fact.type,
            "subject": fact.subject,
            "subject_id": fact.subject_id,
            "version": fact.version,
            "actor": fact.actor,
            "data": fact.data,
        }
    )
    return hashlib.sha256(previous + content).digest()


def digest(salt: bytes, text: str) -> str:
    """SHA-256 over salt and text, hexadecimal: proves a text that is kept, hides one erased."""
    return hashlib.sha256(salt + text.encode("utf-8")).hexdigest()
