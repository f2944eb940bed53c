"""The city's accounts: enable one, disable one, note how one is."""

from __future__ import annotations

from collections.abc import Mapping

from hub.flow.configure import CONFIG
from hub.flow.ground import Ground, change
from hub.model.errors import NotFound
from hub.store import accounts


async def enable(
    ground: Ground, code: str, settings: Mapping[str, str], secret: str | None
) -> None:
    """Let an account in; a running hub starts it within a second or two. Without ``secret`` the
    stored one stays."""
    async with change(ground) as tx:
        await accounts.enable(tx.connection, code, settings, secret)
        tx.record("account.changed", "account", code, 0, {"health": "starting", "code": None})
        tx.wake(CONFIG)


async def disable(ground: Ground, code: str) -> None:
    """Stop an account. Raises NotFound ``account.not_found`` when it was never enabled."""
    async with change(ground) as tx:
        if not await accounts.disable(tx.connection, code):
            raise NotFound("account.not_found")
        tx.record("account.changed", "account", code, 0, {"health": "disabled", "code": None})
        tx.wake(CONFIG)


async def note_health(
    ground: Ground,
    code: str,
    health: str,
    *,
    items: int = 0,
    error_code: str | None = None,
    error_text: str | None = None,
) -> bool:
    """Store how an account is, and that ``items`` new ones came; True (and a fact) if that is news.

    That it connects is no news: what was wrong stays to be seen until it is connected.
    """
    async with change(ground, f"account:{code}") as tx:
        news = await accounts.set_health(
            tx.connection, code, health, items=items, code=error_code, error_text=error_text
        )
        if news and health != "connecting":
            tx.record("account.changed", "account", code, 0, {"health": health, "code": error_code})
    return news
