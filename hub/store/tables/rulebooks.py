"""The numbered versions of the city's configuration; the newest applied one rules."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from hub.store.tables.base import metadata, moment

config_version = Table(
    "config_version",
    metadata,
    Column("version", BigInteger, Identity(always=True), primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("applied_by", Text, nullable=False),
    moment("applied_at", now=True),
)
