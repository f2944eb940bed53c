"""The classifier as it stands now: the version that was promoted, followed without a restart.

A worker holds one ``ModelNow`` and asks it for the labeller at the beginning of every batch, so that a
batch is labelled by one version. A version that cannot be loaded changes nothing: the worker goes on
with the one it has, says so in its log, and reports it to where ``bigear model list`` and the metrics
look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from hub.observe.logs import told_by
from hub.ports.labeller import Labeller
from hub.store import models
from hub.store.pool import DATABASE_LOST, Pool, unless_cancelled

MODELS = "models"
"""The bell's channel that tells of a promotion or a rollback."""
SHIPPED = "shipped"
"""What people call the version that comes with the hub, and facts too."""

POLL_S = 1.0
REPORT_EVERY_S = 5.0
RETRY_S = 30.0
"""How long after a version could not be loaded it is tried again: its files may still be on their
way to this machine."""

Loads = Callable[[str | None], Labeller]
"""A version's name (None: the shipped one) → the version. Raises anything when it cannot."""

logger = logging.getLogger(__name__)


class Waits(Protocol):
    """The bell, as far as following needs it."""

    async def wait(self, channel: str, timeout_s: float) -> bool:
        """True after a ring, False when the time ran out."""
        ...


class ModelNow:
    """Holds the labeller that a worker uses; ``worker`` names the worker in its reports."""

    def __init__(self, db: Pool, worker: str, load: Loads, pinned: Labeller | None = None) -> None:
        """``pinned``: what this worker's environment sets, whatever is promoted."""
        self._db = db
        self._worker = worker
        self._load = load
        self._pinned = pinned is not None
        self._labeller = pinned
        self._name: str | None = None  # of what is loaded
        self._problem: str | None = None
        self._retry_at: dict[str | None, float] = {}  # versions that could not be loaded
        self._reported_at = 0.0  # in monotonic seconds; 0 = report at once

    @property
    def now(self) -> Labeller:
        """The labeller as last loaded; ``refresh`` must have been called once."""
        assert self._labeller is not None
        return self._labeller

    async def refresh(self) -> bool:
        """Load what was promoted, if that is another version; True if it was.

        Raises what the loading of the shipped version raises when there is nothing yet to go on with.
        """
        if self._pinned:
            return False
        async with self._db.acquire() as connection:
            wanted = await models.active(connection)
        if self._labeller is not None and wanted == self._name:
            self._tell(None)
            return False
        if time.monotonic() < self._retry_at.get(wanted, 0.0):
            return False
        return await self._change_to(wanted)

    async def _change_to(self, wanted: str | None) -> bool:
        try:
            labeller = await asyncio.to_thread(self._checked, wanted)
        except Exception as problem:
            if self._labeller is None and wanted is None:
                raise
            if self._labeller is None:
                self._labeller = await asyncio.to_thread(self._load, None)
            self._retry_at[wanted] = time.monotonic() + RETRY_S
            self._tell(f"{wanted or SHIPPED}: {told_by(problem)}")
            logger.exception(
                "a version of the classifier cannot be loaded; the old one goes on",
                extra={"wanted": wanted or SHIPPED, "model": self._labeller.model},
            )
            return False
        self._labeller, self._name, self._reported_at = labeller, wanted, 0.0
        self._retry_at.clear()
        self._tell(None)
        logger.info("labels with another version", extra={"model": labeller.model})
        return True

    def _checked(self, wanted: str | None) -> Labeller:
        """Labels would name a version that did not make them if a folder held another's files."""
        labeller = self._load(wanted)
        if wanted is not None and labeller.model != wanted:
            raise ValueError(f"the folder of {wanted} holds {labeller.model}")
        return labeller

    def _tell(self, problem: str | None) -> None:
        """Report at once what is new."""
        if problem != self._problem:
            self._problem, self._reported_at = problem, 0.0

    async def follow(self, bell: Waits) -> None:
        """Keep current, and report what is run, until cancelled."""
        while True:
            try:
                await self.refresh()
                await self._report()
            except DATABASE_LOST as lost:
                unless_cancelled()
                logger.warning("cannot read which model labels", extra={"error": repr(lost)})
                await asyncio.sleep(POLL_S)
            await bell.wait(MODELS, POLL_S)

    async def _report(self) -> None:
        if time.monotonic() - self._reported_at < REPORT_EVERY_S:
            return
        async with self._db.acquire() as connection:
            await models.report(
                connection, self._worker, self.now.model, self._problem, pinned=self._pinned
            )
        self._reported_at = time.monotonic()
