"""`bigear config`: numbered versions, each a fact; a bad one changes nothing; back and forth."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from hub.flow.city import CityNow
from hub.flow.configure import apply
from hub.flow.ground import Ground
from hub.model.errors import BadInput
from hub.rules.books import read_document
from tests.cli.conftest import Bigear, ask

pytestmark = pytest.mark.usefixtures("settled")

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return shutil.copytree(CONFIG, tmp_path / "config")


def rename_metro(config: Path, name: str) -> None:
    path = config / "agencies.toml"
    path.write_text(re.sub('name_en = "Seoul Metro"', f'name_en = "{name}"', path.read_text()))


def versions_and_facts(url: str) -> tuple[int, list[str]]:
    [(count,)] = ask(url, "SELECT count(*) FROM config_version")
    rows = ask(url, "SELECT subject_id FROM outbox WHERE type = 'config.applied' ORDER BY id")
    return count, [row[0] for row in rows]


def test_another_folder_becomes_a_version_and_an_older_one_comes_back(
    bigear: Bigear, config: Path, tmp_path: Path, city_url: str
) -> None:
    assert bigear("config", "diff") == (0, "this is what is in force already\n", "")
    first = json.loads(bigear("config", "export")[1])
    rename_metro(config, "The Metro")
    code, out, _ = bigear("config", "diff", config)
    assert code == 1
    assert '+   "name_en": "The Metro"' in out
    code, out, _ = bigear("config", "apply", config)
    assert code == 0
    applied = re.match(r"version (\d+) is in force; `bigear config rollback (\d+)` goes back", out)
    assert applied, out
    newer, older = int(applied[1]), int(applied[2])
    assert "nothing has changed" in bigear("config", "apply", config)[1]
    assert json.loads(bigear("config", "export", "--version", str(older))[1]) == first
    code, out, _ = bigear("config", "rollback", str(older))
    assert (code, out.split()[1]) == (0, str(newer + 1))
    assert json.loads(bigear("config", "export")[1]) == first
    listed = [line.split()[0] for line in bigear("config", "history")[1].splitlines()]
    assert listed == [str(newer + 1), str(newer), str(older)]
    count, facts = versions_and_facts(city_url)
    assert (count, facts[-2:]) == (3, [str(newer), str(newer + 1)])


def test_an_exported_file_can_be_changed_and_applied(bigear: Bigear, tmp_path: Path) -> None:
    document = json.loads(bigear("config", "export")[1])
    document["rules"][0]["deadline_hours"] = 2
    file = tmp_path / "city.json"
    file.write_text(json.dumps(document, ensure_ascii=False))
    assert bigear("config", "apply", file)[0] == 0
    assert json.loads(bigear("config", "export")[1]) == document


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "is no JSON"),
        ("[]", "no JSON object"),
        ("{}", "required field"),
        ('{"city": 5}', "config.type"),
    ],
)
def test_a_file_that_is_no_rule_book_changes_nothing(
    content: str, words: str, bigear: Bigear, tmp_path: Path, city_url: str
) -> None:
    file = tmp_path / "city.json"
    file.write_text(content)
    code, _, err = bigear("config", "apply", file)
    assert code == 1
    assert "[config.invalid]" in err
    assert words in err
    assert versions_and_facts(city_url)[0] == 1


def test_faults_are_told_all_at_once_with_their_lines_and_change_nothing(
    bigear: Bigear, config: Path, city_url: str, tmp_path: Path
) -> None:
    rules = config / "routing.toml"
    rules.write_text(rules.read_text().replace("deadline_days =", "deadline_dayz =", 2))
    code, _, err = bigear("config", "apply", config)
    assert code == 1
    assert len(re.findall(r"routing\.toml:\d+: .*did you mean 'deadline_days'", err)) == 2
    assert bigear("config", "apply", tmp_path / "none")[0] == 1
    code, _, err = bigear("config", "rollback", "99")
    assert code == 1
    assert "[config.no_version]" in err
    assert versions_and_facts(city_url)[0] == 1


async def test_a_version_without_an_office_for_a_district_is_refused(
    ground: Ground, city: CityNow
) -> None:
    document = read_document(CONFIG)[0]
    document["agencies"] = [a for a in document["agencies"] if a["code"] != "gangnam_gu"]
    with pytest.raises(BadInput, match=r"config\.invalid.*area\.no_owner"):
        await apply(ground, document, "test")
    await city.refresh()
    assert city.now.book.agency("gangnam_gu") is not None


async def test_a_role_follows_a_new_version_without_a_restart(
    ground: Ground, city: CityNow
) -> None:
    class Bell:
        async def wait(self, channel: str, timeout_s: float) -> bool:
            await asyncio.sleep(0.01)
            return True

    following = asyncio.create_task(city.follow(Bell()))
    try:
        before = city.now
        document = read_document(CONFIG)[0]
        document["rules"][0] |= {"agency": "disaster_safety"}
        version = await apply(ground, document, "test")
        async with asyncio.timeout(20):
            while city.now.version != version:
                await asyncio.sleep(0.02)
        assert city.now.book.rules[0].agency == "disaster_safety"
        assert before.book.rules[0].agency == "fire"
    finally:
        following.cancel()
