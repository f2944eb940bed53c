"""The commands work on the same ground as the use cases, in a home of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli import main
from tests.flow.conftest import city, ground, model, open_case, staff, stamp_all, work_off

__all__ = [
    "Bigear",
    "bigear",
    "city",
    "ground",
    "model",
    "open_case",
    "staff",
    "stamp_all",
    "work_off",
]

Bigear = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bigear(
    city_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bigear:
    """Run a command: its exit code, standard output and standard error."""
    monkeypatch.setenv("BIGEAR_DATABASE_URL", city_url)
    monkeypatch.setenv("BIGEAR_REDIS_URL", redis_url)
    monkeypatch.setenv("BIGEAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*words: str | Path) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return run
