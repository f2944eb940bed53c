"""What a request says: its query and its body, checked before a handler sees them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from aiohttp import web
from msgspec import Struct

from hub.model.errors import BadInput, TooLarge

MAX_JSON_BYTES = 256 * 1024
MAX_QUERY_NAMES = 64
"""No route takes a third of that; an address line has room for some thousands."""


def query_of(kind: type[Struct] | None, request: web.Request) -> Any:
    """The query as ``kind`` says; without a kind there may be none. Raises BadInput."""
    try:
        unquote_to_bytes(request.rel_url.raw_query_string).decode()
    except UnicodeDecodeError:
        raise BadInput("input.encoding") from None
    names = Counter(name for name, _ in request.query.items())  # its keys() name a double once
    if names.total() > MAX_QUERY_NAMES:
        raise BadInput
    repeated = [name for name, times in names.items() if times > 1]
    if repeated:
        raise BadInput("input.repeated", field=min(repeated))
    _check_strings(dict(request.query))
    if kind is None:
        if names:
            raise BadInput("input.unknown_field", field=next(iter(names))[:64])
        return None
    return _convert(kind, dict(request.query), strict=False)


async def body_of(kind: type[Struct], request: web.Request) -> Any:
    """The JSON body as ``kind`` says. Raises BadInput, TooLarge."""
    if request.content_type != "application/json":
        raise BadInput("input.media_type", status_code=415)
    raw = await read_bounded(request, MAX_JSON_BYTES)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("input.encoding") from None
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise BadInput("input.json") from None
    _check_strings(document)
    return _convert(kind, document, strict=True)


async def read_bounded(request: web.Request, limit: int) -> bytes:
    """The body, unpacked, if it is no longer than ``limit`` bytes. Raises TooLarge without reading
    on, BadInput."""
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge(limit=limit)
    chunks = bytearray()
    try:
        async for chunk in request.content.iter_chunked(64 * 1024):
            chunks += chunk
            if len(chunks) > limit:
                raise TooLarge(limit=limit)
    except web.RequestPayloadError:  # chunks or a compression that are none
        raise BadInput("input.encoding") from None
    return bytes(chunks)


def _check_strings(value: Any, depth: int = 0) -> None:
    """Refuse NUL, which PostgreSQL cannot keep, and lone surrogates, which UTF-8 cannot."""
    if depth > 32:
        raise BadInput("input.json")
    if isinstance(value, str):
        if "\x00" in value:
            raise BadInput("input.encoding")
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise BadInput("input.encoding")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_strings(name)
            _check_strings(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_strings(inner, depth + 1)


def _convert(kind: type[Struct], document: Any, *, strict: bool) -> Any:
    try:
        return msgspec.convert(document, kind, strict=strict)
    except (msgspec.ValidationError, OverflowError) as wrong:
        raise _invalid(str(wrong)) from None


_UNKNOWN = re.compile(r"unknown field `(.+?)`")
_MISSING = re.compile(r"missing required field `(.+?)`")
_PATH = re.compile(r"at `\$\.?(.*)`$")


def _invalid(message: str) -> BadInput:
    """msgspec's words as a stable code and the field they are about."""
    path = _PATH.search(message)
    at = path[1] if path else ""
    for code, pattern in (("input.unknown_field", _UNKNOWN), ("input.missing", _MISSING)):
        if found := pattern.search(message):
            return BadInput(code, field=".".join(filter(None, [at, found[1]]))[:64])
    return BadInput("input.invalid", field=at[:64])
