"""What PostgreSQL says when it refuses or goes away, as a refusal that says what to do.

What no operator can mend (a statement that is wrong) stays a traceback, for whoever can.
"""

from __future__ import annotations

import asyncpg

from hub.cli._terminal import DiskFull
from hub.model.errors import BadInput, BigEarError, Unavailable

_CODES: tuple[tuple[str, tuple[type[Exception], ...]], ...] = (
    ("database.url", (asyncpg.ClientConfigurationError,)),
    ("database.denied", (asyncpg.InvalidAuthorizationSpecificationError,)),
    ("database.unknown", (asyncpg.InvalidCatalogNameError,)),
    (
        "database.setup",  # the last two: PostGIS is not installed beside that server
        (
            asyncpg.InsufficientPrivilegeError,
            asyncpg.FeatureNotSupportedError,
            asyncpg.UndefinedFileError,
        ),
    ),
    ("database.tables", (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError)),
    (
        "database.away",
        (
            asyncpg.PostgresConnectionError,
            asyncpg.CannotConnectNowError,
            asyncpg.TooManyConnectionsError,
            asyncpg.AdminShutdownError,
            asyncpg.CrashShutdownError,
        ),
    ),
)


def refusal(problem: BaseException) -> BigEarError | None:
    """``problem`` as a refusal, also where SQLAlchemy wrapped what PostgreSQL said; None if it is
    something else."""
    said: BaseException | None = problem
    while said is not None:
        if isinstance(said, asyncpg.DiskFullError):
            return DiskFull()
        if isinstance(said, UnicodeEncodeError) and isinstance(problem, asyncpg.DataError):
            return BadInput("input.encoding")  # a byte of the command line that is no UTF-8
        for code, kinds in _CODES:
            if isinstance(said, kinds):
                return Unavailable(code, reason=str(said))
        said = said.__cause__
    return None
