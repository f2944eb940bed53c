"""`bigear check` on broken copies of the rule books: each fault with its file, line and remedy."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli import main

CONFIG = Path(__file__).resolve().parents[2] / "config"
Check = Callable[[], tuple[int, list[str]]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return shutil.copytree(CONFIG, tmp_path / "config")


@pytest.fixture
def check(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Check:
    monkeypatch.setenv("BIGEAR_HOME", str(tmp_path / "home"))

    def run() -> tuple[int, list[str]]:
        code = main(["check", str(config)])
        return code, capsys.readouterr().out.splitlines()

    return run


def test_the_default_city_is_sound(check: Check) -> None:
    code, out = check()
    assert code == 0
    assert out[0] == "50 agencies, 32 services, 38 rules, 44 accounts, 25 districts, 828 areas"
    assert any("areas are approximate" in line for line in out)
    assert out[-1].startswith("all good")


RULE = 'reason_ko = "까닭"\nreason_en = "Reason"\n'


@pytest.mark.parametrize(
    ("file", "old", "new", "finding"),
    [
        (
            "agencies.toml",
            (
                'code = "gangnam_gu"\nname_ko = "강남구청"\nname_en = "Gangnam-gu Office"\n'
                'kind = "district"\ndistrict = "11680"'
            ),
            (
                'code = "gangnam_gu"\nname_ko = "강남구청"\nname_en = "Gangnam-gu Office"\n'
                'kind = "district"'
            ),
            r"agencies\.toml: district 강남구 \(11680\) has no agency.*\[area\.no_owner\]",
        ),
        (
            "agencies.toml",
            'district = "11680"',
            'district = "11681"',
            r"agencies\.toml:\d+: agency gangnam_gu: no district '11681'; did you mean '11680'\?",
        ),
        (
            "agencies.toml",
            'district = "11680"',
            'district = "11710"',
            r"agencies\.toml:\d+: agency songpa_gu: district 11710 has an office already: gangnam_gu",
        ),
        (
            "agencies.toml",
            'code = "metro"\n',
            'code = "metro"\ndelivery = { channel = "email", address = "a@example.org" }\n',
            r"agencies\.toml:\d+: agency metro: delivery by e-mail is not built.*\[agency\.delivery\]",
        ),
        (
            "agencies.toml",
            'code = "metro"\n',
            'code = "metro"\ndelivery = { chanel = "queue" }\n',
            r"agencies\.toml:\d+: \[agency\] has no key 'chanel'; did you mean 'channel'\?",
        ),
        (
            "agencies.toml",
            'code = "metro"\n',
            'code = "bus_policy"\n',
            r"agencies\.toml:\d+: 'bus_policy' stands here a second time \[code\.double\]",
        ),
        (
            "services.toml",
            'code = "waste"\n',
            'code = "wast"\n',
            r"services\.toml:\d+: the classifier knows no service 'wast'; did you mean 'waste'\?",
        ),
        (
            "services.toml",
            'code = "waste"\n',
            'code = "noise"\n',
            r"services\.toml: service waste is not listed \[service\.missing\]",
        ),
        (
            "routing.toml",
            'services = ["bus"]',
            'services = ["taxi"]',
            r"routing\.toml: service bus: no rule takes complaint, bus, report.*service\.no_queue",
        ),
        (
            "routing.toml",
            'id = "bus"\nservices = ["bus"]\n',
            'id = "bus"\nservices = ["bus"]\nintents = ["report"]\n',
            r"service bus: no rule takes complaint, bus, request, high; add one.*\[service\.no_queue\]",
        ),
        (
            "routing.toml",
            'services = ["bus"]',
            'services = ["bus", "metro"]',
            r"routing\.toml:\d+: rule bus: services has no 'metro'.*\[rule\.word\]",
        ),
        (
            "routing.toml",
            'agency = "metro"',
            'agency = "mtro"',
            r"routing\.toml:\d+: rule subway: no agency 'mtro'; did you mean 'metro'",
        ),
        (
            "routing.toml",
            'agency = "metro"',
            'agency = "@distrct"',
            r"rule subway: no agency '@distrct'; did you mean '@district'\?",
        ),
        (
            "routing.toml",
            'agency = "metro"\ndeadline_days = 7',
            'agency = "metro"\ndeadline_days = 7\ndeadline_hours = 4',
            r"routing\.toml:\d+: rule subway: one deadline is needed.*\[rule\.deadline\]",
        ),
        (
            "routing.toml",
            'agency = "metro"\ndeadline_days = 7',
            'agency = "metro"',
            r"routing\.toml:\d+: rule subway: one deadline is needed.*\[rule\.deadline\]",
        ),
        (
            "routing.toml",
            'agency = "metro"\ndeadline_days = 7',
            'agency = "metro"\ndeadline_days = 0',
            r"routing\.toml:\d+: rule subway: a deadline is 1 to 366 working.*\[rule\.deadline\]",
        ),
        (
            "routing.toml",
            'agency = "metro"\ndeadline_days = 7',
            'agency = "metro"\ndeadline_days = 367',
            r"routing\.toml:\d+: rule subway: a deadline is 1 to 366 working.*\[rule\.deadline\]",
        ),
        (
            "routing.toml",
            'agency = "metro"\ndeadline_days = 7',
            'agency = "metro"\ndeadline_hours = 99_999_999',
            r"routing\.toml:\d+: rule subway: a deadline is 1 to 366 working.*\[rule\.deadline\]",
        ),
        (
            "routing.toml",
            'agency = "metro"\ndeadline_days = 7',
            'agency = "metro"\ndeadline_dayz = 7',
            r"routing\.toml:\d+: \[rule\] has no key 'deadline_dayz'; did you mean 'deadline_days'\?",
        ),
        (
            "routing.toml",
            'agency = "metro"\ndeadline_days = 7',
            'agency = "metro"\ndeadline_days = "seven"',
            r"routing\.toml:\d+: deadline_days: Expected `int \| null`, got `str` \[config\.type\]",
        ),
        (
            "routing.toml",
            'reason_en = "The metro: Seoul Metro."',
            'reason_en = " "',
            r"rule subway: a reason in Korean and in English is needed \[rule\.reason\]",
        ),
        (
            "routing.toml",
            'reason_en = "The metro: Seoul Metro."',
            "",
            r"routing\.toml:\d+: reason_en: Object missing required field `reason_en`",
        ),
        (
            "routing.toml",
            '[[rule]]\nid = "subway"',
            '[[rul]]\nid = "subway"',
            r"routing\.toml:\d+: there is no key 'rul'; did you mean 'rule'\? \[key\.unknown\]",
        ),
        (
            "routing.toml",
            '[[rule]]\nid = "subway"',
            (
                f'[[rule]]\nid = "late"\nservices = ["bus"]\nurgencies = ["emergency", "high"]\n'
                f'agency = "metro"\ndeadline_days = 1\n{RULE}[[rule]]\nid = "subway"'
            ),
            r"routing\.toml:\d+: rule late is never reached: bus, emergency\.any.*rule\.unreachable",
        ),
        (
            "routing.toml",
            '[[rule]]\nid = "subway"',
            '[[rule]\nid = "subway"',
            r"routing\.toml:\d+: .*\[file\.malformed\]",
        ),
        (
            "accounts.toml",
            'code = "fb_mayor"',
            'code = "fb_city"',
            r"accounts\.toml:\d+: 'fb_city' stands here a second time",
        ),
        (
            "accounts.toml",
            'owner = "metro"',
            'owner = "mtro"',
            r"accounts\.toml:\d+: account \w+: no agency 'mtro'; did you mean 'metro'\?",
        ),
        (
            "hub.toml",
            "accounts_expected = 44",
            "accounts_expected = 45",
            r"accounts\.toml: 45 accounts are expected.*44 are there",
        ),
        (
            "hub.toml",
            'time_zone = "Asia/Seoul"',
            'time_zone = "Asia/Soul"',
            r"hub\.toml:\d+: there is no time zone 'Asia/Soul' \[city\.value\]",
        ),
        (
            "hub.toml",
            'country = "KR"',
            'country = "KOREA"',
            r"hub\.toml:\d+: no holidays are known",
        ),
        (
            "hub.toml",
            "bounds = [126.734, 37.413, 127.269, 37.715]",
            "bounds = [37.413, 126.734, 37.715, 127.269]",
            r"hub\.toml:\d+: bounds are west, south, east, north",
        ),
        (
            "hub.toml",
            "public_url =",
            "public_ulr =",
            r"hub\.toml:\d+: \[network\] has no key 'public_ulr'; did you mean 'public_url'\?",
        ),
        (
            "hub.toml",
            "[network]",
            "[netwrk]",
            r"hub\.toml:\d+: there is no key 'netwrk'; did you mean 'network'\?",
        ),
        (
            "hub.toml",
            "rate_scale = 1.0",
            "rate_scale = 0",
            r"hub\.toml:\d+: rate_scale: lies between 0.001 and 1000000.*\[network\.value\]",
        ),
        (
            "hub.toml",
            "rate_scale = 1.0",
            "rate_scale = -2.5",
            r"hub\.toml:\d+: rate_scale: lies between",
        ),
        (
            "hub.toml",
            "rate_scale = 1.0",
            "rate_scale = nan",
            r"hub\.toml:\d+: rate_scale: lies between",
        ),
        (
            "hub.toml",
            "rate_scale = 1.0",
            'rate_scale = "ten"',
            r"hub\.toml:\d+: rate_scale: Expected `float`, got `str` \[config\.type\]",
        ),
        (
            "hub.toml",
            "trusted_proxies = []",
            'trusted_proxies = ["10.0.0.1/8"]',
            r"hub\.toml:\d+: trusted_proxies: 10\.0\.0\.1/8 has host bits set.*10\.1\.2\.0/24",
        ),
        (
            "hub.toml",
            "trusted_proxies = []",
            'trusted_proxies = "127.0.0.1/32"',
            r"hub\.toml:\d+: trusted_proxies: Expected `array`, got `str` \[config\.type\]",
        ),
        (
            "hub.toml",
            "allowed_private = []",
            'allowed_private = ["10.1.2.3/24"]',
            r"hub\.toml:\d+: allowed_private: 10\.1\.2\.3/24 has host bits set",
        ),
        (
            "hub.toml",
            'public_url = ""',
            'public_url = "hub.example.org"',
            r"hub\.toml:\d+: public_url: is the origin.*\[network\.value\]",
        ),
        (
            "hub.toml",
            'public_url = ""',
            'public_url = "https://hub.example.org/live"',
            r"hub\.toml:\d+: public_url: is the origin",
        ),
        (
            "hub.toml",
            'tile_archive = ""',
            'tile_archive = "none.mbtiles"',
            r"hub\.toml:\d+: tile_archive: there is no file none.mbtiles",
        ),
        (
            "hub.toml",
            "[network]\n",
            "[network\n",
            r"hub\.toml:\d+: .*\[file\.malformed\]",
        ),
    ],
)
def test_a_fault_is_found_where_it_stands(
    file: str, old: str, new: str, finding: str, config: Path, check: Check
) -> None:
    path = config / file
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))
    code, out = check()
    assert code == 1
    found = [line for line in out if re.search(finding, line)]
    assert len(found) == 1, out
    if at := re.match(rf"{re.escape(file)}:(\d+): ", found[0]):
        lines = path.read_text().splitlines()
        assert _changed(content, lines, int(at[1])), (found[0], lines[int(at[1]) - 1])


def _changed(before: str, lines: list[str], number: int) -> bool:
    """Whether the named line is what was changed, or the head of the entry that was."""
    line = lines[number - 1]
    return line not in before.splitlines() or line.startswith(("code =", "id =", "[["))


def test_a_missing_file_and_one_that_is_no_text_are_named(config: Path, check: Check) -> None:
    (config / "routing.toml").unlink()
    (config / "services.toml").write_bytes("이름".encode("cp949"))
    code, out = check()
    assert code == 1
    assert "routing.toml: the file is missing [file.missing]" in out
    assert "services.toml: the file is not UTF-8 [file.malformed]" in out


def test_a_rule_book_of_wrong_types_is_no_traceback(config: Path, check: Check) -> None:
    for content in ("agency = 5\n", "agency = [5]\n", "[agency]\ncode = 5\n"):
        (config / "agencies.toml").write_text(content)
        code, out = check()
        assert code == 1
        assert any(line.startswith("agencies.toml") for line in out), out
    (config / "agencies.toml").write_text((CONFIG / "agencies.toml").read_text())
    (config / "hub.toml").write_text("city = 5\n")
    assert check()[0] == 1
