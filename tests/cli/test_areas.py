"""`bigear areas import` and `bigear gazetteer import`: what they change and what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Bigear

pytestmark = pytest.mark.usefixtures("settled")


def square(lon: float, lat: float) -> list[list[list[float]]]:
    return [
        [[lon, lat], [lon + 0.02, lat], [lon + 0.02, lat + 0.02], [lon, lat + 0.02], [lon, lat]]
    ]


def collection(path: Path, *features: tuple[dict[str, object], list[list[list[float]]]]) -> Path:
    content = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "Polygon", "coordinates": coordinates},
        }
        for properties, coordinates in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": content}))
    return path


def test_polygons_are_imported_and_what_is_left_is_named(bigear: Bigear, tmp_path: Path) -> None:
    file = collection(
        tmp_path / "gu.geojson",
        ({"name": "종로구"}, square(126.97, 37.565)),
        ({"name": "바다구"}, square(126.97, 37.565)),
    )
    code, out, err = bigear("areas", "import", file)
    assert code == 0, err
    assert out.startswith("1 areas have polygons now\n")
    assert "강남구" in out
    assert "종로구" not in out
    assert "바다구" in err
    code, out, err = bigear("areas", "import", tmp_path / "no.geojson")
    assert code == 1
    assert "no.geojson" in err


def test_a_wrong_file_is_told_with_its_code_and_changes_nothing(
    bigear: Bigear, tmp_path: Path
) -> None:
    far = collection(tmp_path / "far.geojson", ({"name": "중구"}, square(129.03, 35.1)))
    code, _, err = bigear("areas", "import", far)
    assert code == 1
    assert "[area.far]" in err
    assert "name: 중구" in err
    (tmp_path / "text.geojson").write_text("no geojson")
    code, _, err = bigear("areas", "import", tmp_path / "text.geojson")
    assert code == 1
    assert "[area.file]" in err
    bow = [[[126.9, 37.5], [127.0, 37.6], [127.0, 37.5], [126.9, 37.6], [126.9, 37.5]]]
    file = collection(tmp_path / "bow.geojson", ({"name": "종로구"}, bow))
    code, _, err = bigear("areas", "import", file)
    assert code == 1
    assert "Self-intersection" in err
    assert not list((tmp_path / "home").rglob("shapes.json"))
