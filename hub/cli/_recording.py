"""A file of recorded messages, plain or gzip, line by line: what each line holds, or what is wrong."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.model.errors import BadInput
from hub.model.items import Inbound, Point

FIELDS = ("id", "text", "lat", "lon", "at", "place")
MAX_ID_CHARS = 200
LAST_YEAR = 9998
"""Of a date: PostgreSQL and Python disagree beyond it once a time zone is added."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file, how its fields are named, and what its items become. ``names``: our field → theirs."""

    path: Path
    names: Mapping[str, str]
    kind: str

    def entries(self) -> Iterator[tuple[int, Inbound | BadInput]]:
        """Line number (from 1) and item, or why there is none. Raises BadInput ``replay.file`` when
        the file ends in the middle of its gzip stream."""
        source = self._digest()
        for number, line in enumerate(self._lines(), start=1):
            if line.strip():
                try:
                    yield number, self._inbound(line, source)
                except BadInput as refused:
                    yield number, refused

    def _digest(self) -> str:
        """Twelve hexadecimal digits of the file's SHA-256: with an id, the key of an item."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]

    def _lines(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        opener = gzip.open if packed else open
        with opener(self.path, "rb") as lines:
            try:
                yield from lines
            except (EOFError, gzip.BadGzipFile):
                raise BadInput("replay.file", file=str(self.path)) from None

    def _inbound(self, line: bytes, source: str) -> Inbound:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise BadInput("line.not_json") from None
        if not isinstance(row, dict):
            raise BadInput("line.not_json")

        def take(name: str) -> Any:
            return row.get(self.names.get(name, name))

        return Inbound(
            kind=self.kind,
            platform="replay",
            external_id=f"{source}:{_id(take('id'))}",
            text=_words(take("text"), "line.no_text"),
            created_at=_moment(take("at")),
            point=_point(take("lat"), take("lon")),
            place=_words(take("place"), "line.place") if take("place") else "",
        )


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadInput("line.no_id")
    identity = _words(str(value), "line.no_id")
    if len(identity) > MAX_ID_CHARS:
        raise BadInput("line.no_id")
    return identity


def _words(value: Any, code: str) -> str:
    """A text that PostgreSQL can keep: no NUL, no lone surrogate."""
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise BadInput(code)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadInput("line.encoding") from None
    return value


def _point(lat: Any, lon: Any) -> Point | None:
    if lat is None and lon is None:
        return None
    try:
        point = Point(float(lat), float(lon))
    except (TypeError, ValueError, OverflowError):
        raise BadInput("line.point") from None
    if not (math.isfinite(point.lat) and abs(point.lat) <= 90 and abs(point.lon) <= 180):
        raise BadInput("line.point")
    return point


def _moment(value: Any) -> datetime:
    if value is None or value == "":
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadInput("line.at") from None
    if not 1 < at.year <= LAST_YEAR:
        raise BadInput("line.at")
    return at if at.tzinfo else at.replace(tzinfo=UTC)
