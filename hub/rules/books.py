"""The rule books as files: reads ``config/*.toml`` into one plain document, and finds what is wrong.

A finding names file and line, so that an engineer can go there. The same checks run on a document that
came from elsewhere (``bigear config apply``); then there are no lines to name.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hub.model.errors import BadInput
from hub.model.kinds import CASE_KINDS
from hub.model.labels import INTENTS, SERVICES, URGENCIES
from hub.model.rulebook import (
    DISTRICT_OFFICE,
    AccountEntry,
    Agency,
    City,
    Delivery,
    Rule,
    RuleBook,
    Service,
    rulebook,
)

_FILES: tuple[tuple[str, str, str, type], ...] = (
    # file, its key, the document's key, the type of one entry
    ("agencies.toml", "agency", "agencies", Agency),
    ("services.toml", "service", "services", Service),
    ("routing.toml", "rule", "rules", Rule),
    ("accounts.toml", "account", "accounts", AccountEntry),
)
CHANNELS = ("queue", "webhook")
_URL = re.compile(r"https?://[^/\s]")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a rule book. ``line`` 0: it has no single line."""

    code: str
    message: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.message} [{self.code}]"


def read_document(folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    """The document in a ``config`` folder, and what could not be read of it."""
    document: dict[str, Any] = {"city": {}}
    findings: list[Finding] = []
    hub = _read(folder / "hub.toml", findings)
    document["city"] = hub.get("city", {})
    findings += _unknown_keys(folder / "hub.toml", [document["city"]], City, "city")
    for name, key, target, entry in _FILES:
        entries = _read(folder / name, findings).get(key, [])
        document[target] = entries
        findings += _unknown_keys(folder / name, entries, entry, key)
    return document, findings


def read_network(folder: Path) -> dict[str, Any]:
    """The ``[network]`` table of ``hub.toml``: how this installation stands in its network.

    Not part of the numbered versions: it belongs to the machine, not to the city.
    """
    return dict(_read(folder / "hub.toml", []).get("network", {}))


def open_document(document: Mapping[str, Any]) -> RuleBook:
    """The rule book in a document. Raises BadInput ``config.invalid`` with the first findings."""
    try:
        book = rulebook(document)
    except msgspec.ValidationError as wrong:
        raise BadInput("config.invalid", detail=str(wrong)) from None
    findings = check(book)
    if findings:
        raise BadInput("config.invalid", detail="; ".join(str(f) for f in findings[:5]))
    return book


def check(
    book: RuleBook, folder: Path | None = None, districts: Mapping[str, str] | None = None
) -> list[Finding]:
    """What is wrong with a rule book whose types are right. ``districts``: code → name."""
    place = _Places(folder)
    findings = [
        *_doubles(book, place),
        *_agencies(book, place, districts or {}),
        *_services(book, place),
        *_rules(book, place, districts or {}),
    ]
    expected = book.city.accounts_expected
    if expected and len(book.accounts) != expected:
        findings.append(
            Finding(
                "accounts.count",
                f"{expected} accounts are expected (city.accounts_expected), "
                f"{len(book.accounts)} are there",
                "accounts.toml",
            )
        )
    agencies = {agency.code for agency in book.agencies}
    findings += [
        place.finding(
            "accounts.toml",
            account.code,
            "account.owner",
            f"account {account.code}: no agency {account.owner!r}{_like(account.owner, agencies)}",
        )
        for account in book.accounts
        if account.owner not in agencies
    ]
    return findings


def _doubles(book: RuleBook, place: _Places) -> Iterable[Finding]:
    for file, codes in (
        ("agencies.toml", [a.code for a in book.agencies]),
        ("services.toml", [s.code for s in book.services]),
        ("routing.toml", [r.id for r in book.rules]),
        ("accounts.toml", [a.code for a in book.accounts]),
    ):
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield place.finding(file, code, "code.double", f"{code!r} stands here twice")


def _agencies(book: RuleBook, place: _Places, districts: Mapping[str, str]) -> Iterable[Finding]:
    for agency in book.agencies:
        channel, district = agency.delivery.channel, agency.district
        if channel == "email":
            yield place.finding(
                "agencies.toml",
                agency.code,
                "agency.delivery",
                f"agency {agency.code}: delivery by e-mail is not built; use queue or webhook",
            )
        elif channel not in CHANNELS:
            yield place.finding(
                "agencies.toml",
                agency.code,
                "agency.delivery",
                f"agency {agency.code}: no delivery channel {channel!r}{_like(channel, CHANNELS)}",
            )
        if channel == "webhook" and not _URL.match(agency.delivery.address):
            yield place.finding(
                "agencies.toml",
                agency.code,
                "agency.address",
                f"agency {agency.code}: delivery by webhook needs an http or https address",
            )
        if district and districts and district not in districts:
            yield place.finding(
                "agencies.toml",
                agency.code,
                "agency.district",
                f"agency {agency.code}: no district {district!r}{_like(district, districts)}",
            )
    owned = {agency.district for agency in book.agencies}
    for code, name in districts.items():
        if code not in owned:
            yield Finding(
                "area.no_owner",
                f"district {name} ({code}) has no agency whose district it is",
                "agencies.toml",
            )


def _services(book: RuleBook, place: _Places) -> Iterable[Finding]:
    listed = {service.code for service in book.services}
    for code in SERVICES:
        if code not in listed:
            yield Finding("service.missing", f"service {code} is not listed", "services.toml")
    for code in sorted(listed - set(SERVICES)):
        yield place.finding(
            "services.toml",
            code,
            "service.unknown",
            f"the classifier knows no service {code!r}{_like(code, SERVICES)}",
        )
    catch = [
        rule
        for rule in book.rules
        if not (rule.intents or rule.urgencies or rule.districts or rule.kinds)
    ]
    for code in SERVICES:
        if not any(not rule.services or code in rule.services for rule in catch):
            yield Finding(
                "service.no_queue",
                f"service {code}: no rule takes it whatever its intent and urgency",
                "routing.toml",
            )


def _rules(book: RuleBook, place: _Places, districts: Mapping[str, str]) -> Iterable[Finding]:
    agencies = {agency.code for agency in book.agencies}
    words: tuple[tuple[str, Iterable[str]], ...] = (
        ("services", SERVICES),
        ("intents", INTENTS),
        ("urgencies", URGENCIES),
        ("kinds", CASE_KINDS),
        ("districts", districts),
    )
    for number, rule in enumerate(book.rules):
        if rule.agency != DISTRICT_OFFICE and rule.agency not in agencies:
            yield place.finding(
                "routing.toml",
                rule.id,
                "rule.agency",
                f"rule {rule.id}: no agency {rule.agency!r}{_like(rule.agency, agencies)}",
            )
        for field, known in words:
            for word in getattr(rule, field):
                if word not in known and not (field == "districts" and not districts):
                    yield place.finding(
                        "routing.toml",
                        rule.id,
                        "rule.word",
                        f"rule {rule.id}: {field} has no {word!r}{_like(word, known)}",
                    )
        earlier = next((e for e in book.rules[:number] if _covers(e, rule)), None)
        if earlier is not None:
            yield place.finding(
                "routing.toml",
                rule.id,
                "rule.unreachable",
                f"rule {rule.id} is never reached: {earlier.id} takes all of it",
            )


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether everything that ``later`` matches is matched by ``earlier`` already."""
    return all(
        not getattr(earlier, field)
        or (getattr(later, field) and set(getattr(later, field)) <= set(getattr(earlier, field)))
        for field in ("services", "intents", "urgencies", "kinds", "districts")
    )


class _Places:
    """Finds the line of an entry in its file."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def finding(self, file: str, code: str, kind: str, message: str) -> Finding:
        """A finding about the entry whose code or id is ``code``."""
        line = 0
        if self._folder is not None:
            wanted = re.compile(rf'^\s*(code|id)\s*=\s*"{re.escape(code)}"')
            line = _line_of(self._folder / file, wanted)
        return Finding(kind, message, file, line)


def _read(path: Path, findings: list[Finding]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        findings.append(Finding("file.missing", "the file is missing", path.name))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        findings.append(Finding("file.malformed", str(wrong), path.name))
    return {}


def _unknown_keys(
    path: Path, entries: Iterable[Mapping[str, Any]], entry: type, table: str
) -> list[Finding]:
    known = [field.encode_name for field in msgspec.structs.fields(entry)]
    nested = [field.encode_name for field in msgspec.structs.fields(Delivery)]
    found = []
    for values in entries:
        unknown = [key for key in values if key not in known]
        if isinstance(delivery := values.get("delivery"), dict):
            unknown += [key for key in delivery if key not in nested]
        for key in unknown:
            line = _line_of(path, re.compile(rf"\b{re.escape(key)}\s*="))
            found.append(
                Finding(
                    "key.unknown",
                    f"[{table}] has no key {key!r}{_like(key, [*known, *nested])}",
                    path.name,
                    line,
                )
            )
    return found


def _line_of(path: Path, wanted: re.Pattern[str]) -> int:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    return next((n for n, line in enumerate(lines, start=1) if wanted.search(line)), 0)


def _like(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
