"""Supervises the accounts: one task for each that is enabled, with back-off, health and its cursor.

A connector only fetches; everything that every platform needs the same way is here. Accounts that are
enabled or disabled while the hub runs are followed within a second or two.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import cast

import asyncpg

from hub.bus.bell import Bell
from hub.flow.city import CityNow
from hub.flow.configure import CONFIG
from hub.flow.ground import Ground, change
from hub.flow.receive import receive
from hub.model.items import Account
from hub.ports.connector import (
    AuthFailed,
    Connector,
    ConnectorError,
    RateLimited,
    Transient,
)
from hub.store import accounts

LOOK_EVERY_S = 1.0
BACK_OFF_S = (2.0, 300.0)
SAMPLES = Account("samples", "samples", "Samples", enabled=True)

Open = Callable[[Account], object]

logger = logging.getLogger(__name__)


async def run(ground: Ground, city: CityNow, bell: Bell, open_connector: Open) -> None:
    """Keep one task an enabled account until cancelled; samples while there is none."""
    running: dict[str, tuple[Account, asyncio.Task[None]]] = {}
    try:
        while True:
            try:
                wanted = await _wanted(ground, city)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as lost:
                logger.warning("cannot read the accounts", extra={"error": repr(lost)})
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            await _align(ground, running, wanted, open_connector)
            await bell.wait(CONFIG, LOOK_EVERY_S)
    finally:
        for _, task in running.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in running.values()), return_exceptions=True)


async def _wanted(ground: Ground, city: CityNow) -> dict[str, Account]:
    async with ground.db.acquire() as connection:
        states = await accounts.states(connection)
        wanted = {}
        for entry in city.now.book.accounts:
            state = states.get(entry.code)
            if state is None or not state.enabled:
                continue
            secret = await accounts.secret(connection, entry.code) if state.has_secret else None
            wanted[entry.code] = Account(
                entry.code, entry.platform, entry.name_en, state.settings, secret, enabled=True
            )
    if any(state.enabled for code, state in states.items() if code != SAMPLES.code):
        return wanted
    return {SAMPLES.code: SAMPLES}


async def _align(
    ground: Ground,
    running: dict[str, tuple[Account, asyncio.Task[None]]],
    wanted: dict[str, Account],
    open_connector: Open,
) -> None:
    """Stop what is no longer wanted as it is, start what is."""
    for code, (account, task) in list(running.items()):
        if wanted.get(code) != account or (task.done() and not task.cancelled()):
            if wanted.get(code) == account:
                continue  # it ended by itself (bad credentials): only a change starts it anew
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            del running[code]
    for code, account in wanted.items():
        if code not in running:
            task = asyncio.create_task(_account(ground, account, open_connector), name=code)
            running[code] = (account, task)


async def _account(ground: Ground, account: Account, open_connector: Open) -> None:
    """One account: poll or listen, store, wait, again."""
    wait_s = BACK_OFF_S[0]
    async with ground.db.acquire() as connection:
        if account.code == SAMPLES.code:
            await accounts.begin_samples(connection)
    while True:
        try:
            connector = cast(Connector, open_connector(account))
            await _health(ground, account, "connecting")
            await _events(ground, account, connector)
            wait_s = BACK_OFF_S[0]
            await asyncio.sleep(connector.caps.poll_interval_s)
        except AuthFailed as refused:
            await _health(ground, account, "bad_credentials", refused)
            return
        except RateLimited as limited:
            await _health(ground, account, "rate_limited", limited)
            await asyncio.sleep(limited.retry_after_s)
        except Transient as away:
            await _health(ground, account, "transient_disconnect", away)
            wait_s = await _back_off(wait_s)
        except ConnectorError as failed:
            await _health(ground, account, "unknown_error", failed)
            wait_s = await _back_off(max(wait_s, 30.0))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as lost:
            logger.warning(
                "an account waits for the database",
                extra={"account": account.code, "error": repr(lost)},
            )
            wait_s = await _back_off(wait_s)
        except Exception as fault:
            logger.exception("a connector failed", extra={"account": account.code})
            await _health(ground, account, "unknown_error", ConnectorError(repr(fault)[:200]))
            wait_s = await _back_off(max(wait_s, 30.0))


async def _events(ground: Ground, account: Account, connector: Connector) -> None:
    async with ground.db.acquire() as connection:
        state = (await accounts.states(connection)).get(account.code)
    async for batch in connector.events(state.cursor if state else None):
        received = []
        if batch.items or batch.anomalous or batch.cursor is not None or batch.unsupported:
            received = await receive(ground, batch, account=account)
        new = sum(entry.new for entry in received)
        await _health(ground, account, "connected", items=new)


async def _health(
    ground: Ground,
    account: Account,
    health: str,
    error: ConnectorError | None = None,
    *,
    items: int = 0,
) -> None:
    """Store how the account is; when that is news, say so once: in the log and as a fact."""
    code = error.code if error else None
    async with change(ground, f"account:{account.code}") as tx:
        news = await accounts.set_health(
            tx.connection,
            account.code,
            health,
            items=items,
            code=code,
            error_text=str(error) if error else None,
        )
        if news and health != "connecting":
            tx.record(
                "account.changed", "account", account.code, 0, {"health": health, "code": code}
            )
    if news and error is not None:
        logger.warning(
            "an account is not well",
            extra={"account": account.code, "health": health, "code": code},
        )


async def _back_off(wait_s: float) -> float:
    """Wait with jitter (half to the whole); the next wait, doubled up to five minutes."""
    await asyncio.sleep(wait_s * (0.5 + random.random() / 2))  # noqa: S311 - no secret
    return min(wait_s * 2, BACK_OFF_S[1])
