"""Receive: what a connector or a citizen sent becomes items, once.

Items, their keys, the account's cursor, quarantined payloads and the outbox rows are one transaction:
a cursor never moves past something that is not safe, and a second delivery changes nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.flow.casework import summary
from hub.flow.ground import Change, Ground, change
from hub.model.errors import Conflict
from hub.model.facts import digest
from hub.model.items import MAX_TEXT_CHARS, Account, Batch, Inbound
from hub.store import cases, erase, items, pipeline, pushes, quarantine
from hub.store.cases import LockedCase

RECEIVED = "received"
"""The bell's channel that wakes the labelling workers."""

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread or misheard


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one Inbound. ``item_id`` is 0 for an edit or delete of something unknown.

    ``secret`` is the private link's, known only here and to whoever is told now.
    """

    item_id: int
    ref: str
    secret: str | None
    new: bool


def new_ref() -> str:
    """A reference people can read out: two groups of five of 30 signs, 49 bits."""
    signs = [secrets.choice(_ALPHABET) for _ in range(10)]
    return "".join(signs[:5]) + "-" + "".join(signs[5:])


def secret_digest(secret: str) -> bytes:
    """How a private link's secret (256 bits of its own) is kept: SHA-256, no salt needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def receive(
    ground: Ground, batch: Batch, *, account: Account | None = None
) -> list[Received]:
    """Store a connector's batch whole, or (on any exception) not at all.

    Returns one Received per Inbound, in order; posts get no private link. Samples that come when they
    are over are left: an empty list. Raises Conflict ``signature.replayed`` when the account's push of
    this name was stored before.
    """
    async with change(ground, f"account:{account.code}" if account else "system") as tx:
        if (
            account is not None
            and batch.once
            and not await pushes.is_first(tx.connection, account.code, batch.once)
        ):
            raise Conflict("signature.replayed")
        if account is not None and batch.cursor is not None:
            # Before any item, as who clears the samples away takes the two.
            stands = await items.lock_cursor(tx.connection, account.code)
            if "over" in stands:
                return []
        received = await store_batch(tx, batch.items)
        await quarantine.keep(tx.connection, batch.anomalous)
        if account is not None and (batch.cursor is not None or batch.unsupported):
            await items.set_cursor(tx.connection, account.code, batch.cursor, batch.unsupported)
    return received


async def store_batch(
    tx: Change,
    batch: Sequence[Inbound],
    *,
    with_secret: bool = False,
    content_digest: bytes | None = None,
) -> list[Received]:
    """Store what is new, note what is known, apply edits and deletes; facts go to ``tx``."""
    keys = [(inbound.platform, inbound.external_id) for inbound in batch]
    known = await items.known(tx.connection, keys)
    fresh: dict[tuple[str, str], tuple[items.NewItem, str | None]] = {}
    for key, inbound in zip(keys, batch, strict=True):
        if inbound.op == "create" and key not in known and key not in fresh:
            fresh[key] = _prepare(inbound, with_secret, content_digest)
    ids = await items.insert(tx.connection, [new for new, _ in fresh.values()]) if fresh else {}
    lost = [key for key, (new, _) in fresh.items() if new.ref not in ids]
    if lost:  # somebody else stored them in the meantime
        known |= await items.known(tx.connection, lost)
    received: list[Received] = []
    for key, inbound in zip(keys, batch, strict=True):
        new, secret = fresh.get(key, (None, None))
        if new is None or new.ref not in ids or key in known or inbound.op != "create":
            received.append(await _again(tx, known.get(key, 0), inbound))
            continue
        # Known from here on: in a batch as in several, an edit before it is one of something unknown.
        known[key] = ids[new.ref]
        received.append(Received(known[key], new.ref, secret, True))
        _tell(tx, known[key], new)
    return received


def _prepare(
    inbound: Inbound, with_secret: bool, content_digest: bytes | None
) -> tuple[items.NewItem, str | None]:
    inbound = _cut(inbound)
    secret = secrets.token_urlsafe(32) if with_secret else None
    salt = secrets.token_bytes(16)
    new = items.NewItem(
        inbound,
        new_ref(),
        secret_digest(secret) if secret else None,
        salt,
        digest(salt, inbound.text),
        content_digest,
    )
    return new, secret


def _cut(inbound: Inbound) -> Inbound:
    """With a text that may be stored: too long a one is cut, and marked so."""
    if len(inbound.text) <= MAX_TEXT_CHARS:
        return inbound
    return replace(inbound, text=inbound.text[: MAX_TEXT_CHARS - 1] + "…")


def _tell(tx: Change, item_id: int, new: items.NewItem) -> None:
    inbound = new.inbound
    tx.record(
        "item.received",
        "item",
        item_id,
        1,
        {
            "ref": new.ref,
            "kind": inbound.kind,
            "platform": inbound.platform,
            "account": inbound.account or None,
            "mark": inbound.mark,
            "text_digest": new.text_digest,
        },
    )
    tx.wake(RECEIVED)


async def _again(tx: Change, item_id: int, inbound: Inbound) -> Received:
    """A key that is already stored: another account's view of it, an edit, or a delete."""
    if item_id:
        if inbound.account:
            await items.add_accounts(tx.connection, [(item_id, inbound.account)])
        if inbound.op != "create" or inbound.current:
            await _amend(tx, item_id, inbound)
    return Received(item_id, "", None, False)


async def _amend(tx: Change, item_id: int, inbound: Inbound) -> None:
    """Apply an edit or a delete that the platform tells of (their terms and privacy ask for it)."""
    salt = secrets.token_bytes(16)
    if inbound.op == "delete":
        case = await _hold(tx, item_id)
        text_digest = digest(salt, "")
        version = await erase.empty_item(tx.connection, item_id, salt, text_digest)
    else:
        case, edited = None, _cut(inbound)
        text_digest = digest(salt, edited.text)
        version = await items.edit(tx.connection, item_id, edited, salt, text_digest)
    if version is None:
        return
    fact = "item.deleted" if inbound.op == "delete" else "item.changed"
    tx.record(fact, "item", item_id, version, {"text_digest": text_digest})
    if case is not None:
        await _tell_case(tx, case)
    tx.wake(RECEIVED)


async def _hold(tx: Change, item_id: int) -> LockedCase | None:
    """An item's case, both locked until the transaction ends: before the item's labels, as whoever
    corrects those has the case already."""
    await erase.lock(tx.connection, [item_id])
    case_id = (await pipeline.cases_of(tx.connection, [item_id])).get(item_id)
    return await cases.lock(tx.connection, case_id) if case_id is not None else None


async def _tell_case(tx: Change, case: LockedCase) -> None:
    """An edit comes back through the stages; a delete does not, so its case is told of it here."""
    version = await cases.update(tx.connection, case.id)
    tx.record("case.deleted", "case", case.id, version, summary(case))
