"""A hub that would trust or tell others than `[network]` says does not start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Bigear

CONFIG = Path(__file__).resolve().parents[2] / "config"
FAULTS = {
    "a value": ("rate_scale = 1.0", "rate_scale = 0"),
    "a type": ("trusted_proxies = []", 'trusted_proxies = "127.0.0.1/32"'),
    "a mistyped file": ("[network]\n", "[network\n"),
    "a mistyped table": ("[network]\n", "[netwrk]\n"),
    "no archive": ('tile_archive = ""', 'tile_archive = "none.mbtiles"'),
}


@pytest.mark.usefixtures("settled")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_network_is_refused_at_start(
    fault: str, bigear: Bigear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = shutil.copytree(CONFIG, tmp_path / "config") / "hub.toml"
    content = hub.read_text(encoding="utf-8")
    hub.write_text(content.replace(*FAULTS[fault]), encoding="utf-8")
    monkeypatch.setenv("BIGEAR_CONFIG", str(tmp_path / "config"))
    starts = [("up",), ("run", "api"), ("run", "gateway"), ("run", "connectors")]
    for words in starts[:2] if fault == "no archive" else starts:
        code, _, told = bigear(*words)
        assert code == 1 and "[config.invalid]" in told and "hub.toml:" in told, (words, told)
