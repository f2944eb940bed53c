"""The rule books as files: reads ``config/*.toml`` into one plain document, and finds their lines.

What a book means is checked in ``hub.rules.bookcheck``; here only whether it can be read: TOML, known
tables and keys, right types. A finding names file and line, so that an engineer can go there.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hub.model.network import Network
from hub.model.rulebook import (
    AccountEntry,
    Agency,
    City,
    Delivery,
    Rule,
    RuleBook,
    Service,
    rulebook,
)

HUB = "hub.toml"
_HUB_TABLES = {"city": City, "network": Network}


class _Hub(msgspec.Struct):
    """What is read of ``hub.toml`` by itself; the city is part of the document."""

    network: Network = Network()


@dataclass(frozen=True, slots=True)
class _File:
    """One file of entries: its name, its table's key, the document's key, the type of an entry."""

    name: str
    key: str
    target: str
    entry: type


_FILES = (
    _File("agencies.toml", "agency", "agencies", Agency),
    _File("services.toml", "service", "services", Service),
    _File("routing.toml", "rule", "rules", Rule),
    _File("accounts.toml", "account", "accounts", AccountEntry),
)


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
    findings: list[Finding] = []
    hub = _read(folder / HUB, findings)
    city = hub.get("city", {})
    document: dict[str, Any] = {"city": city if isinstance(city, dict) else {}}
    lines = Lines(folder)
    findings += _unknown_in_hub(lines, hub, "city", "network")
    for file in _FILES:
        content = _read(folder / file.name, findings)
        findings += _unknown(lines, file.name, "", 0, content, [file.key])
        entries = content.get(file.key, [])
        document[file.target] = entries
        for number, values in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(values, dict):
                findings += _unknown_in_entry(lines, file, number, values)
    return document, findings


def read_network(folder: Path) -> tuple[Network, list[Finding]]:
    """The ``[network]`` table of ``hub.toml``, and what could not be read of it: then it says nothing.
    ``hub.rules.bookcheck.check_network`` looks at its values."""
    findings: list[Finding] = []
    hub, lines = _read(folder / HUB, findings), Lines(folder)
    findings += _unknown_in_hub(lines, hub, "network")
    try:
        return msgspec.convert(hub, _Hub).network, findings
    except msgspec.ValidationError as wrong:
        # A wrong type is often what another finding already says: an unknown key.
        return Network(), findings or [_type_finding(wrong, lines)]


def open_book(document: Mapping[str, Any], folder: Path | None = None) -> RuleBook | Finding:
    """The rule book in a document, or the first value of it that has a wrong type."""
    try:
        return rulebook(document)
    except msgspec.ValidationError as wrong:
        return _type_finding(wrong, Lines(folder))


class Lines:
    """Where something stands in the files of a folder; nowhere without one."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def of_entry(self, file: str, code: str, occurrence: int = 1) -> int:
        """The line of the entry whose code or id is ``code``; 0 if there is none."""
        wanted = re.compile(rf'^\s*(?:code|id)\s*=\s*["\']{re.escape(code)}["\']')
        found = [number for number, line in self._numbered(file) if wanted.match(line)]
        return found[occurrence - 1] if len(found) >= occurrence else 0

    def of_key(self, file: str, table: str, number: int, key: str) -> int:
        """The line of a key in the ``number``-th (from 0) table of that name; "" is the file itself."""
        header = re.compile(rf"^\s*\[\[?\s*{re.escape(table)}\s*\]")
        wanted = re.compile(rf"^\s*\[*\s*{re.escape(key)}\s*[=\]]|[{{,]\s*{re.escape(key)}\s*=")
        start, seen = 0, -1
        for at, line in self._numbered(file):
            if table and header.match(line):
                seen += 1
                start = at if seen == number else start
            if (not table or seen == number) and wanted.search(line):
                return at
        return start

    def _numbered(self, file: str) -> Iterator[tuple[int, str]]:
        if self._folder is None:
            return
        try:
            lines = (self._folder / file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return
        yield from enumerate(lines, start=1)


def like(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as the end of a message."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _read(path: Path, findings: list[Finding]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        findings.append(Finding("file.missing", "the file is missing", path.name))
    except UnicodeDecodeError:
        findings.append(Finding("file.malformed", "the file is not UTF-8", path.name))
    except tomllib.TOMLDecodeError as wrong:
        at = re.search(r" \(at line (\d+), column \d+\)$", str(wrong))
        message = str(wrong)[: at.start()] if at else str(wrong)
        findings.append(Finding("file.malformed", message, path.name, int(at[1]) if at else 0))
    return {}


def _unknown_in_hub(lines: Lines, hub: Mapping[str, Any], *tables: str) -> Iterator[Finding]:
    yield from _unknown(lines, HUB, "", 0, hub, _HUB_TABLES)
    for table in tables:
        if isinstance(hub.get(table), dict):
            yield from _unknown(lines, HUB, table, 0, hub[table], _keys(_HUB_TABLES[table]))


def _unknown_in_entry(
    lines: Lines, file: _File, number: int, values: Mapping[str, Any]
) -> Iterator[Finding]:
    yield from _unknown(lines, file.name, file.key, number, values, _keys(file.entry))
    delivery = values.get("delivery")
    if file.entry is Agency and isinstance(delivery, dict):
        yield from _unknown(lines, file.name, file.key, number, delivery, _keys(Delivery))


def _unknown(
    lines: Lines,
    file: str,
    table: str,
    number: int,
    values: Mapping[str, Any],
    known: Iterable[str],
) -> Iterator[Finding]:
    for key in values:
        if key not in known:
            where = f"[{table}] has" if table else "there is"
            message = f"{where} no key {key!r}{like(key, known)}"
            yield Finding("key.unknown", message, file, lines.of_key(file, table, number, key))


def _keys(entry: type) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(entry)]


def _type_finding(wrong: msgspec.ValidationError, lines: Lines) -> Finding:
    """``$.rules[3].deadline_days`` as file and line."""
    message, _, path = str(wrong).partition(" - at ")
    where = re.match(r"\$\.(\w+)(?:\[(\d+)\])?(?:\.(\w+))?", path.strip("`"))
    if where is None:
        return Finding("config.type", message)
    target, number, key = where.groups()
    missing = re.search(r"required field `(\w+)`", message)
    if missing:
        key = missing[1]
    if target in _HUB_TABLES:
        line = lines.of_key(HUB, target, 0, key or "")
        return Finding("config.type", f"{key or target}: {message}", HUB, line)
    file = next(file for file in _FILES if file.target == target)
    line = lines.of_key(file.name, file.key, int(number), key or "") if number else 0
    return Finding("config.type", f"{key or file.key}: {message}", file.name, line)
