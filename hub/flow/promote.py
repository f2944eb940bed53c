"""Promote: which version of the classifier labels, by a person's word; the way back; the removal.

Workers follow by themselves (``hub.flow.model``). What was labelled keeps the name of its version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.flow.ground import Ground, change
from hub.flow.model import MODELS, SHIPPED
from hub.model.errors import Conflict, NotFound
from hub.store import models


async def add(
    ground: Ground, name: str, how: str, parent: str | None, card: Mapping[str, Any], actor: str
) -> None:
    """Take in a version whose folder lies in the home. It labels nothing before it is promoted."""
    async with change(ground, actor) as tx:
        await models.add(tx.connection, name, how, parent, card, actor)
        tx.record("model.added", "model", name, 0, {"how": how, "parent": parent})


async def promote(
    ground: Ground,
    name: str | None,
    actor: str,
    compared: Mapping[str, Any],
    *,
    forced: bool = False,
) -> str | None:
    """Let a version label from now on (None: the shipped one); which one did before.

    ``compared``: how it compares, and the version that it was compared ``with``. Raises NotFound
    ``model.unknown``; Conflict ``model.already`` where it labels now, and ``model.overtaken`` where
    another one labels by now than it was compared with.
    """
    async with change(ground, actor) as tx:
        await models.lock(tx.connection)
        before = await models.active(tx.connection)
        if name is not None and not await models.known(tx.connection, name):
            raise NotFound("model.unknown", name=name)
        if name == before:
            raise Conflict("model.already", name=name or SHIPPED)
        if compared and compared["with"] != (before or SHIPPED):
            raise Conflict("model.overtaken", name=name or SHIPPED, compared=compared["with"])
        number = await models.promote(tx.connection, name, actor, compared, forced=forced)
        told = {"before": before or SHIPPED, "forced": forced}
        tx.record("model.promoted", "model", name or SHIPPED, number, told)
        tx.wake(MODELS)
    return before


async def rollback(ground: Ground, actor: str) -> tuple[str | None, str | None]:
    """Take the newest promotion back: (the version that labelled, the one that does again).

    Raises Conflict ``model.no_older`` where nothing was promoted.
    """
    async with change(ground, actor) as tx:
        await models.lock(tx.connection)
        newest = await models.pile(tx.connection, 2)
        if not newest:
            raise Conflict("model.no_older")
        await models.take_back(tx.connection, newest[0].id, actor)
        again = newest[1].name if len(newest) > 1 else None
        told = {"before": newest[0].name or SHIPPED}
        tx.record("model.rolled_back", "model", again or SHIPPED, newest[0].id, told)
        tx.wake(MODELS)
    return newest[0].name, again


async def remove(ground: Ground, name: str, actor: str) -> None:
    """Forget a version, so that its folder may go.

    Raises NotFound ``model.unknown``, Conflict ``model.active`` for the one that labels.
    """
    async with change(ground, actor) as tx:
        await models.lock(tx.connection)
        if not await models.known(tx.connection, name):
            raise NotFound("model.unknown", name=name)
        if name == await models.active(tx.connection):
            raise Conflict("model.active", name=name)
        await models.remove(tx.connection, name, actor)
        tx.record("model.removed", "model", name, 0, {})
