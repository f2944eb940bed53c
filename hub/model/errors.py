"""Every refusal the hub can give: a stable code, an HTTP status, and what the person may be told.

The words for a code live in ``config/texts/<language>.toml`` under ``error.<code>``; ``details`` are
the values those words may name.
"""

from __future__ import annotations


class BigEarError(Exception):
    """Root of all refusals. ``code`` never changes once released."""

    code = "internal"
    status = 500

    def __init__(self, code: str | None = None, /, **details: str | int | float | None) -> None:
        if code is not None:
            self.code = code
        self.details = details
        super().__init__(f"{self.code} {details}" if details else self.code)


class BadInput(BigEarError):
    """What was sent cannot be read or breaks a rule; nothing was changed."""

    code = "input.invalid"
    status = 400


class TooLarge(BigEarError):
    """A body, photo, text or feed beyond its limit."""

    code = "input.too_large"
    status = 413


class NotSignedIn(BigEarError):
    """Nobody is signed in, or the session has ended."""

    code = "session.required"
    status = 401


class Forbidden(BigEarError):
    """The signed-in person's role does not allow this."""

    code = "permission.denied"
    status = 403


class NotFound(BigEarError):
    """No such thing, or not for these eyes (the two are never told apart)."""

    code = "not_found"
    status = 404


class Conflict(BigEarError):
    """The thing has moved on since it was read, or an idempotency key was used for another body."""

    code = "conflict"
    status = 409


class TooMany(BigEarError):
    """A rate limit. ``details['retry_after_s']`` says when to come back, in seconds."""

    code = "rate.limited"
    status = 429


class Unavailable(BigEarError):
    """A part the request cannot do without is away (PostgreSQL, disk full); try again later."""

    code = "unavailable"
    status = 503
