"""Broadcasts, and every send that leaves the house."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hub.model.kinds import BROADCAST, MARKS
from hub.store.tables.base import identity, metadata, moment, one_of

broadcast = Table(
    "broadcast",
    metadata,
    identity(),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("severity", Text, nullable=False),
    Column("headline", JSONB, nullable=False),  # {"ko": …, "en": …}
    Column("text", JSONB, nullable=False),
    Column("areas", ARRAY(Text), nullable=False, server_default="{}"),  # empty = the whole city
    Column("expires_in_min", Integer, nullable=False),
    Column("exercise", Boolean, nullable=False, server_default="false"),
    Column("mark", Text),
    Column("content_hash", Text, nullable=False),
    Column("author", BigInteger, ForeignKey("staff_user.id", ondelete="SET NULL")),
    Column("editors", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("submitted_by", BigInteger),
    moment("submitted_at"),
    Column("approved_by", BigInteger),
    Column("approved_hash", Text),
    moment("approved_at"),
    moment("sent_at"),
    moment("expires_at"),
    Column("reason", Text),  # of the last move, where it had one
    moment("created_at", now=True),
    moment("updated_at", now=True),
    one_of("state", BROADCAST.states),
    one_of("severity", ("critical", "urgent", "safety")),
    one_of("mark", MARKS),
    Index("ix_broadcast_state", "state"),
)

delivery = Table(
    "delivery",
    metadata,
    identity(),
    Column("subject", Text, nullable=False),  # case | broadcast | message
    Column("subject_id", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),  # live | webhook | email …
    Column("target", Text, nullable=False),  # the agency or account it is for
    Column("version", Integer, nullable=False),  # of the subject, that the target has to know
    Column("state", Text, nullable=False, server_default="queued"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("next_at", now=True),
    Column("remote_id", Text),
    Column("error_code", Text),
    Column("reached", Integer),  # how many took it, where a channel can tell
    moment("created_at", now=True),
    moment("deadline_at", nullable=False),  # nobody tries any more after it
    moment("done_at"),
    one_of("state", ("queued", "sending", "sent", "failed", "unknown", "expired")),
    UniqueConstraint("subject", "subject_id", "channel", "target"),
    Index("ix_delivery_due", "next_at", postgresql_where=text("state IN ('queued', 'sending')")),
)
