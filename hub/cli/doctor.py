"""Examine the hub: facts, tables, texts, photos, models, queues, accounts; say what to do.

Changes nothing, and works whether the hub runs or not. Exit code 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError

from hub.bus import server as redis_server
from hub.cli._laboratory import there
from hub.cli._standing import standing
from hub.cli._terminal import say
from hub.flow.model import SHIPPED
from hub.flow.photos import path_of, probe
from hub.settings import Settings, read_settings
from hub.store import accounts, deliveries, health, log, models, schema, soundness, version
from hub.store.accounts import AccountState
from hub.store.pool import Pool, open_pool

OUTBOX_WAITS_S = 30.0
"""A relay at work stamps within a second; a row that waits longer is held up."""
LOW_BYTES = 1_000_000_000
"""Free on the disk of the photos; some two thousand of them."""
SHOWN = 5
FAILED_SENDS = 1_000
STOPPED = "bad_credentials"
"""The health of an account that is not asked again until somebody enables it anew."""
AWAY = timedelta(hours=1)
"""A platform that is away longer is somebody's to look at."""
PROGRESS_S = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an examination found. ``todo``: what to do next where it is wrong, else empty."""

    found: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined. ``running``: the hub runs on this home at this moment."""

    settings: Settings
    db: Pool
    running: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(_: argparse.Namespace) -> int:
    return asyncio.run(_examine(read_settings()))


async def _examine(settings: Settings) -> int:
    async with standing(settings):
        db = await open_pool(settings.database_url, size=2)
        try:
            patient = Patient(settings, db, bool(settings.home.ports()))
            wrong = 0
            for name, examination in EXAMINATIONS.items():
                verdict = await _verdict(patient, examination)
                print(f"{'WRONG' if verdict.todo else 'ok':<6} {name:<8} {verdict.found}")
                if verdict.todo:
                    wrong += 1
                    print(f"       {'':<8} {verdict.todo}")
        finally:
            await db.close()
    print(f"{wrong} of {len(EXAMINATIONS)} are wrong" if wrong else "all is well")
    return 1 if wrong else 0


async def _verdict(patient: Patient, examination: Examination) -> Verdict:
    """One that cannot be done (a table is missing, a server is away) is wrong, not the end."""
    try:
        return await examination(patient)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, DBAPIError, OSError) as failed:
        return Verdict(
            f"cannot be examined: {str(failed).splitlines()[0]}",
            "see to the lines above first, then run it again",
        )


async def _servers(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        postgres, postgis = await soundness.versions(connection)
    found = f"PostgreSQL {postgres}, PostGIS {postgis}"
    if int(postgres.split(".")[0]) < 15 or int(postgis.split(".")[0]) < 3:
        return Verdict(found, "PostgreSQL 15 and PostGIS 3 or newer are needed")
    try:
        return Verdict(f"{found}, {await redis_server.version(patient.settings.redis_url)}")
    except OSError as away:
        return Verdict(
            f"{found}, no Redis: {away}",
            "start it: nothing is lost without it, but everything waits for the next look",
        )


async def _room(patient: Patient) -> Verdict:
    folder = patient.settings.home.photos
    try:
        async with patient.db.acquire() as connection:
            await health.probe(connection)
        await probe(folder)
    except (asyncpg.DiskFullError, OSError) as full:
        return Verdict(
            f"nothing can be written: {str(full).splitlines()[0]}",
            "make room there; until then complaints are refused (507), what is stored is safe",
        )
    free = shutil.disk_usage(folder).free
    found = f"the database takes writes, {free / 1e9:.1f} GB are free at {folder}"
    if free >= LOW_BYTES:
        return Verdict(found)
    return Verdict(found, "make room; without any, complaints are refused (507)")


async def _tables(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        revision = await version.current(connection)
    if revision is not None and not version.is_known(revision):
        return Verdict(
            f"of a newer version of the hub: {revision}, this one knows {version.newest()}",
            "start that version, or restore a backup that this one made into an empty database",
        )
    different = await schema.differences_at(patient.settings.database_url)
    if not different and revision == version.newest():
        return Verdict("as declared")
    if not different:
        return Verdict(
            f"at revision {revision or 'none'}, this version of the hub is at {version.newest()}",
            "stop the hub, then: bigear migrate",
        )
    return Verdict(
        f"otherwise than declared: {_some([str(one) for one in different])}",
        "start this version of the hub, which migrates; if that does not help, undo by hand what "
        "was changed by hand",
    )


async def _moves(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        different = await soundness.moves_otherwise(connection)
    if not different:
        return Verdict("the database allows what hub/model/kinds.py declares")
    return Verdict(
        f"the database allows otherwise: {_some(different)}",
        "start this version of the hub, which writes them anew",
    )


async def _chain(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection, connection.transaction(readonly=True):
        total = await soundness.facts(connection)
        broken = [
            position
            async for position, right in _telling("facts", total, log.verify(connection))
            if not right
        ]
    if not broken:
        return Verdict(f"{total} facts, unbroken")
    return Verdict(
        f"{len(broken)} of {total} facts do not follow from the one before; the first is {broken[0]}",
        "somebody changed the past: compare with a backup (fact, by position) before trusting it",
    )


async def _texts(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        total, wrong = 0, list[str]()
        async for ref, right in _telling("texts", 0, soundness.texts(connection)):
            total += 1
            if not right:
                wrong.append(ref)
    if not wrong:
        return Verdict(f"{total} texts are what their facts say")
    return Verdict(
        f"{len(wrong)} of {total} texts are not what their facts say: {_some(wrong)}",
        "somebody changed or put them in by hand: compare with a backup (item_text, case_message)",
    )


async def _erased(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        left = await soundness.half_erased(connection)
    if not left:
        return Verdict("nothing is left of what was erased")
    return Verdict(
        f"something is left of {len(left)} erased: {_some(left)}",
        f"erase again: bigear erase --ref {left[0]} --yes",
    )


async def _photos(patient: Patient) -> Verdict:
    folder = patient.settings.home.photos
    async with patient.db.acquire() as connection:
        named = await soundness.photo_files(connection)
    lying, missing = await asyncio.to_thread(_compare, folder, named)
    found = f"{len(named)} named, {lying + len(missing) - len(named)} files without a name"
    if not missing:
        return Verdict(f"{found} (the hub sweeps those after a day)")
    refs = [named[name] or "an upload" for name in missing]
    return Verdict(
        f"{found}, {len(missing)} files are missing: of {_some(refs)}",
        f"bring them back from a backup of {folder}",
    )


def _compare(folder: Path, named: dict[str, str | None]) -> tuple[int, list[str]]:
    """How many files lie there, and the names of which none does."""
    missing = [name for name in named if not path_of(folder, name).is_file()]
    return sum(1 for _ in folder.glob("??/*.jpg")), missing


async def _items(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        stuck = await soundness.stuck(connection)
    if not stuck:
        return Verdict("none is stuck on its way to a case")
    told = [f"{one.ref} after {one.stage} ({one.attempts} times)" for one in stuck]
    return Verdict(
        f"{len(stuck)} failed and come no further: {_some(told)}",
        f"the reason is in {patient.settings.home.logs}; the hub goes on trying every minute",
    )


async def _sends(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        failed = await deliveries.newest(connection, deliveries.ENDED, FAILED_SENDS)
    if not failed:
        return Verdict("none to an agency's own system failed")
    told = [f"{one.ref or one.id} to {one.target} ({one.error_code})" for one in failed]
    number = f"{FAILED_SENDS} or more" if len(failed) == FAILED_SENDS else str(len(failed))
    return Verdict(
        f"{number} failed: {_some(told)}",
        f"see to the receiver, then: bigear deliveries retry --agency {failed[0].target}",
    )


async def _accounts(patient: Patient) -> Verdict:
    """One that is away for a moment, or asked too often, comes back by itself; others do not."""
    async with patient.db.acquire() as connection:
        states = await accounts.states(connection)
    enabled = [state for state in states.values() if state.enabled]
    troubled = [state for state in enabled if state.error_code]
    found = f"{len(enabled)} enabled"
    if not troubled:
        return Verdict(f"{found}, none reports an error")
    told = [f"{one.account} ({_why(one)})" for one in troubled]
    found = f"{found}, {len(troubled)} of them in trouble: {_some(told)}"
    lasting = [one.account for one in troubled if _is_lasting(one)]
    if not lasting:
        return Verdict(f"{found}; the hub tries again by itself")
    return Verdict(
        found,
        f"see to it, then: bigear accounts check {lasting[0]}; one that is stopped starts again with:"
        f" bigear accounts enable {lasting[0]}",
    )


def _why(state: AccountState) -> str:
    stopped = "stopped, " if state.health == STOPPED else ""
    last = f"{state.last_ok_at:%Y-%m-%d %H:%M}" if state.last_ok_at else "never"
    return f"{stopped}{state.error_code}: {state.error_text}; last well {last}"


def _is_lasting(state: AccountState) -> bool:
    if state.health in {STOPPED, "unknown_error"} or state.last_ok_at is None:
        return True
    return datetime.now(UTC) - state.last_ok_at > AWAY


async def _models(patient: Patient) -> Verdict:
    """The versions of the classifier must be there; the workers say whether they run the one that
    labels."""
    settings = patient.settings
    async with patient.db.acquire() as connection:
        active = await models.active(connection)
        names = [version.name for version in await models.versions(connection)]
        failing = [run for run in await models.workers(connection) if run.problem]
    found = f"{active or SHIPPED} labels"
    gone = [name for name in names if not there(settings, name)]
    if active in gone:
        return Verdict(
            f"{found}, but its files are not in {settings.home.models}",
            "bring them back from a backup, or: bigear model add FOLDER, or: bigear model rollback",
        )
    if failing:
        told = [f"{run.worker} runs {run.model} ({run.problem})" for run in failing]
        return Verdict(
            f"{found}, but not in every worker: {_some(told)}", "mend it, or: bigear model rollback"
        )
    if gone:
        return Verdict(
            f"{found}; the files of others are not in {settings.home.models}: {_some(gone)}",
            f"bring them back from a backup, or: bigear model remove {gone[0]}",
        )
    return Verdict(found)


async def _outbox(patient: Patient) -> Verdict:
    async with patient.db.acquire() as connection:
        waiting = await soundness.backlog(connection)
    found = f"{waiting.rows} waiting"
    if not waiting.rows:
        return Verdict(found)
    found += f", the oldest {waiting.oldest_s:.0f} s"
    if not (patient.running or waiting.relay):
        return Verdict(f"{found}; they get their position when the hub starts")
    if waiting.oldest_s <= OUTBOX_WAITS_S:
        return Verdict(found)
    who = "a relay holds the lock but does nothing" if waiting.relay else "no relay is at work"
    return Verdict(f"{found}; {who}", "restart the worker role; its log says what held it up")


async def _telling(what: str, total: int, walk: AsyncIterator[T]) -> AsyncIterator[T]:
    """The same walk; every two seconds a line says how far it is."""
    told_at, number = time.monotonic(), 0
    async for step in walk:
        number += 1
        yield step
        if number % 1_000 == 0 and time.monotonic() - told_at > PROGRESS_S:
            told_at = time.monotonic()
            say(f"  … {number}{f' of {total}' if total else ''} {what}")


def _some(of: list[str]) -> str:
    more = len(of) - SHOWN
    return ", ".join(of[:SHOWN]) + (f" and {more} more" if more > 0 else "")


Examination = Callable[[Patient], Awaitable[Verdict]]

EXAMINATIONS: dict[str, Examination] = {
    "servers": _servers,
    "room": _room,
    "tables": _tables,
    "moves": _moves,
    "facts": _chain,
    "texts": _texts,
    "erased": _erased,
    "photos": _photos,
    "items": _items,
    "models": _models,
    "outbox": _outbox,
    "sends": _sends,
    "accounts": _accounts,
}
