"""PostgreSQL with PostGIS, and Valkey, embedded: made in the home, started as child processes."""

from hub.servers.embedded import (
    children,
    postgres_environment,
    prepare,
    reachable,
    refuse_unknown_system,
)

__all__ = ["children", "postgres_environment", "prepare", "reachable", "refuse_unknown_system"]
