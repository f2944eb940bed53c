"""The city's accounts and how they are; and the door where other systems push."""

from __future__ import annotations

import time

from msgspec import Struct

from hub.api.layer import Call, Route
from hub.api.parse import read_bounded
from hub.bus.rate import Limit
from hub.flow.receive import receive
from hub.model.errors import BigEarError, NotFound, Unavailable
from hub.model.items import Account
from hub.ports.connector import Rejected, WebhookRequest
from hub.rules.views import rfc3339
from hub.store import accounts

MAX_HOOK_BYTES = 1024 * 1024


class AccountInfo(Struct, frozen=True):
    """An account and its health."""

    code: str
    platform: str
    name: str
    enabled: bool
    health: str
    last_item_at: str | None
    last_ok_at: str | None
    error_code: str | None


class Pushed(Struct, frozen=True):
    """How many items of a push were new, and how many were known."""

    new: int
    known: int


async def list_accounts(call: Call) -> list[AccountInfo]:
    """All the city's accounts, in the order of the rule book."""
    async with call.context.ground.db.acquire() as connection:
        states = await accounts.states(connection)
    listed = []
    for entry in call.context.city.now.book.accounts:
        state = states.get(entry.code)
        listed.append(
            AccountInfo(
                entry.code,
                entry.platform,
                entry.name_ko,
                bool(state and state.enabled),
                state.health if state else "disabled",
                rfc3339(state.last_item_at) if state and state.last_item_at else None,
                rfc3339(state.last_ok_at) if state and state.last_ok_at else None,
                state.error_code if state else None,
            )
        )
    return listed


async def push(call: Call) -> Pushed:
    """Take a signed push for an account; 200 only after everything in it is safe."""
    code = call.path["account"]
    if call.context.hook is None:
        raise Unavailable
    raw = await read_bounded(call.request, MAX_HOOK_BYTES)
    entry = next((a for a in call.context.city.now.book.accounts if a.code == code), None)
    async with call.context.ground.db.acquire() as connection:
        state = (await accounts.states(connection)).get(code)
        secret = await accounts.secret(connection, code)
    if entry is None or state is None or not state.enabled:
        raise NotFound("account.not_found")
    account = Account(code, entry.platform, entry.name_ko, state.settings, secret, enabled=True)
    request = WebhookRequest(dict(call.request.headers), raw, time.time())
    try:
        batch = call.context.hook(account, request)
    except Rejected as refused:
        status = 401 if refused.code.startswith("signature.") else 400
        raise BigEarError(refused.code, status_code=status, detail=str(refused)[:200]) from None
    received = await receive(call.context.ground, batch, account=account)
    async with call.context.ground.db.acquire() as connection:
        await accounts.set_health(connection, code, "connected", items=len(received))
    new = sum(entry.new for entry in received)
    return Pushed(new, len(received) - new)


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
