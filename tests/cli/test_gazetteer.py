"""`bigear gazetteer import`, and what `bigear locate` makes of it without a hub."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Bigear

pytestmark = pytest.mark.usefixtures("settled")

Ask = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def ask(bigear: Bigear, monkeypatch: pytest.MonkeyPatch) -> Ask:
    def locate(*rows: object, names: str = "ko") -> tuple[int, list[dict[str, Any]], str]:
        lines = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines)))
        code, out, err = bigear("locate", "--names", names)
        return code, [json.loads(line) for line in out.splitlines()], err

    return locate


def test_texts_and_points_are_located_without_a_hub(ask: Ask) -> None:
    code, answers, _ = ask(
        {"id": 1, "text": "역삼동 가로등"},
        {"id": "b", "lat": 37.4979, "lon": 127.0276},
        {"id": 3, "text": "신사동"},
        {"id": 4, "lat": 35.1, "lon": 129.0, "text": ""},
        {"id": 5, "lat": 35.1, "lon": 129.0, "text": "마포구에서"},
        {"id": 6, "text": None},
    )
    assert code == 0
    assert answers[0]["area"]["name"] == "역삼동"
    assert answers[0]["area"]["district"] == "강남구"
    assert answers[1]["how"] == "point"
    assert answers[2]["area"] is None
    assert {c["district"] for c in answers[2]["candidates"]} == {"강남구", "은평구", "관악구"}
    assert [a["how"] for a in answers[2:]] == ["ambiguous", "outside", "text.district", "none"]
    assert [a["id"] for a in answers] == [1, "b", 3, 4, 5, 6]


def test_bad_lines_are_told_and_passed_over(ask: Ask) -> None:
    code, answers, err = ask(
        {"id": 1, "text": 5},
        {"id": 2, "lat": 37.5},
        {"id": 3, "lat": True, "lon": 127},
        {"id": 4, "lat": "37.5", "lon": "127"},
        {"text": "강남구"},
        {"id": 6, "text": "Gangnam-gu"},
        names="en",
    )
    assert code == 1
    assert [(a["id"], a["area"]["name"]) for a in answers] == [(6, "Gangnam-gu")]
    told = [json.loads(line) for line in err.splitlines()]
    assert [t["error"] for t in told] == ["line.invalid"] * 4 + ["line.no_id"]


def test_stations_are_imported_once_each_and_found(
    bigear: Bigear, ask: Ask, tmp_path: Path
) -> None:
    file = tmp_path / "stations.csv"
    file.write_text(
        "\ufeff역명,위도,경도\n"
        "삼성(무역센터),37.508844,127.06316\n"
        "교대(법원.검찰청),37.493415,127.01408\n"
        "교대,37.4935,127.0142\n"
        "서울역,37.556228,126.972135\n"
        "신촌,37.555131,126.936926\n"
        "신촌,37.7,126.9\n",
        encoding="utf-8",
    )
    code, out, err = bigear("gazetteer", "import", file, "--kind", "station", "--suffix", "역")
    assert (code, out) == (0, "5 places imported\n"), err
    _, answers, _ = ask(
        {"id": 1, "text": "삼성역에서 넘어졌어요"},
        {"id": 2, "text": "교대역 앞"},
        {"id": 3, "text": "서울역"},
    )
    assert [a["how"] for a in answers] == ["text.place"] * 3
    assert [a["area"]["district"] for a in answers] == ["강남구", "서초구", "중구"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("이름,위치\n가,나\n", "gazetteer.columns"),
        ("", "gazetteer.columns"),
        ("name,lat,lon\n공원,37.5,127\n숲,북쪽,127\n", "gazetteer.line"),
        ("name,lat,lon\n공원,nan,127\n", "gazetteer.line"),
        ("name,lat,lon\n공원,137.5,127\n", "gazetteer.line"),
        ("name,lat,lon\n공원\n", "gazetteer.line"),
        ('name,lat,lon\n"공원,37.5,127\n', "gazetteer.line"),
    ],
)
def test_a_wrong_file_changes_nothing(
    content: str, code: str, bigear: Bigear, tmp_path: Path
) -> None:
    file = tmp_path / "places.csv"
    file.write_text(content, encoding="utf-8")
    assert bigear("gazetteer", "import", file)[0] == 1
    file.write_bytes(content.encode("utf-16"))
    exit_code, _, err = bigear("gazetteer", "import", file)
    assert exit_code == 1
    assert "input.encoding" in err
    file.write_text(content, encoding="utf-8")
    exit_code, _, err = bigear("gazetteer", "import", file)
    assert exit_code == 1
    assert f"[{code}]" in err
    assert not list((tmp_path / "home").rglob("places.csv"))
