"""Talking to the person at the terminal (or to a log where there is none)."""

from __future__ import annotations

import errno
import os
import sys

from hub.model.errors import BigEarError
from hub.model.texts import error_text


class DiskFull(BigEarError):
    """Nothing more can be written: no space is left, or the user's quota is used up."""

    code = "home.full"


class TooSlow(BigEarError):
    """PostgreSQL (or Valkey) did not answer in the time that it was given."""

    code = "servers.slow"


def say(text: str) -> None:
    """One line of progress on stderr, at once."""
    print(text, file=sys.stderr, flush=True)


def language() -> str:
    """``ko`` where the locale is Korean, else ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ko" if value.startswith("ko") else "en"
    return "en"


def tell(command: str, problem: BigEarError | OSError) -> None:
    """Why ``command`` could not be done: its words, its stable code, and every detail."""
    if isinstance(problem, OSError):
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            problem = DiskFull()
        elif isinstance(problem, TimeoutError) and problem.errno is None:  # it says nothing itself
            problem = TooSlow()
        else:
            say(f"bigear {command}: {problem}")
            return
    words = error_text(language(), problem.code, **problem.details)
    say(f"bigear {command}: {words} [{problem.code}]")
    for name, value in problem.details.items():
        say(f"  {name}: " + str(value).replace("\n", "\n    "))
