"""The laboratory as a process of its own: nothing that trains is ever loaded into the hub."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.flow.model import SHIPPED
from hub.model.errors import Conflict, NotFound, Unavailable
from hub.settings import CLONE, Settings
from hub.store import models
from hub.wiring import Standing

LINEAR = "linear.npz"
"""What makes a folder a version, as in ``classifiers``, which is slow to load."""


async def experiment(
    module: str,
    words: Sequence[str | Path],
    lines: Iterable[Mapping[str, object]],
    settings: Settings,
    held: Sequence[int] = (),
) -> dict[str, Any]:
    """What ``python -m classifiers.training.MODULE`` answers. ``lines`` go through its standard input:
    people's texts are never in a file. Its progress appears on this process's standard error.
    ``held``: file descriptors that it inherits.

    Raises Unavailable ``model.laboratory``.
    """
    given = "".join(json.dumps(line) + "\n" for line in lines).encode()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"classifiers.training.{module}",
        *map(str, words),
        *_data(settings),
        cwd=CLONE,
        stdin=PIPE,
        stdout=PIPE,
        pass_fds=held,
    )
    try:
        answer, _ = await process.communicate(given)
    except asyncio.CancelledError:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        raise
    if process.returncode:
        raise Unavailable("model.laboratory", process=module)
    found: dict[str, Any] = json.loads(answer)
    return found


def _data(settings: Settings) -> tuple[str, ...]:
    """``BIGEAR_DATA`` may hold other things only, such as recorded messages."""
    if settings.data is None or not (settings.data / "labels").is_dir():
        return ()
    return ("--data", str(settings.data))


async def where(stand: Standing, settings: Settings, name: str | None) -> str:
    """How the laboratory names a version: ``shipped`` for None, else its folder. Raises NotFound
    ``model.missing`` for a version of the list whose files are gone, else ``model.unknown``."""
    if name is None:
        return SHIPPED
    if there(settings, name):
        return str(settings.home.models / name)
    async with stand.ground.db.acquire() as connection:
        if await models.known(connection, name):
            raise NotFound("model.missing", name=name, folder=str(settings.home.models))
    raise NotFound("model.unknown", name=name)


def there(settings: Settings, name: str) -> bool:
    """Whether the files of a version of that name lie in the home."""
    folder = settings.home.models / name
    return "/" not in name and not name.startswith(".") and (folder / LINEAR).is_file()


def refuse_pinned(settings: Settings) -> None:
    """Raises Conflict ``model.pinned`` where the environment names the classifier: what was promoted
    would not label here."""
    if settings.model is not None:
        raise Conflict("model.pinned", path=str(settings.model))
