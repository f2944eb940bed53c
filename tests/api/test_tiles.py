"""The map's ground: a local archive, tiles elsewhere, or none; and what the pages may load."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from hub.store.tiles import NoTileArchive, open_archive
from tests.api.conftest import Door, Opener


def archive(path: Path, kind: str = "png") -> Path:
    """An archive with one red tile at 1/1/0 (the north-east quarter of the world)."""
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "red").save(picture, "PNG")
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE metadata (name text, value text)")
        file.execute(
            "CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data)"
        )
        facts = [("format", kind), ("attribution", "© Mapmakers")]
        file.executemany("INSERT INTO metadata VALUES (?, ?)", facts)
        # MBTiles counts rows from the south: 1 is the northern half.
        file.execute("INSERT INTO tiles VALUES (1, 1, 1, ?)", (picture.getvalue(),))
    return path


async def test_tiles_come_from_the_archive(open_door: Opener, tmp_path: Path) -> None:
    async with open_door(tiles=open_archive(archive(tmp_path / "map.mbtiles"))) as door:
        city = (await door.api("GET", "/session")).body["city"]
        assert city["tile_credit"] == "© Mapmakers"
        template = city["tile_url"]
        assert template.startswith("/api/v1/")
        found = await door.ask("GET", template.format(z=1, x=1, y=0))
        assert found.status == 200
        assert found.headers["Content-Type"] == "image/png"
        assert Image.open(io.BytesIO(found.raw)).getpixel((9, 9)) == (255, 0, 0)
        for z, x, y in ((1, 1, 1), (1, 2, 0), (99, 0, 0)):
            missing = await door.ask("GET", template.format(z=z, x=x, y=y))
            assert (missing.status, missing.code) == (404, "tile.not_found")


async def test_without_an_archive_there_are_no_tiles(door: Door) -> None:
    assert (await door.api("GET", "/session")).body["city"]["tile_url"] is None
    assert (await door.api("GET", "/tiles/1/1/0")).code == "tile.not_found"


async def test_the_policy_opens_for_the_maps_host_only(door: Door) -> None:
    before = (await door.ask("GET", "/healthz")).headers["Content-Security-Policy"]
    assert "tiles.example.org" not in before
    now = door.context.city.now
    url = "https://tiles.example.org/{z}/{x}/{y}.png"
    city = msgspec.structs.replace(now.book.city, tile_url=url)
    door.context.city._city = replace(now, book=msgspec.structs.replace(now.book, city=city))
    try:
        after = (await door.ask("GET", "/healthz")).headers["Content-Security-Policy"]
    finally:
        door.context.city._city = now
    opened = [part for part in after.split("; ") if "https://tiles.example.org" in part]
    assert [part.split()[0] for part in opened] == ["img-src", "connect-src"]
    assert after.replace(" https://tiles.example.org", "") == before


def test_a_file_that_is_no_archive_says_why(tmp_path: Path) -> None:
    text = tmp_path / "map.txt"
    text.write_text("no tiles here, " * 100)
    with pytest.raises(NoTileArchive, match="no MBTiles archive"):
        open_archive(text)
    with pytest.raises(NoTileArchive, match="there is no file"):
        open_archive(tmp_path / "nowhere.mbtiles")
    with pytest.raises(NoTileArchive, match="pbf"):
        open_archive(archive(tmp_path / "vector.mbtiles", "pbf"))
