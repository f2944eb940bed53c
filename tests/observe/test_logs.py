"""Logs are JSON a machine can read, and hold no secret and no person's words."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import asyncpg
import pytest

from hub.observe.logs import JsonFormatter

WORDS = "홍길동 010-1234-5678"


def logged(message: str, *args: object, logger: str = "hub.api", **more: Any) -> dict[str, Any]:
    """The line that an event becomes."""
    record = logging.getLogger(logger).makeRecord(
        logger, logging.ERROR, "x.py", 1, message, args, more.pop("exc_info", None), extra=more
    )
    line = JsonFormatter("api").format(record)
    assert "\n" not in line
    return dict(json.loads(line))


def failed(raiser: Any) -> str:
    """How an exception is told."""
    try:
        raiser()
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        return str(logged("failed", exc_info=sys.exc_info())["exception"])
    raise AssertionError("it did not fail")


def test_an_event_is_one_object() -> None:
    told = logged("request", method="GET", took_ms=1.5, logger="hub.api.access")
    assert told["at"].endswith("Z") and told["level"] == "error" and told["role"] == "api"
    assert (told["event"], told["method"], told["took_ms"]) == ("request", "GET", 1.5)


@pytest.mark.parametrize(
    "extra",
    [
        {"password": WORDS},
        {"csrf_token": WORDS},
        {"headers": {"Authorization": WORDS, "Cookie": WORDS}},
        {"accounts": [{"api_key": WORDS}]},
        {"url": f"postgresql://bigear:{WORDS.split()[1]}@127.0.0.1/bigear"},
        {"error": repr(ValueError(WORDS))},
    ],
)
def test_what_is_secret_is_struck_out(extra: dict[str, Any]) -> None:
    told = json.dumps(logged("event", **extra), ensure_ascii=False)
    assert "010-1234-5678" not in told


def _of_postgres() -> None:
    raise asyncpg.UniqueViolationError(
        f'duplicate key value violates unique constraint "x"\nDETAIL:  Key (text)=({WORDS}) exists.'
    )


def _of_asyncpg() -> None:
    raise ValueError(f"invalid input for query argument $1: '{WORDS}... (a number is expected)")


def _chained() -> None:
    try:
        _of_postgres()
    except asyncpg.PostgresError as error:
        raise RuntimeError("it went wrong") from error


def _grouped() -> None:
    raise ExceptionGroup("all of them", [ValueError(f"'{WORDS}'"), KeyError(WORDS)])


@pytest.mark.parametrize(
    ("raiser", "kinds"),
    [
        (_of_postgres, ["UniqueViolationError"]),
        (_of_asyncpg, ["ValueError"]),
        (_chained, ["UniqueViolationError", "RuntimeError: it went wrong"]),
        (_grouped, ["ExceptionGroup", "ValueError", "KeyError"]),
        (lambda: int(WORDS), ["ValueError: invalid literal"]),
        (lambda: dict[str, str]()[WORDS], ["KeyError"]),
    ],
)
def test_a_failure_is_told_with_its_place_and_without_its_values(
    raiser: Any, kinds: list[str]
) -> None:
    told = failed(raiser)
    assert "홍길동" not in told and "1234" not in told
    for kind in kinds:
        assert kind in told
    assert "test_logs.py" in told and "line " in told


def test_a_librarys_event_is_told_without_what_it_quotes() -> None:
    told = logged("Task exception: %r", ValueError(WORDS), logger="asyncio")
    assert told["event"] == "Task exception: ValueError(…)"


def test_what_utf8_cannot_hold_is_told_all_the_same() -> None:
    assert logged("event", client="\udcff")["client"] == "\udcff"
