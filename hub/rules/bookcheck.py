"""What is wrong with a rule book whose types are right: `bigear check`, and before every new version.

The same checks run on a document that came from elsewhere (``bigear config apply``); then there are
no lines to name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

from hub.model.kinds import CASE_KINDS
from hub.model.labels import INTENTS, SERVICES, URGENCIES
from hub.model.network import Network, networks
from hub.model.rulebook import DISTRICT_OFFICE, Agency, Rule, RuleBook
from hub.rules.books import HUB, Finding, Lines, like

CHANNELS = ("queue", "webhook")
_URL = re.compile(r"https?://[^/\s]")
_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?/?")
LEAST_RATE, MOST_RATE = 0.001, 1e6
MAX_DAYS = 366
MAX_HOURS = MAX_DAYS * 24
"""The longest deadline: beyond it lies a mistyped number, and working days are counted one by one."""
ELSEWHERE = ""
"""Stands for every district that no rule names, and for none."""
UNSURE = ""
"""Stands for an intent that is not sure enough: a rule that asks for one does not match."""


def check(
    book: RuleBook, folder: Path | None = None, districts: Mapping[str, str] | None = None
) -> list[Finding]:
    """All findings, in the order of the files. ``districts`` of the city: code → name."""
    lines, known = Lines(folder), districts or {}
    return [
        *_city(book, lines),
        *_doubles(book, lines),
        *_agencies(book, lines, known),
        *_services(book, lines),
        *_rules(book, lines, known),
        *_reach(book, lines),
        *_accounts(book, lines),
    ]


def check_network(network: Network, folder: Path) -> Iterator[Finding]:
    """What is wrong with the values of ``[network]``, but for the tile archive's content."""

    def wrong(key: str, message: str) -> Finding:
        return network_finding(folder, key, message)

    for key in ("trusted_proxies", "allowed_private"):
        try:
            networks(getattr(network, key))
        except ValueError as refused:
            yield wrong(key, f"{refused}; a network is written like 10.1.2.0/24")
    if network.public_url and not _ORIGIN.fullmatch(network.public_url):
        told = "is the origin that browsers see, in small letters, like https://hub.example.org"
        yield wrong("public_url", told)
    if not LEAST_RATE <= network.rate_scale <= MOST_RATE:
        yield wrong("rate_scale", f"lies between {LEAST_RATE} and {MOST_RATE:.0f}; 1 is the usual")


def network_finding(folder: Path, key: str, message: str) -> Finding:
    """Something wrong with one key of ``[network]``."""
    line = Lines(folder).of_key(HUB, "network", 0, key)
    return Finding("network.value", f"{key}: {message}", HUB, line)


def _city(book: RuleBook, lines: Lines) -> Iterator[Finding]:
    def wrong(key: str, message: str) -> Finding:
        return Finding("city.value", message, HUB, lines.of_key(HUB, "city", 0, key))

    city = book.city
    west, south, east, north = city.bounds
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        yield wrong("bounds", "bounds are west, south, east, north in degrees")
    elif not (south <= city.center_lat <= north and west <= city.center_lon <= east):
        yield wrong("center_lat", "the centre lies outside the bounds")
    try:
        ZoneInfo(city.time_zone)
    except (KeyError, ValueError, OSError):
        yield wrong("time_zone", f"there is no time zone {city.time_zone!r}")
    import holidays  # slow to load, and a start checks no books

    supported = holidays.list_supported_countries()
    if city.country not in supported:
        yield wrong("country", f"no holidays are known of {city.country!r}; ISO 3166-1 alpha-2?")
    if city.max_area_distance_km <= 0:
        yield wrong("max_area_distance_km", "the distance must be above 0")


def _doubles(book: RuleBook, lines: Lines) -> Iterator[Finding]:
    for file, codes in (
        ("agencies.toml", [a.code for a in book.agencies]),
        ("services.toml", [s.code for s in book.services]),
        ("routing.toml", [r.id for r in book.rules]),
        ("accounts.toml", [a.code for a in book.accounts]),
    ):
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            line = lines.of_entry(file, code, 2)
            yield Finding("code.double", f"{code!r} stands here a second time", file, line)


def _agencies(book: RuleBook, lines: Lines, districts: Mapping[str, str]) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for agency in book.agencies:
        line = lines.of_entry("agencies.toml", agency.code)
        for code, message in _of_agency(agency, districts, owners):
            told = f"agency {agency.code}: {message}"
            yield Finding(f"agency.{code}", told, "agencies.toml", line)
        if agency.district:
            owners.setdefault(agency.district, agency.code)
    for code, name in districts.items():
        if code not in owners:
            message = f"district {name} ({code}) has no agency: give one district = {code!r}"
            yield Finding("area.no_owner", message, "agencies.toml")


def _of_agency(
    agency: Agency, districts: Mapping[str, str], owners: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    channel, district = agency.delivery.channel, agency.district
    if channel == "email":
        yield "delivery", "delivery by e-mail is not built; use queue or webhook"
    elif channel not in CHANNELS:
        yield "delivery", f"no delivery channel {channel!r}{like(channel, CHANNELS)}"
    if channel == "webhook" and not _URL.match(agency.delivery.address):
        yield "address", "delivery by webhook needs an http or https address"
    if district and districts and district not in districts:
        yield "district", f"no district {district!r}{like(district, districts)}"
    if district in owners:
        yield "district", f"district {district} has an office already: {owners[district]}"


def _services(book: RuleBook, lines: Lines) -> Iterator[Finding]:
    listed = {service.code for service in book.services}
    for code in SERVICES:
        if code not in listed:
            yield Finding("service.missing", f"service {code} is not listed", "services.toml")
    for code in sorted(listed - set(SERVICES)):
        message = f"the classifier knows no service {code!r}{like(code, SERVICES)}"
        line = lines.of_entry("services.toml", code)
        yield Finding("service.unknown", message, "services.toml", line)


def _rules(book: RuleBook, lines: Lines, districts: Mapping[str, str]) -> Iterator[Finding]:
    agencies = {agency.code for agency in book.agencies}
    words: tuple[tuple[str, Iterable[str]], ...] = (
        ("services", SERVICES),
        ("intents", INTENTS),
        ("urgencies", URGENCIES),
        ("kinds", CASE_KINDS),
        ("districts", districts),
    )
    for rule in book.rules:
        line = lines.of_entry("routing.toml", rule.id)
        for code, message in (*_of_rule(rule, agencies), *_words_of(rule, words)):
            yield Finding(f"rule.{code}", f"rule {rule.id}: {message}", "routing.toml", line)


def _of_rule(rule: Rule, agencies: set[str]) -> Iterator[tuple[str, str]]:
    if rule.agency != DISTRICT_OFFICE and rule.agency not in agencies:
        yield (
            "agency",
            f"no agency {rule.agency!r}{like(rule.agency, [*agencies, DISTRICT_OFFICE])}",
        )
    limits = ((rule.deadline_days, MAX_DAYS), (rule.deadline_hours, MAX_HOURS))
    given = [(limit, most) for limit, most in limits if limit is not None]
    if len(given) != 1:
        yield "deadline", "one deadline is needed: deadline_days or deadline_hours"
    if any(not 1 <= limit <= most for limit, most in given):
        yield "deadline", f"a deadline is 1 to {MAX_DAYS} working days, or 1 to {MAX_HOURS} hours"
    if not (rule.reason_ko.strip() and rule.reason_en.strip()):
        yield "reason", "a reason in Korean and in English is needed"


def _words_of(rule: Rule, words: Iterable[tuple[str, Iterable[str]]]) -> Iterator[tuple[str, str]]:
    for field, known in words:
        if field == "districts" and not known:
            continue  # the city's areas were not given
        for word in getattr(rule, field):
            if word not in known:
                yield "word", f"{field} has no {word!r}{like(word, known)}"


def _reach(book: RuleBook, lines: Lines) -> Iterator[Finding]:
    """Rules that earlier ones leave nothing to, and services that some item of finds no rule.

    Every combination is asked: a rule may be covered by several earlier ones together.
    """
    named = sorted({district for rule in book.rules for district in rule.districts})
    takers: dict[str, set[str]] = {rule.id: set() for rule in book.rules}
    reached: set[str] = set()
    uncovered: dict[str, str] = {}
    for cell in product(CASE_KINDS, SERVICES, (*INTENTS, UNSURE), URGENCIES, (*named, ELSEWHERE)):
        matching = [rule for rule in book.rules if _takes(rule, *cell)]
        if not matching:
            uncovered.setdefault(cell[1], ", ".join(filter(None, cell)))
            continue
        reached.add(matching[0].id)
        for later in matching[1:]:
            takers[later.id].add(matching[0].id)
    for rule in book.rules:
        if rule.id not in reached and takers[rule.id]:
            by = ", ".join(sorted(takers[rule.id]))
            message = f"rule {rule.id} is never reached: {by} comes first"
            line = lines.of_entry("routing.toml", rule.id)
            yield Finding("rule.unreachable", message, "routing.toml", line)
    for service, example in uncovered.items():
        message = (
            f"service {service}: no rule takes {example}; add one with services = [{service!r}]"
        )
        yield Finding("service.no_queue", message, "routing.toml")


def _takes(rule: Rule, kind: str, service: str, intent: str, urgency: str, district: str) -> bool:
    return (
        (not rule.services or service in rule.services)
        and (not rule.urgencies or urgency in rule.urgencies)
        and (not rule.intents or intent in rule.intents)
        and (not rule.kinds or kind in rule.kinds)
        and (not rule.districts or district in rule.districts)
    )


def _accounts(book: RuleBook, lines: Lines) -> Iterator[Finding]:
    expected = book.city.accounts_expected
    if expected and len(book.accounts) != expected:
        message = (
            f"{expected} accounts are expected (accounts_expected in {HUB}), "
            f"{len(book.accounts)} are there"
        )
        yield Finding("accounts.count", message, "accounts.toml")
    agencies = {agency.code for agency in book.agencies}
    for account in book.accounts:
        if account.owner not in agencies:
            message = f"account {account.code}: no agency {account.owner!r}"
            message += like(account.owner, agencies)
            line = lines.of_entry("accounts.toml", account.code)
            yield Finding("account.owner", message, "accounts.toml", line)
