"""Staff: users, their grants, their sessions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)

from hub.model.people import ROLES
from hub.store.tables.base import identity, metadata, moment, one_of

staff_user = Table(
    "staff_user",
    metadata,
    identity(),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change_password", Boolean, nullable=False, server_default="true"),
    Column("disabled", Boolean, nullable=False, server_default="false"),
    moment("created_at", now=True),
    moment("password_changed_at", now=True),
)

staff_grant = Table(
    "staff_grant",
    metadata,
    identity(),
    Column("user_id", BigInteger, ForeignKey("staff_user.id", ondelete="CASCADE"), nullable=False),
    Column("role", Text, nullable=False),
    Column("agency", Text),  # null = in every agency
    one_of("role", ROLES),
    Index(
        "uq_staff_grant",
        "user_id",
        "role",
        text("coalesce(agency, '')"),
        unique=True,
    ),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("token_digest", LargeBinary, primary_key=True),  # SHA-256; the token is the client's
    Column(
        "user_id",
        BigInteger,
        ForeignKey("staff_user.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("csrf", Text, nullable=False),
    moment("created_at", now=True),
    moment("seen_at", now=True),
    moment("expires_at", nullable=False),
    moment("ended_at"),
)
