"""Erase: everything of a person goes, the facts about their items stay and the chain still verifies.

Texts, names, contacts, photos, what was said on the cases, places in their own words and the point
where they stood are deleted; a fact holds none of these, and the salt that would prove a guess at a
text goes with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.flow.casework import summary
from hub.flow.ground import Change, Ground, change
from hub.flow.photos import drop_files
from hub.model.errors import BadInput, NotFound
from hub.model.facts import digest
from hub.model.people import SYSTEM, Principal
from hub.rules.permissions import may
from hub.store import cases, pipeline
from hub.store import erase as stored
from hub.store.cases import LockedCase
from hub.store.erase import Traces
from hub.store.pool import Connection


@dataclass(frozen=True, slots=True)
class Person:
    """By what somebody is known; exactly one is given. ``author``: platform and id there.

    ``contact``: an e-mail address or a telephone number.
    """

    ref: str = ""
    author: tuple[str, str] | None = None
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What is stored of a person. ``others``: references of more that seem to be theirs."""

    traces: tuple[Traces, ...]
    quarantined: tuple[int, ...]
    others: tuple[str, ...] = ()


async def look(ground: Ground, person: Person) -> Found:
    """What ``erase_person`` would take; changes nothing."""
    async with ground.db.acquire() as connection:
        return await _find(connection, person)


async def erase_person(
    ground: Ground, folder: Path, person: Person, reason: str = "", *, actor: str = SYSTEM
) -> Found:
    """Erase a person; what was found of them. ``folder``: of the photos.

    Repeating it takes what has come since. Open pages are told, so that the words vanish there too.
    """
    async with change(ground, actor) as tx:
        found = await _find(tx.connection, person)
        files = await _erase(tx, found.traces, reason, None)
        await stored.drop_quarantined(tx.connection, found.quarantined)
    await drop_files(ground, folder, files)
    return found


async def erase_case(
    ground: Ground, folder: Path, who: Principal, case_id: int, reason: str
) -> None:
    """Erase the person behind one case. The reason is kept as a note: it must not name them.

    Raises NotFound where the case is not for these eyes, BadInput ``move.needs_reason``.
    """
    if not reason.strip():
        raise BadInput("move.needs_reason", field="reason")
    async with change(ground, who.actor) as tx:
        traces = await stored.of_case(tx.connection, case_id)
        if not traces:
            raise NotFound("case.not_found")
        found = await _with_quarantine(tx.connection, traces, Person(ref=traces[0].ref))
        files = await _erase(tx, found.traces, reason, who)
        await stored.drop_quarantined(tx.connection, found.quarantined)
    await drop_files(ground, folder, files)


async def _find(connection: Connection, person: Person) -> Found:
    if person.ref:
        traces = await stored.of_ref(connection, person.ref)
    elif person.author is not None:
        traces = await stored.of_author(connection, *person.author)
    else:
        traces = await stored.of_contact(connection, person.contact)
    return await _with_quarantine(connection, traces, person)


async def _with_quarantine(
    connection: Connection, traces: Iterable[Traces], person: Person
) -> Found:
    """Beside the items: payloads that did not parse and hold one of the person's names."""
    known = tuple(traces)
    names = {name for one in known for name in one.names} | {person.contact} - {""}
    platforms = {one.platform for one in known}
    if person.author is not None:
        platforms.add(person.author[0])
        names.add(person.author[1])
    payloads = await stored.quarantined(
        connection, names, None if person.contact else sorted(platforms)
    )
    others = await stored.also_by(connection, [one.item_id for one in known])
    return Found(known, tuple(payloads), tuple(others))


async def _erase(
    tx: Change, traces: Iterable[Traces], reason: str, who: Principal | None
) -> list[str]:
    """Erase these items; the names of the files that nobody may need any more."""
    ids = [one.item_id for one in traces]
    await stored.lock(tx.connection, ids)
    # Only now: a case may have been opened while the item was waited for.
    case_ids = await pipeline.cases_of(tx.connection, ids)
    for one in traces:
        case_id = case_ids.get(one.item_id)
        case = await cases.lock(tx.connection, case_id) if case_id is not None else None
        if who is not None and not (case and may(who, "person.erase", agency=case.agency)):
            raise NotFound("case.not_found")
        version = await stored.erase_item(tx.connection, one.item_id)
        tx.record("item.erased", "item", one.item_id, version, {"ref": one.ref})
        if case is not None:
            await _tell(tx, case, reason, who)
    return await stored.drop_photos(tx.connection, ids)


async def _tell(tx: Change, case: LockedCase, reason: str, who: Principal | None) -> None:
    version = await cases.update(tx.connection, case.id)
    told: dict[str, object] = {"from_state": case.state}
    if reason.strip():
        salt = secrets.token_bytes(16)
        author = who.user_id if who else None
        message_id, _ = await cases.add_message(
            tx.connection, case.id, "note", author, reason, salt
        )
        told |= {"message": message_id, "text_digest": digest(salt, reason)}
    tx.record("case.erased", "case", case.id, version, summary(case, **told))
