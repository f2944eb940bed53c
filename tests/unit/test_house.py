"""Rules of the house that import contracts cannot see."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
SQL = re.compile(
    r"\s*(SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET|DELETE FROM\s|WITH \w+ AS|TRUNCATE\s|"
    r"(CREATE|ALTER|DROP) (TABLE|INDEX|DATABASE|EXTENSION)|LISTEN\s|NOTIFY\s)"
)
ALLOWED = {
    "hub/store": "the cellar",
    "hub/servers": "makes the empty database before there is a server to ask",
}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_sql_lives_in_the_cellar() -> None:
    found = [
        f"{path.relative_to(CLONE)}:{line}"
        for package in ("hub", "connectors", "classifiers")
        for path in sorted((CLONE / package).rglob("*.py"))
        if not any(path.is_relative_to(CLONE / room) for room in ALLOWED)
        for line, text in strings(path)
        if SQL.match(text)
    ]
    assert found == []


def test_the_rule_sees_what_it_forbids() -> None:
    seen = [text for _, text in strings(CLONE / "hub" / "store" / "cases.py") if SQL.match(text)]
    assert len(seen) > 3
    assert not SQL.match("Select a case, then update it.")


@pytest.mark.parametrize(
    "modules",
    ["hub.cli.up, hub.flow.people", "hub.cli.run, hub.gateway.server"],
)
def test_a_start_loads_nothing_slow(modules: str) -> None:
    """Each of these takes a tenth of a second and more, in every process that loads it."""
    slow = ("aiohttp", "alembic", "holidays", "numpy", "sklearn", "sqlalchemy", "transformers")
    code = f"import sys, {modules}; print(*(m for m in {slow} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CLONE, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
