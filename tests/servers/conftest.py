"""Homes whose embedded servers the tests may kill."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.home import Home


@pytest.fixture
def running_home(servers: dict[str, str]) -> str:
    if "home" not in servers:
        pytest.skip("the servers were given, so their home is not known here")
    return servers["home"]


@pytest.fixture
def second_home(running_home: str, tmp_path: Path) -> Iterator[Home]:
    """Another home with the same software."""
    home = Home(tmp_path / "둘째 집")
    home.servers.mkdir(parents=True)
    software = Home(Path(running_home)).servers / "postgresql-15"
    (home.servers / software.name).symlink_to(software)
    yield home
    shutil.rmtree(home.servers)
    shutil.rmtree(home.sockets, ignore_errors=True)
