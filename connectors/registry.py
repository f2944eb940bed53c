"""Which platforms there are, and a connector for an account.

A platform is a folder with ``manifest.toml`` (code, names, how items arrive) and ``connector.py`` with
``open_account(account, outside)``.
"""

from __future__ import annotations

import importlib
import tomllib
from functools import cache
from pathlib import Path

from msgspec import Struct, convert

from hub.model.items import Account
from hub.net.client import Outside
from hub.ports.connector import Connector, Rejected

_FOLDER = Path(__file__).resolve().parent / "platforms"


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a platform's ``manifest.toml`` says. ``settings``: name → what it is, for the engineer."""

    code: str
    name: str
    inbound: str
    tested_against: str
    settings: dict[str, str] = {}
    needs_secret: bool = False


@cache
def manifests() -> dict[str, Manifest]:
    """All platforms that have a connector, by code."""
    found = {}
    for path in sorted(_FOLDER.glob("*/manifest.toml")):
        manifest = convert(tomllib.loads(path.read_text(encoding="utf-8")), Manifest)
        found[manifest.code] = manifest
    return found


def open_connector(account: Account, outside: Outside | None) -> Connector:
    """The connector of an account. Raises Rejected ``platform.unknown`` where none is built yet,
    ``settings.unknown`` for a setting that the platform has not, ``settings.missing`` or
    ``settings.invalid`` for what it cannot use. Without ``outside`` it can only take a push, and
    ``hook.not_taken`` is raised where the platform pushes nothing."""
    manifest = manifests().get(account.platform)
    if manifest is None:
        raise Rejected("platform.unknown", account.platform)
    if outside is None and manifest.inbound != "webhook":
        raise Rejected("hook.not_taken", account.platform)
    if unknown := sorted(set(account.settings) - set(manifest.settings)):
        known = ", ".join(manifest.settings) or "none"
        raise Rejected("settings.unknown", f"{unknown[0]} (there are: {known})")
    if manifest.needs_secret and not account.secret:
        raise Rejected("settings.missing", "secret")
    module = importlib.import_module(f"connectors.platforms.{account.platform}.connector")
    connector: Connector = module.open_account(account, outside)
    return connector
