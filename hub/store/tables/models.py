"""The versions of the classifier that the city made, which one labels, and what the workers run."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from hub.store.tables.base import identity, metadata, moment, one_of

# Kept after its files are removed: labels name their version for ever.
model_version = Table(
    "model_version",
    metadata,
    Column("name", Text, primary_key=True),
    Column("how", Text, nullable=False),
    Column("parent", Text),  # what it went on from
    Column("card", JSONB, nullable=False),  # how right it is
    Column("made_by", Text, nullable=False),
    moment("made_at", now=True),
    moment("removed_at"),
    one_of("how", ("trained", "from_hub")),
)

# A pile: the newest one that was not taken back labels; none, and the shipped version does.
model_promotion = Table(
    "model_promotion",
    metadata,
    identity(),
    Column("name", Text, ForeignKey("model_version.name")),  # null = the shipped one
    Column("promoted_by", Text, nullable=False),
    moment("promoted_at", now=True),
    Column("forced", Boolean, nullable=False, server_default="false"),
    Column("compared", JSONB, nullable=False, server_default="{}"),  # with the one before
    Column("taken_back_by", Text),
    moment("taken_back_at"),
)

model_worker = Table(
    "model_worker",
    metadata,
    Column("worker", Text, primary_key=True),  # host and process
    Column("model", Text, nullable=False),
    Column("problem", Text),  # why it does not run the one that was promoted
    Column("pinned", Boolean, nullable=False),  # by its environment
    moment("seen_at", now=True),
)
