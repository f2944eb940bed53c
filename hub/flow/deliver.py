"""Deliver: an agency with a system of its own is told of its cases there, as they stand now.

The row that says so is written in the transaction that routes the case; every later change of the
case makes it due again (``hub.flow.ground``). Sending is ``hub.workers.deliver``'s.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from hub.flow.ground import DELIVERIES, Change, Ground, change
from hub.model.rulebook import RuleBook
from hub.model.views import CaseNotice
from hub.rules.views import case_view, gone_view
from hub.store import deliveries, reading
from hub.store.deliveries import Claimed

WEBHOOK = "webhook"
MAX_ATTEMPTS = 50
FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 3600.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed delivery with what to send; ``notice`` None: there is nothing to tell any more."""

    claimed: Claimed
    notice: CaseNotice | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. ``code`` None: it was taken.

    ``again``: worth another attempt, not before ``wait_s`` if that is given. ``unsure``: it went out
    and no answer came, so it may have been taken.
    """

    code: str | None = None
    again: bool = False
    unsure: bool = False
    wait_s: float | None = None


TAKEN = Outcome()


@dataclass(slots=True)
class Pause:
    """How long one agency's deliveries pause: longer with each failure since it last took one.

    What comes new is tried in a pause too; that this fails says nothing new, and is not counted.
    """

    failures: int = 0
    until: float = 0.0
    """When the last one is over, as ``time.monotonic`` tells it."""

    def fail(self, at_least_s: float) -> float:
        """An attempt failed: how many seconds to pause from now."""
        now = time.monotonic()
        if now >= self.until:
            self.failures += 1
            self.until = now + _wait_s(self.failures)
        self.until = max(self.until, now + at_least_s)
        return self.until - now


async def tell_agencies(
    tx: Change, book: RuleBook, routed: Iterable[tuple[int, str | None, int, str | None]]
) -> None:
    """Cases have come to agencies: (case, agency, version, mark). Samples and checks stay here."""
    by_webhook = {agency.code for agency in book.agencies if agency.delivery.channel == WEBHOOK}
    told = [
        (case_id, agency, version)
        for case_id, agency, version, mark in routed
        if agency in by_webhook and agency is not None and mark is None
    ]
    if told:
        await deliveries.enqueue(tx.connection, "case", WEBHOOK, told)
        tx.wake(DELIVERIES)


async def take(ground: Ground, agency: str) -> Letter | None:
    """The next that is due for an agency, with the case as it stands now; None when nothing is."""
    async with ground.db.acquire() as connection:
        claimed = await deliveries.claim(connection, WEBHOOK, agency)
        if claimed is None:
            return None
        cases = await reading.records(connection, [claimed.subject_id])
        if not cases:
            return Letter(claimed, None)
        case, number = cases[0], f"{claimed.id}-{claimed.version}"
        if case.agency != agency:
            return Letter(claimed, CaseNotice(delivery=number, case=gone_view(case)))
        detail = await reading.item_detail(connection, case.item_id) or {}
    return Letter(
        claimed,
        CaseNotice(
            delivery=number,
            case=case_view(case, "agency"),
            text=detail.get("text"),
            place=detail.get("place"),
            erased=detail.get("erased_at") is not None,
        ),
    )


async def settle(ground: Ground, letter: Letter, outcome: Outcome, pause: Pause) -> bool:
    """Note the outcome of an attempt; False when its agency should be left alone for a while.

    ``pause``: the agency's, kept up to date here. The wait of the case itself grows with how often
    that one failed; once one is taken, that is all that the others wait for.
    """
    claimed = letter.claimed
    pause_s = pause.fail(outcome.wait_s or 0.0) if outcome.again else 0.0
    async with change(ground) as tx:
        if outcome.again and not claimed.late and claimed.attempts < MAX_ATTEMPTS:
            wait_s = max(_wait_s(claimed.attempts), pause_s)
            await deliveries.put_off(tx.connection, claimed, wait_s, pause_s, outcome.code or "")
            return False
        state = _end(claimed, outcome)
        await deliveries.finish(tx.connection, claimed, state, outcome.code)
        if outcome.code is None and pause.failures:
            await deliveries.bring_forward(
                tx.connection, WEBHOOK, claimed.target, FIRST_WAIT_S, LONGEST_WAIT_S
            )
        tx.record(
            "delivery.changed",
            "delivery",
            claimed.id,
            claimed.version,
            {
                "case": claimed.subject_id,
                "channel": WEBHOOK,
                "target": claimed.target,
                "state": state,
                "code": outcome.code,
                "attempts": claimed.attempts,
            },
        )
    if outcome.code is None:
        pause.failures, pause.until = 0, 0.0
    return True


def _wait_s(failures: int) -> float:
    return min(FIRST_WAIT_S * 2.0 ** min(failures - 1, 20), LONGEST_WAIT_S)


def _end(claimed: Claimed, outcome: Outcome) -> str:
    if outcome.code is None:
        return "sent"
    if outcome.unsure:
        return "unknown"
    return "expired" if claimed.late else "failed"
