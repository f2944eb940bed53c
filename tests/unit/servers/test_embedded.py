from pathlib import Path

import pytest

from hub.home import Home
from hub.servers import debian, prepare
from hub.servers.owner import ServerSetup, owned_folder


def test_an_unknown_system_is_told_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "supported", lambda: False)
    with pytest.raises(ServerSetup) as refused:
        prepare(Home(tmp_path), ["postgres"], print)
    assert "BIGEAR_DATABASE_URL=postgresql://" in str(refused.value.details["reason"])
    assert "PostGIS" in str(refused.value.details["reason"])


def test_with_servers_of_ones_own_nothing_is_made(tmp_path: Path) -> None:
    prepare(Home(tmp_path / "home"), [], print)
    assert not (tmp_path / "home").exists()


def test_a_link_where_the_sockets_belong_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sockets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServerSetup):
        owned_folder(tmp_path / "sockets", None)
