"""Every failure as an answer with a stable code; what nobody foresaw is logged, not shown."""

from __future__ import annotations

import errno
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncpg
import msgspec
from aiohttp import web
from msgspec import Struct

from hub.model.errors import BigEarError, Unavailable
from hub.model.texts import text

logger = logging.getLogger(__name__)


class ErrorBody(Struct, frozen=True, omit_defaults=True):
    """What every refusal looks like."""

    code: str
    message_ko: str
    message_en: str
    field: str | None = None
    limit: int | None = None
    retry_after_s: int | None = None
    detail: str | None = None


class ErrorAnswer(Struct, frozen=True):
    """``{"error": {…}}``."""

    error: ErrorBody


def refusal(error: BigEarError) -> web.Response:
    """The answer to a refused request."""
    status = int(error.details.get("status_code") or error.status)
    body = ErrorBody(
        error.code,
        words("ko", error.code),
        words("en", error.code),
        **{
            name: cast(Any, error.details[name])
            for name in ("field", "limit", "retry_after_s", "detail")
            if error.details.get(name) is not None
        },
    )
    headers = {}
    if body.retry_after_s is not None:
        headers["Retry-After"] = str(body.retry_after_s)
    return web.Response(
        body=msgspec.json.encode(ErrorAnswer(body)),
        status=status,
        content_type="application/json",
        headers=headers,
    )


def words(language: str, code: str) -> str:
    """What a person may be told about a code; the code itself where nobody wrote it down."""
    try:
        return text(language, f"error.{code}")
    except KeyError:
        return code


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every failure as an answer with a stable code; what nobody foresaw is logged, not shown."""
    try:
        return await handler(request)
    except BigEarError as refused:
        return refusal(refused)
    except web.HTTPException as http:
        return _of_http(http)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as failed:
        return _of_database(failed)
    except OSError as failed:
        logger.exception("a part the request needs is away")
        return refusal(lacking(failed))
    except Exception:
        logger.exception("a request failed")
        return refusal(BigEarError())


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HTTP_CODES = {404: "not_found", 405: "input.method", 413: "input.too_large"}
_DATABASE_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it is starting, stopping, or was told to
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,  # the connection was closed under the statement
)


def lacking(failed: Exception) -> Unavailable:
    """What a request is told when a part that it needs failed: 507 without room on a disk, else 503."""
    full = isinstance(failed, asyncpg.DiskFullError) or (
        isinstance(failed, OSError) and failed.errno in _NO_ROOM
    )
    return Unavailable("disk.full", status_code=507) if full else Unavailable()


def _of_http(http: web.HTTPException) -> web.Response:
    """What aiohttp itself refuses: no such path, or not by this method."""
    code = _HTTP_CODES.get(http.status, "input.invalid")
    answer = refusal(BigEarError(code, status_code=http.status))
    if "Allow" in http.headers:
        answer.headers["Allow"] = http.headers["Allow"]
    return answer


def _of_database(failed: asyncpg.PostgresError | asyncpg.InterfaceError) -> web.Response:
    if isinstance(failed, asyncpg.DiskFullError):
        logger.error("the database's disk is full")
        return refusal(lacking(failed))
    if isinstance(failed, asyncpg.TransactionRollbackError):  # two waited for each other
        logger.warning("the database gave up a transaction", extra={"error": repr(failed)})
        return refusal(Unavailable())  # nothing was done: a webhook's sender must try again
    # A value that asyncpg cannot send is an InterfaceError too, and the program's fault.
    if isinstance(failed, _DATABASE_AWAY) and not isinstance(failed, ValueError):
        logger.exception("the database is away")
        return refusal(lacking(failed))
    logger.exception("the database refused a statement")
    return refusal(BigEarError())
