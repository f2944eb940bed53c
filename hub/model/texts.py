"""The words that people read, from one catalogue per language: ``config/texts/<language>.toml``.

The dashboard is built from the same files. A key is ``<section>.<key>``, for example
``error.place.outside_city`` or ``state.queued``; ``{name}`` in a text is a place to be filled.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("ko", "en")

_PLACE = re.compile(r"\{(\w+)\}")
_HUB = Path(__file__).resolve().parents[1]


class UnknownText(KeyError):
    """A key that no catalogue has: a fault of the code, found by the tests."""


def folder() -> Path:
    """Where the catalogues lie: inside an installed package, else beside the sources."""
    installed = _HUB / "bundled" / "config" / "texts"
    return installed if installed.is_dir() else _HUB.parent / "config" / "texts"


def _flat(table: Mapping[str, object], before: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            texts.update(_flat(value, f"{before}{key}."))
        else:
            texts[f"{before}{key}"] = str(value)
    return texts


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its dotted key. Raises FileNotFoundError for another language."""
    return _flat(tomllib.loads((folder() / f"{language}.toml").read_text(encoding="utf-8")))


def fill(template: str, values: Mapping[str, object]) -> str:
    """The text with its places filled; a place without a value stays as it is written."""
    return _PLACE.sub(
        lambda place: str(values[place[1]]) if place[1] in values else place[0], template
    )


def text(language: str, key: str, **values: str | float | None) -> str:
    """The text of a key in a language (Korean for a language that has no catalogue).

    Raises UnknownText for a key that the catalogue lacks.
    """
    texts = catalogue(language if language in LANGUAGES else LANGUAGES[0])
    if key not in texts:
        raise UnknownText(key)
    return fill(texts[key], values)


def error_text(language: str, code: str, **values: str | float | None) -> str:
    """The words for an error code; a code without words gets those of ``internal``.

    ``tests/unit/test_texts.py`` sees to it that every code of the hub has words.
    """
    texts = catalogue(language if language in LANGUAGES else LANGUAGES[0])
    key = f"error.{code}" if f"error.{code}" in texts else "error.internal"
    return fill(texts[key], values)
