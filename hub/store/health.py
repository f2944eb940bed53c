"""What operators watch: can the hub write, and what is piling up."""

from __future__ import annotations

from hub.store.models import SEEN_WITHIN_S
from hub.store.pool import Connection


async def probe(connection: Connection) -> None:
    """Raises asyncpg.PostgresError when the database takes no writes, DiskFullError when its disk has
    no room for some. What is written is gone again with the transaction."""
    async with connection.transaction():
        await connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS probe (filler text) ON COMMIT DELETE ROWS"
        )
        # Enough that the table needs new blocks: only for those is there room, or none.
        await connection.execute(
            "INSERT INTO probe SELECT repeat('x', 1000) FROM generate_series(1, 64)"
        )


async def gauges(connection: Connection) -> dict[str, float]:
    """Backlogs and ages, counted now."""
    row = await connection.fetchrow(
        """
        SELECT (SELECT count(*) FROM outbox) AS outbox_rows,
               (SELECT coalesce(extract(epoch FROM now() - min(at)), 0) FROM outbox)
                   AS outbox_oldest_s,
               (SELECT count(*) FROM item WHERE stage <> 'routed') AS items_unfinished,
               (SELECT count(*) FROM item WHERE stage <> 'routed' AND attempts > 0)
                   AS items_failing,
               (SELECT coalesce(sum(times), 0) FROM quarantine) AS quarantined,
               (SELECT count(*) FROM delivery WHERE state IN ('queued', 'sending'))
                   AS deliveries_queued,
               (SELECT count(*) FROM delivery WHERE state IN ('failed', 'unknown', 'expired'))
                   AS deliveries_failed,
               (SELECT count(*) FROM model_worker WHERE problem IS NOT NULL
                AND seen_at > now() - make_interval(secs => $1)) AS workers_without_their_model,
               (SELECT coalesce(max(position), 0) FROM fact) AS position
        """,
        SEEN_WITHIN_S,
    )
    return {name: float(value) for name, value in row.items()} if row else {}
