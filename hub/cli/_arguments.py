"""Kinds of arguments that several commands take."""

from __future__ import annotations

import argparse

MOST = 2**63 - 1
"""What a ``bigint`` of PostgreSQL holds."""


def number(text: str) -> int:
    """A count, or the id of a row: 1 or more. Raises ArgumentTypeError."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MOST:
        return int(text)
    raise argparse.ArgumentTypeError(f"a number from 1 to {MOST} is wanted, not {text!r}")


def words(text: str) -> str:
    """Text that can be stored or looked for: UTF-8. Raises ArgumentTypeError."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("the characters cannot be read; UTF-8 is wanted") from None
    return text
