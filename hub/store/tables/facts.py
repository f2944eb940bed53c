"""The log of facts, and the outbox from which the relay stamps them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from hub.model.facts import FACT_TYPES
from hub.store.tables.base import identity, metadata, moment, one_of

outbox = Table(
    "outbox",
    metadata,
    identity(),
    moment("at", now=True),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    one_of("type", FACT_TYPES),
)

# Partitioned by position from the first day: old partitions can be moved or archived whole.
fact = Table(
    "fact",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    moment("at", nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_fact_subject", "subject", "subject_id", "position"),
    postgresql_partition_by="RANGE (position)",
)
