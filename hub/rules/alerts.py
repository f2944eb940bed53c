"""Broadcasts: what may be in one, the hash that approval is bound to, and who sees what of it."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from datetime import timedelta

from hub.model.broadcasts import SEVERITIES, BroadcastRecord, Content
from hub.model.errors import BadInput
from hub.model.facts import canonical
from hub.model.views import AlertView, BroadcastView
from hub.rules.views import rfc3339

LANGUAGES = ("ko", "en")
HEADLINE_CHARS = 60
TEXT_CHARS = 500
MIN_EXPIRY_MIN, MAX_EXPIRY_MIN = 5, 7 * 24 * 60

SUBMITTED_FOR = timedelta(days=7)
"""What nobody has approved or returned by then is over."""

OUT = ("sending", "done")
OVER = ("cancelled", "expired")


def check_content(content: Content, districts: Container[str]) -> None:
    """Raise BadInput with the field that is wrong (``broadcast.severity``, ``.language``, …)."""
    if content.severity not in SEVERITIES:
        raise BadInput("broadcast.severity", field="severity")
    for name, words, limit in (
        ("headline", content.headline, HEADLINE_CHARS),
        ("text", content.text, TEXT_CHARS),
    ):
        if set(words) != set(LANGUAGES):
            raise BadInput("broadcast.language", field=name)
        for language, value in words.items():
            if not value.strip():
                raise BadInput("text.empty", field=f"{name}.{language}")
            if len(value) > limit:
                raise BadInput("text.too_long", field=f"{name}.{language}", limit=limit)
    if not MIN_EXPIRY_MIN <= content.expires_in_min <= MAX_EXPIRY_MIN:
        raise BadInput("broadcast.expiry", field="expires_in_min", limit=MAX_EXPIRY_MIN)
    for code in content.areas:
        if code not in districts:
            raise BadInput("area.unknown", field="areas")


def content_hash(content: Content) -> str:
    """SHA-256 over the canonical JSON of everything that is shown and sent, in hexadecimal."""
    return hashlib.sha256(
        canonical(
            {
                "severity": content.severity,
                "headline": content.headline,
                "text": content.text,
                "areas": sorted(content.areas),
                "expires_in_min": content.expires_in_min,
                "exercise": content.exercise,
            }
        )
    ).hexdigest()


def is_out(record: BroadcastRecord) -> bool:
    """Whether it has been sent (it may be over by now: then the banner is taken down)."""
    return record.sent_at is not None and record.state in (*OUT, *OVER)


def alert_view(record: BroadcastRecord) -> AlertView:
    """The banner. Only for a broadcast that ``is_out``."""
    if record.sent_at is None or record.expires_at is None:
        raise ValueError("a broadcast that is not out has no alert view")
    content = record.content
    return AlertView(
        id=record.id,
        version=record.version,
        state=record.state,
        live=record.state in OUT,
        severity=content.severity,  # type: ignore[arg-type]  # checked by the database
        headline=content.headline,
        text=content.text,
        areas=list(content.areas),
        sent_at=rfc3339(record.sent_at),
        expires_at=rfc3339(record.expires_at),
        exercise=content.exercise,
        mark=record.mark,
    )


def broadcast_view(record: BroadcastRecord) -> BroadcastView:
    """For those who write and approve: enough to know that there is something to look at."""
    return BroadcastView(
        id=record.id,
        version=record.version,
        state=record.state,
        severity=record.content.severity,
        updated_at=rfc3339(record.updated_at),
        content_hash=record.content_hash,
    )
