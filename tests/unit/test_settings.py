from pathlib import Path

import pytest

from hub.settings import BadSetting, read_settings


def test_the_defaults_are_the_embedded_servers_of_the_home(tmp_path: Path) -> None:
    settings = read_settings({"BIGEAR_HOME": str(tmp_path)})
    assert settings.embedded_database
    assert settings.embedded_redis
    assert settings.database_url == settings.home.database_url
    assert (settings.listen, settings.http_port, settings.live_port) == ("127.0.0.1", 8311, 8312)
    assert settings.data is None
    assert (settings.config / "texts" / "ko.toml").is_file()


def test_the_environment_rules(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "BIGEAR_HOME": str(tmp_path),
            "BIGEAR_DATABASE_URL": "postgresql://a@b/c",
            "BIGEAR_REDIS_URL": "redis://d",
            "BIGEAR_LISTEN": "127.0.0.9",
            "BIGEAR_HTTP_PORT": "9001",
            "BIGEAR_CONFIG": str(tmp_path / "config"),
            "BIGEAR_DATA": str(tmp_path / "data"),
        }
    )
    assert not settings.embedded_database
    assert not settings.embedded_redis
    assert settings.database_url == "postgresql://a@b/c"
    assert settings.redis_url == "redis://d"
    assert (settings.listen, settings.http_port) == ("127.0.0.9", 9001)
    assert settings.config == tmp_path / "config"
    assert settings.data == tmp_path / "data"
    assert not (tmp_path / "secrets").exists()  # nothing of the embedded server was made


def test_the_ports_of_a_running_hub_are_found_in_its_home(tmp_path: Path) -> None:
    (tmp_path / "running.json").write_text('{"http": 8400, "live": 8401}')
    settings = read_settings({"BIGEAR_HOME": str(tmp_path)})
    assert (settings.http_port, settings.live_port) == (8400, 8401)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "８０", "http", "1.5"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(BadSetting) as refused:
        read_settings({"BIGEAR_HOME": str(tmp_path), "BIGEAR_LIVE_PORT": port})
    assert refused.value.details == {"name": "BIGEAR_LIVE_PORT", "value": port}
