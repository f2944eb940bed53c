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

from hub.bus.bell import Bell
from hub.flow.accounts import note_health
from hub.flow.city import CityNow
from hub.flow.configure import CONFIG
from hub.flow.ground import Ground
from hub.flow.receive import receive
from hub.model.items import Account
from hub.ports.connector import (
    AuthFailed,
    Connector,
    ConnectorError,
    RateLimited,
    Rejected,
    Transient,
)
from hub.store import accounts
from hub.store.pool import DATABASE_LOST, is_away, unless_cancelled

LOOK_EVERY_S = 1.0
BACK_OFF_S = (2.0, 300.0)
"""First and longest wait after a failure that may pass by itself."""
LONG_BACK_OFF_S = 30.0
"""First wait after a failure that somebody will probably have to mend."""
MIN_RETRY_AFTER_S = 1.0
SAMPLES = Account("samples", "samples", "Samples", enabled=True)

Open = Callable[[Account], object]
Running = dict[str, tuple[Account, asyncio.Task[None]]]

logger = logging.getLogger(__name__)


async def run(ground: Ground, city: CityNow, bell: Bell, open_connector: Open) -> None:
    """Keep one task an enabled account until cancelled; samples while there is none."""
    running: Running = {}
    try:
        while True:
            # Before looking who is wanted: a task that has ended has already said why.
            for code in [code for code, (_, task) in running.items() if task.done()]:
                del running[code]
            try:
                wanted = await _wanted(ground, city)
            except DATABASE_LOST as lost:
                unless_cancelled()
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
    """The accounts that should run. One with bad credentials stays stopped until somebody enables it
    again, which makes it ``starting``."""
    async with ground.db.acquire() as connection:
        states = await accounts.states(connection)
        wanted = {}
        for entry in city.now.book.accounts:
            state = states.get(entry.code)
            if state is None or not state.enabled or state.health == "bad_credentials":
                continue
            secret = await accounts.secret(connection, entry.code) if state.has_secret else None
            wanted[entry.code] = Account(
                entry.code, entry.platform, entry.name_en, state.settings, secret, enabled=True
            )
    if any(state.enabled for state in states.values()):
        return wanted
    return {SAMPLES.code: SAMPLES}


async def _align(
    ground: Ground, running: Running, wanted: dict[str, Account], open_connector: Open
) -> None:
    """Stop what is no longer wanted as it is, start what is."""
    for code, (account, task) in list(running.items()):
        if wanted.get(code) != account:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            del running[code]
    for code, account in wanted.items():
        if code not in running:
            task = asyncio.create_task(_account(ground, account, open_connector), name=code)
            running[code] = (account, task)


async def _account(ground: Ground, account: Account, open_connector: Open) -> None:
    """One account: poll or listen, store, wait, again; ends itself only when its secret is refused."""
    began = False
    wait_s = BACK_OFF_S[0]
    while True:
        try:
            if not began:
                await _begin(ground, account)
                began = True
            connector = cast(Connector, open_connector(account))
            await _events(ground, account, connector)
            wait_s = BACK_OFF_S[0]
            await asyncio.sleep(connector.caps.poll_interval_s)
        except AuthFailed as refused:
            if account.secret:
                await _unwell(ground, account, "bad_credentials", refused)
                return
            # Nobody signed in: a firewall, or a page that is no longer public. It may pass.
            shut = Rejected("connector.forbidden", str(refused))
            await _unwell(ground, account, "unknown_error", shut)
            wait_s = await _back_off(max(wait_s, LONG_BACK_OFF_S))
        except RateLimited as limited:
            await _unwell(ground, account, "rate_limited", limited)
            await asyncio.sleep(max(limited.retry_after_s, MIN_RETRY_AFTER_S))
        except Transient as away:
            await _unwell(ground, account, "transient_disconnect", away)
            wait_s = await _back_off(wait_s)
        except ConnectorError as failed:
            await _unwell(ground, account, "unknown_error", failed)
            wait_s = await _back_off(max(wait_s, LONG_BACK_OFF_S))
        except Exception as fault:
            unless_cancelled()
            if is_away(fault):
                logger.warning(
                    "an account waits for the database",
                    extra={"account": account.code, "error": repr(fault)},
                )
                wait_s = await _back_off(wait_s)
                continue
            logger.exception("a connector failed", extra={"account": account.code})
            await _unwell(ground, account, "unknown_error", ConnectorError(type(fault).__name__))
            wait_s = await _back_off(max(wait_s, LONG_BACK_OFF_S))


async def _begin(ground: Ground, account: Account) -> None:
    if account.code == SAMPLES.code:
        async with ground.db.acquire() as connection:
            await accounts.begin_samples(connection)
    await note_health(ground, account.code, "connecting")


async def _events(ground: Ground, account: Account, connector: Connector) -> None:
    async with ground.db.acquire() as connection:
        cursor = await accounts.cursor(connection, account.code)
    async for batch in connector.events(cursor):
        received = []
        if batch.items or batch.anomalous or batch.cursor is not None or batch.unsupported:
            received = await receive(ground, batch, account=account)
        if batch.items or not batch.anomalous:
            new = sum(entry.new for entry in received)
            await note_health(ground, account.code, "connected", items=new)


async def _unwell(ground: Ground, account: Account, health: str, error: ConnectorError) -> None:
    """Store what is wrong; when that is news, say so once: in the log and as a fact.

    A database that is away just now is waited for by the next round, not here.
    """
    text = str(error).replace("\x00", "").encode("utf-8", "replace").decode()
    try:
        news = await note_health(
            ground, account.code, health, error_code=error.code, error_text=text
        )
    except DATABASE_LOST as lost:
        unless_cancelled()
        logger.warning("cannot note an account's health", extra={"error": repr(lost)})
        return
    if news:
        logger.warning(
            "an account is not well",
            extra={"account": account.code, "health": health, "code": error.code},
        )


async def _back_off(wait_s: float) -> float:
    """Wait with jitter (half to the whole); the next wait, doubled up to five minutes."""
    await asyncio.sleep(wait_s * (0.5 + random.random() / 2))  # noqa: S311 - no secret
    return min(wait_s * 2, BACK_OFF_S[1])
