"""The rule book: how this city has set up its agencies, services, rules and accounts.

Seeded from ``config/*.toml`` at the first start; afterwards the newest row of ``config_version``
rules. Either way it is one plain document (tables and lists, as TOML and JSON have them), read here
into frozen types by ``rulebook``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

DISTRICT_OFFICE = "@district"
"""As a rule's agency: the office of the district in which the item lies."""


class Delivery(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How an agency is told of its cases besides its queue: ``queue``, ``webhook`` or ``email``."""

    channel: str = "queue"
    address: str = ""


class Agency(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who acts. ``district`` is set for the office of a district."""

    code: str
    name_ko: str
    name_en: str
    kind: str
    district: str = ""
    phone: str = ""
    delivery: Delivery = Delivery()


class Service(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a text can be about; the codes are ``hub.model.labels.SERVICES``."""

    code: str
    name_ko: str
    name_en: str
    group: str


class Rule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Service × district × intent × urgency → agency and deadline; the first that matches decides.

    An empty list matches everything. The deadline is in working days, or in hours around the clock.
    """

    id: str
    agency: str
    reason_ko: str
    reason_en: str
    services: list[str] = []
    districts: list[str] = []
    intents: list[str] = []
    urgencies: list[str] = []
    kinds: list[str] = []
    deadline_days: int | None = None
    deadline_hours: int | None = None


class AccountEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of the city's social accounts. It stays disabled until it has a secret or is enabled."""

    code: str
    platform: str
    name_ko: str
    name_en: str
    owner: str
    handle: str = ""
    language: str = "ko"
    settings: dict[str, Any] = {}


class City(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The city itself. ``bounds``: west, south, east, north in degrees (WGS 84)."""

    name_ko: str
    name_en: str
    center_lat: float
    center_lon: float
    bounds: tuple[float, float, float, float]
    country: str = "KR"
    time_zone: str = "Asia/Seoul"
    tile_url: str = ""
    tile_credit: str = ""
    max_area_distance_km: float = 6.0
    accounts_expected: int = 0


class RuleBook(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it, in the order of the files: for rules the order is the meaning."""

    city: City
    agencies: list[Agency]
    services: list[Service]
    rules: list[Rule]
    accounts: list[AccountEntry]

    def agency(self, code: str) -> Agency | None:
        """The agency with this code, if there is one."""
        return next((a for a in self.agencies if a.code == code), None)

    def office_of(self, district: str) -> Agency | None:
        """The office of a district, if it has one."""
        return next((a for a in self.agencies if a.district == district), None)


def rulebook(document: Mapping[str, Any]) -> RuleBook:
    """The rule book in a plain document. Raises msgspec.ValidationError, which names the place."""
    return msgspec.convert(document, RuleBook)
