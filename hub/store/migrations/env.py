"""Alembic's entry: runs the migrations over the connection that ``hub.store.migrate`` hands in."""

from __future__ import annotations

from alembic import context

from hub.store.schema import compare_options
from hub.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, **compare_options())
with context.begin_transaction():
    context.run_migrations()
