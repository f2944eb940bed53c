"""What all tables share: the metadata with its naming rule, and the column shorthands."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, MetaData, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def identity() -> Column[int]:
    """A bigint primary key that only the database hands out."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def moment(name: str, *, nullable: bool = True, now: bool = False) -> Column[object]:
    """An aware time; ``now`` = set by the database when the row is written."""
    return Column(
        name,
        DateTime(timezone=True),
        nullable=nullable and not now,
        server_default=func.now() if now else None,
    )


def one_of(column: str, values: Iterable[str], name: str | None = None) -> CheckConstraint:
    """A check that a text column holds one of the declared words (or NULL)."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=name or column)
