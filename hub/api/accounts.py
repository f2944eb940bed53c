"""The city's accounts and how they are; and the door where other systems push."""

from __future__ import annotations

import time

from msgspec import Struct

from hub.api.layer import Call, Route
from hub.api.parse import read_bounded
from hub.api.refusal import words
from hub.bus.rate import Limit
from hub.flow.accounts import note_health
from hub.flow.receive import receive
from hub.model.errors import BigEarError, NotFound, Unavailable
from hub.model.items import Account, Anomalous, Batch
from hub.ports.connector import Rejected, Unreadable, WebhookRequest
from hub.rules.views import rfc3339
from hub.store import accounts
from hub.store.accounts import AccountState

MAX_HOOK_BYTES = 1024 * 1024


class AccountInfo(Struct, frozen=True):
    """An account and its health. ``error_ko``, ``error_en``: what a person may be told of its error;
    ``unsupported``: payloads of a kind that the hub does not handle; ``quarantined``: payloads that did
    not parse."""

    code: str
    platform: str
    name: str
    enabled: bool
    health: str
    last_item_at: str | None
    last_ok_at: str | None
    last_error_at: str | None
    error_code: str | None
    error_ko: str | None
    error_en: str | None
    error_text: str | None
    unsupported: int
    quarantined: int


class Pushed(Struct, frozen=True):
    """How many items of a push were new, how many were known (repeated, edited, deleted), and how
    many edits and deletes were of an id that never came."""

    new: int
    known: int
    unknown: int


async def list_accounts(call: Call) -> list[AccountInfo]:
    """All accounts of the city, enabled or not."""
    async with call.context.ground.db.acquire() as connection:
        states = await accounts.states(connection)
    return [
        _info(entry.code, entry.platform, entry.name_ko, states.get(entry.code))
        for entry in call.context.city.now.book.accounts
    ]


def _info(code: str, platform: str, name: str, state: AccountState | None) -> AccountInfo:
    if state is None:
        nothing = None, None, None, None, None, None, None
        return AccountInfo(code, platform, name, False, "disabled", *nothing, 0, 0)
    return AccountInfo(
        code=code,
        platform=platform,
        name=name,
        enabled=state.enabled,
        health=state.health,
        last_item_at=rfc3339(state.last_item_at) if state.last_item_at else None,
        last_ok_at=rfc3339(state.last_ok_at) if state.last_ok_at else None,
        last_error_at=rfc3339(state.last_error_at) if state.last_error_at else None,
        error_code=state.error_code,
        error_ko=words("ko", state.error_code) if state.error_code else None,
        error_en=words("en", state.error_code) if state.error_code else None,
        error_text=state.error_text,
        unsupported=state.unsupported,
        quarantined=state.quarantined,
    )


async def push(call: Call) -> Pushed:
    """Take a signed push for an account; 200 only after everything in it is safe."""
    if call.context.hook is None:
        raise Unavailable
    raw = await read_bounded(call.request, MAX_HOOK_BYTES)
    account = await _enabled_account(call, call.path["account"])
    request = WebhookRequest(dict(call.request.headers), raw, time.time())
    try:
        batch = call.context.hook(account, request)
    except Unreadable as wrong:
        kept = Anomalous(account.platform, account.code, wrong.code, raw)
        await receive(call.context.ground, Batch(anomalous=(kept,)), account=account)
        raise BigEarError(wrong.code, status_code=400, detail=str(wrong)[:200]) from None
    except Rejected as refused:
        status = 401 if refused.code.startswith("signature.") else 400
        raise BigEarError(refused.code, status_code=status, detail=str(refused)[:200]) from None
    received = await receive(call.context.ground, batch, account=account)
    new = sum(entry.new for entry in received)
    unknown = sum(entry.item_id == 0 for entry in received)
    await note_health(call.context.ground, account.code, "connected", items=new)
    return Pushed(new, len(received) - new - unknown, unknown)


async def _enabled_account(call: Call, code: str) -> Account:
    entry = next((a for a in call.context.city.now.book.accounts if a.code == code), None)
    async with call.context.ground.db.acquire() as connection:
        state = (await accounts.states(connection)).get(code)
        secret = await accounts.secret(connection, code)
    if entry is None or state is None or not state.enabled:
        raise NotFound("account.not_found")
    return Account(code, entry.platform, entry.name_ko, state.settings, secret, enabled=True)


ROUTES = [
    Route("GET", "/accounts", "account.read", list_accounts, "Accounts", answer=list[AccountInfo]),
    Route(
        "POST",
        "/hooks/{account}",
        "hook.push",
        push,
        "Push items, signed",
        answer=Pushed,
        raw_bytes=MAX_HOOK_BYTES,
        limit=Limit(burst=200, interval_s=0.05),
        cross_site=True,
    ),
]
