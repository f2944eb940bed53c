"""Talking to the person at the terminal (or to a log where there is none)."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """One line of progress on stderr, at once; what cannot be written there is escaped."""
    encoding = sys.stderr.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)
