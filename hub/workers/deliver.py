"""Sends what is due to agencies' own systems: signed, at least once, each agency in a lane of its own.

One that hangs or is down costs its own lane its time-out and then a growing pause; nobody else waits
for it. Any number of workers may run: a row's claim keeps them apart.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable

import msgspec

from hub.bus.bell import Bell
from hub.flow.city import CityNow
from hub.flow.deliver import TAKEN, WEBHOOK, Letter, Outcome, Pause, settle, take
from hub.flow.ground import DELIVERIES, Ground
from hub.net import signature
from hub.net.client import Outside
from hub.ports.connector import ConnectorError, RateLimited, Transient, Unanswered
from hub.store import deliveries
from hub.store.pool import DATABASE_LOST, unless_cancelled

POLL_S = 1.0
TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024
DELIVERY_HEADER = "X-BigEar-Delivery"
"""The same for every attempt at the same version of a case: a receiver that has it can skip it."""

SecretOf = Callable[[str], str]
"""Agency code → the secret that its webhook is signed with."""

logger = logging.getLogger(__name__)


async def run(
    ground: Ground, city: CityNow, bell: Bell, outside: Outside, secret_of: SecretOf
) -> None:
    """Keep one lane an agency that something is due for, until cancelled."""
    lanes: dict[str, asyncio.Task[None]] = {}
    pauses = defaultdict[str, Pause](Pause)
    try:
        while True:
            lanes = {agency: lane for agency, lane in lanes.items() if not lane.done()}
            try:
                async with ground.db.acquire() as connection:
                    due = await deliveries.targets_due(connection, WEBHOOK, list(lanes))
            except DATABASE_LOST as lost:
                unless_cancelled()
                logger.warning("deliveries lost the database", extra={"error": repr(lost)})
                due = []
            for agency in due:
                lanes[agency] = asyncio.create_task(
                    _lane(ground, city, outside, secret_of, agency, pauses[agency]),
                    name=f"deliver-{agency}",
                )
            await bell.wait(DELIVERIES, POLL_S)
    finally:
        for lane in lanes.values():
            lane.cancel()
        await asyncio.gather(*lanes.values(), return_exceptions=True)


async def _lane(
    ground: Ground,
    city: CityNow,
    outside: Outside,
    secret_of: SecretOf,
    agency: str,
    pause: Pause,
) -> None:
    """Send what is due for one agency, one after the other, until nothing is or it is away."""
    try:
        while (letter := await take(ground, agency)) is not None:
            outcome = await _send(city, outside, secret_of, letter)
            if outcome is not TAKEN:
                logger.warning(
                    "a delivery was not taken",
                    extra={
                        "agency": agency,
                        "delivery": letter.claimed.id,
                        "attempt": letter.claimed.attempts,
                        "code": outcome.code,
                    },
                )
            if not await settle(ground, letter, outcome, pause):
                return
    except DATABASE_LOST as lost:
        unless_cancelled()
        logger.warning("deliveries lost the database", extra={"error": repr(lost)})
    except Exception:
        logger.exception("a lane of deliveries failed", extra={"agency": agency})


async def _send(city: CityNow, outside: Outside, secret_of: SecretOf, letter: Letter) -> Outcome:
    claimed, notice = letter.claimed, letter.notice
    if notice is None:
        return Outcome("case.not_found")
    if claimed.late:
        return Outcome("delivery.late")
    agency = city.now.book.agency(claimed.target)
    if agency is None or agency.delivery.channel != WEBHOOK:
        return Outcome("delivery.no_address")
    body = msgspec.json.encode(notice)
    signed = signature.sign(secret_of(agency.code), int(time.time()), body)
    headers = {
        "Content-Type": "application/json",
        signature.HEADER: signed,
        DELIVERY_HEADER: notice.delivery,
    }
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await outside.send(
                "POST", agency.delivery.address, headers, body, MAX_ANSWER_BYTES
            )
    except RateLimited as limited:
        return Outcome(limited.code, again=True, wait_s=limited.retry_after_s)
    except (Unanswered, TimeoutError):
        return Outcome("delivery.unanswered", again=True, unsure=True)
    except Transient as away:
        return Outcome(away.code, again=True)
    except ConnectorError as refused:
        return Outcome(refused.code)
    return TAKEN if answer.status < 300 else Outcome(f"http.{answer.status}")
