import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from hub.home import Home, HomeUnusable, open_to_all


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(lambda _: Home(tmp_path / "home").secret("key"), range(32)))
    assert len(seen) == 1
    assert len(seen.pop()) == 64
    assert stat.S_IMODE((home.secrets / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o700
    assert [path.name for path in home.secrets.iterdir()] == ["key"]
    assert home.secret("other") != home.secret("key")


def test_urls_survive_spaces_and_hangul(tmp_path: Path) -> None:
    home = Home(tmp_path / "큰 귀")
    database = urlsplit(home.database_url)
    assert parse_qs(database.query)["host"] == [str(home.sockets)]
    assert unquote(urlsplit(home.redis_url).path) == str(home.redis_socket)


def test_sockets_of_a_deep_home_are_short_enough_and_its_own(tmp_path: Path) -> None:
    deep, deeper = Home(tmp_path / ("깊" * 60)), Home(tmp_path / ("깊" * 61))
    for home in (deep, deeper):
        assert len(os.fsencode(home.sockets / ".s.PGSQL.5432.lock")) < 107
        assert len(os.fsencode(home.redis_socket)) < 107
    assert deep.sockets != deeper.sockets


def test_a_closed_folder_on_the_way_closes_the_home(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not open_to_all(closed / "home")


def test_ports_are_those_of_the_running_hub(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.ports() == {}
    home.running.write_text('{"http": 8313, "live": 8314, "pid": 1}')
    assert home.ports() == {"http": 8313, "live": 8314}
    home.running.write_text('{"http"')  # its writer was killed
    assert home.ports() == {}


def test_a_home_that_cannot_be_used_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    home = Home(tmp_path / "file" / "home")
    for use in (home.create, lambda: home.secret("key")):
        with pytest.raises(HomeUnusable) as refused:
            use()
        assert refused.value.details["home"] == str(home.root)
        assert "Not a directory" in str(refused.value.details["reason"])
    assert home.ports() == {}
