"""The work: cases with their state, and what was said on them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from hub.model.kinds import CASE_KINDS, COMPLAINT, MARKS
from hub.store.tables.base import identity, metadata, moment, one_of


def _in_states(states: Sequence[str]) -> str:
    return "state IN ({})".format(", ".join(f"'{state}'" for state in states))


work_case = Table(
    "work_case",
    metadata,
    identity(),
    Column(
        "item_id",
        BigInteger,
        ForeignKey("item.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    Column("kind", Text, nullable=False),
    Column("mark", Text),  # as the item's; here too, so that counting needs no join
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("agency", Text),
    Column("previous_agency", Text),  # whose queue it left last: that queue is told too
    Column("assignee", BigInteger, ForeignKey("staff_user.id", ondelete="SET NULL")),
    Column("rule", Text, nullable=False),
    moment("deadline_at"),
    Column("overdue", Boolean, nullable=False, server_default="false"),
    Column("answers", Integer, nullable=False, server_default="0"),
    Column("merged_into", BigInteger, ForeignKey("work_case.id", ondelete="SET NULL")),
    moment("opened_at", now=True),
    moment("updated_at", now=True),
    moment("closed_at"),
    one_of("kind", CASE_KINDS),
    one_of("mark", MARKS),
    one_of("state", COMPLAINT.states),
    CheckConstraint(
        "merged_into IS NULL OR (state = 'merged' AND closed_at IS NOT NULL)",
        name="merged_since",
    ),
    Index("ix_work_case_queue", "agency", "id", postgresql_where=text(_in_states(COMPLAINT.open))),
    Index(
        "ix_work_case_deadline",
        "deadline_at",
        postgresql_where=text(
            "deadline_at IS NOT NULL AND NOT overdue AND mark IS NULL AND "
            + _in_states(COMPLAINT.clock)
        ),
    ),
    Index("ix_work_case_assignee", "assignee"),
    Index("ix_work_case_merged_into", "merged_into"),
)

# Filled from hub.model.kinds at every start; the trigger `state_moves` refuses any other change.
allowed_move = Table(
    "allowed_move",
    metadata,
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    PrimaryKeyConstraint("kind", "source", "target"),
)

case_message = Table(
    "case_message",
    metadata,
    identity(),
    Column(
        "case_id",
        BigInteger,
        ForeignKey("work_case.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("kind", Text, nullable=False),
    Column("author", BigInteger, ForeignKey("staff_user.id", ondelete="SET NULL")),
    Column("salt", LargeBinary),
    Column("text", Text),  # null once erased
    moment("created_at", now=True),
    one_of("kind", ("answer", "note", "addition")),
)
