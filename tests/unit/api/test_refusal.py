"""What each failure is answered with, those included that no test can bring about at will."""

from __future__ import annotations

import errno

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from asyncpg.exceptions import _base

from hub.api.refusal import errors
from hub.model.errors import BadInput, Conflict, TooMany


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (BadInput("text.empty", field="text"), 400, "text.empty"),
        (Conflict("case.version", version=3), 409, "case.version"),
        (TooMany(retry_after_s=7), 429, "rate.limited"),
        (web.HTTPNotFound(), 404, "not_found"),
        (OSError(errno.ENOSPC, "No space left on device"), 507, "disk.full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 507, "disk.full"),
        (OSError(errno.EIO, "Input/output error"), 503, "unavailable"),
        (ConnectionRefusedError(), 503, "unavailable"),
        (TimeoutError(), 503, "unavailable"),
        (asyncpg.DiskFullError("could not extend file"), 507, "disk.full"),
        (asyncpg.OutOfMemoryError(""), 503, "unavailable"),
        (asyncpg.TooManyConnectionsError(""), 503, "unavailable"),
        (asyncpg.AdminShutdownError(""), 503, "unavailable"),
        (asyncpg.CannotConnectNowError(""), 503, "unavailable"),
        (asyncpg.ConnectionDoesNotExistError(""), 503, "unavailable"),
        (asyncpg.ReadOnlySQLTransactionError(""), 503, "unavailable"),
        (asyncpg.DeadlockDetectedError(""), 503, "unavailable"),
        (asyncpg.SerializationError(""), 503, "unavailable"),
        (asyncpg.InterfaceError("connection is closed"), 503, "unavailable"),
        (_base.DataError("invalid input for query argument $1"), 500, "internal"),
        (asyncpg.UndefinedColumnError(""), 500, "internal"),
        (ValueError("not foreseen"), 500, "internal"),
    ],
)
async def test_a_failure_is_an_answer_with_a_stable_code(
    failure: Exception, status: int, code: str
) -> None:
    async def fail(_: web.Request) -> web.Response:
        raise failure

    app = web.Application(middlewares=[errors])
    app.router.add_get("/", fail)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/")
        told = (await answer.json())["error"]
    assert (answer.status, told["code"]) == (status, code)
    assert told["message_ko"] != code and told["message_en"] != code
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert "foreseen" not in str(told) and "query argument" not in str(told)
