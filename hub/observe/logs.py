"""Logs: one JSON object a line on standard error, secrets struck out."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from typing import Any

_SECRET_KEYS = re.compile(
    r"(secret|token|password|cookie|authorization|csrf|api_?key)", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@")
# What stands between quotation marks is a value that somebody sent, or began to be one.
_VALUE = re.compile(r"""'(?:\\.|[^'\\\n])*(?:'|$)|"(?:\\.|[^"\\\n])*(?:"|$)""")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def redact(value: Any, key: str = "") -> Any:
    """The value without what must not be in a log: values under telling keys, passwords in URLs."""
    if key and _SECRET_KEYS.search(key):
        return "[redacted]"
    if isinstance(value, dict):
        return {name: redact(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redact(inner) for inner in value]
    if isinstance(value, str):
        return _URL_PASSWORD.sub(r"\1[redacted]@", value)
    return value


def told_by(error: BaseException) -> str:
    """What an exception says, without the values of which it says it: PostgreSQL quotes what does not
    fit and adds the whole row below, and that may be a person's words."""
    return f"{type(error).__qualname__}: {_plain(str(error))}"


def _plain(said: object) -> str:
    return _VALUE.sub("…", str(said).partition("\n")[0])


def _trace(error: BaseException | None) -> str:
    """Where an exception came from and what it says, its causes first."""
    if error is None:
        return ""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    parts = [_trace(cause), *map(_trace, inner), "".join(traceback.format_tb(error.__traceback__))]
    return "\n".join(part.rstrip() for part in [*parts, told_by(error)] if part)


class JsonFormatter(logging.Formatter):
    """``at`` (UTC), ``level``, ``role``, ``logger``, ``event``, and what ``extra`` gave."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "event": redact(self._event(record)),
        }
        for name, value in record.__dict__.items():
            if name not in _STANDARD:
                told[name] = redact(_plain(value) if name == "error" else value, name)
        if record.exc_info:
            told["exception"] = redact(_trace(record.exc_info[1]))
        return json.dumps(told, ensure_ascii=False, default=str)

    @staticmethod
    def _event(record: logging.LogRecord) -> str:
        """The hub's own events are fixed words; a library's may quote what it was given."""
        said = record.getMessage()
        return said if record.name.startswith("hub.") else _plain(said)


def start_logging(role: str, level: int = logging.INFO) -> None:
    """Send everything to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(role))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
