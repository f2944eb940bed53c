"""Photos: taken apart, written anew without what they should not tell, shown only to who may see."""

from __future__ import annotations

import asyncio
import io
import os
import random
import resource
import subprocess
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from hub.flow import photos
from hub.model.people import Grant
from hub.store import photos as stored
from hub.store.pool import Connection
from tests.api.conftest import Door, Opener, Reply

PLACE = b"GPSInfo-37.5663N"


def picture(width: int = 60, height: int = 40) -> Image.Image:
    """Red on the left, blue on the right: upright, one can see which way it lies."""
    image = Image.new("RGB", (width, height), (200, 20, 20))
    image.paste((20, 20, 200), (width // 2, 0, width, height))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def with_metadata(kind: str, orientation: int) -> bytes:
    """A photo that tells where and with what it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera of Hong Gildong"
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 33.0, 58.0), 3: "E", 4: (126.0, 54.0, 6.0)})
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + PLACE + b"</x:xmpmeta>"
    more: dict[str, object] = {"exif": exif, "icc_profile": b"profile " * 40}
    if kind != "PNG":
        more["xmp"] = xmp
    return encoded(picture(), kind, **more) + b"trailing " + PLACE


def png_of(width: int, height: int) -> bytes:
    """A PNG of so many black pixels, which takes next to no room."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + crc

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + b"\x01\x00\x00\x00\x00")
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


async def upload(door: Door, raw: bytes | AsyncIterator[bytes]) -> Reply:
    data = io.BytesIO(raw) if isinstance(raw, bytes) else raw
    return await door.api("POST", "/photos", data=data, headers={"Content-Type": "image/jpeg"})


async def fetch(door: Door, raw: bytes) -> bytes:
    """The photo as its reporter gets it back."""
    made = await upload(door, raw)
    assert made.status == 201, made.raw
    body = {"text": "가로등이 꺼졌어요", "photos": [made.body["id"]]}
    complaint = (await door.api("POST", "/complaints", json=body)).body
    path = f"/complaints/{complaint['ref']}/photos/1"
    headers = {"Authorization": f"Case {complaint['secret']}"}
    reply = await door.api("GET", path, headers=headers)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/jpeg")
    return reply.raw


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6, 8])
async def test_a_photo_comes_out_upright_and_tells_nothing(
    door: Door, kind: str, orientation: int
) -> None:
    raw = with_metadata(kind, orientation)
    assert b"Hong Gildong" in raw and PLACE in raw
    clean = await fetch(door, raw)
    for word in (b"Exif", b"GPS", b"Hong", b"ICC", b"profile", b"xmp", b"adobe", PLACE):
        assert word not in clean
    image = Image.open(io.BytesIO(clean))
    assert not image.getexif() and set(image.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
    }
    assert image.size == ((60, 40) if orientation == 1 else (40, 60))
    first = image.getpixel((5, 5))
    assert isinstance(first, tuple)
    assert (first[0] > first[2]) == (orientation in (1, 6))


async def test_a_large_photo_comes_out_smaller(door: Door) -> None:
    clean = await fetch(door, encoded(picture(8000, 6000), quality=20))
    assert Image.open(io.BytesIO(clean)).size == (2048, 1536)


BAD: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "photo.invalid"),
    "a text": (b"this is not a photo" * 100, 400, "photo.invalid"),
    "a page": (b"<html><script>alert(1)</script></html>", 400, "photo.invalid"),
    "a drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "photo.invalid"),
    "another format": (encoded(picture(), "GIF"), 400, "photo.invalid"),
    "a bitmap": (encoded(picture(), "BMP"), 400, "photo.invalid"),
    "only its head": (encoded(picture(600, 400))[:700], 400, "photo.invalid"),
    "cut off at the end": (encoded(picture(600, 400), "PNG")[:-60], 400, "photo.invalid"),
    "a bomb": (png_of(16_000, 16_000), 413, "photo.too_large"),
    "more pixels than there may be": (png_of(8_000, 6_400), 413, "photo.too_large"),
    "11 MB": (b"\xff\xd8\xff" + bytes(11 * 1024 * 1024), 413, "input.too_large"),
}


def files(door: Door) -> list[Path]:
    return [path for path in door.context.photos.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_photo_is_refused_and_leaves_nothing(door: Door, name: str) -> None:
    raw, status, code = BAD[name]
    before = await door.rows()
    reply = await upload(door, raw)
    assert (reply.status, reply.code) == (status, code)
    assert await door.rows() == before and files(door) == []
    assert (await upload(door, encoded(picture()))).status == 201


async def test_an_upload_without_a_length_is_cut_off_at_its_limit(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(11 * 16):
            yield bytes(64 * 1024)

    reply = await upload(door, endless())
    assert (reply.status, reply.code) == (413, "input.too_large")


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it bears with
async def test_no_broken_file_brings_the_door_down(door: Door) -> None:
    chance = random.Random(8)
    whole = [with_metadata(kind, 6) for kind in ("JPEG", "PNG", "WEBP")]
    for _ in range(120):
        raw = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 8)):
            raw[chance.randrange(min(len(raw), chance.choice((200, 5000))))] = chance.randrange(256)
        reply = await upload(
            door, bytes(raw[: chance.choice((len(raw), chance.randrange(len(raw))))])
        )
        assert (reply.status, reply.code) in (
            (201, ""),
            (400, "photo.invalid"),
            (413, "photo.too_large"),
        )


async def test_a_photo_is_given_to_one_complaint_only(door: Door) -> None:
    token = (await upload(door, encoded(picture()))).body["id"]
    first = await door.api("POST", "/complaints", json={"text": "가", "photos": [token]})
    assert first.status == 201
    before = await door.rows()
    again = await door.api("POST", "/complaints", json={"text": "나", "photos": [token]})
    assert (again.status, again.code) == (400, "photo.unknown")
    assert await door.rows() == before


async def test_the_same_photo_twice_is_one_file(door: Door) -> None:
    raw = encoded(picture())
    tokens = [(await upload(door, raw)).body["id"] for _ in range(2)]
    assert len(set(tokens)) == 2 and len(files(door)) == 1


async def test_a_photo_is_shown_only_to_whom_its_case_is(door: Door) -> None:
    token = (await upload(door, encoded(picture()))).body["id"]
    mine, case_id = await door.case(photos=(token,))
    other, _ = await door.case("가로등이 꺼졌어요")
    await door.give(case_id, "mapo_gu")
    for where, headers, status in (
        (f"/complaints/{mine.ref}/photos/1", {"Authorization": f"Case {mine.secret}"}, 200),
        (f"/complaints/{mine.ref}/photos/2", {"Authorization": f"Case {mine.secret}"}, 404),
        (f"/complaints/{mine.ref}/photos/1", {"Authorization": f"Case {other.secret}"}, 404),
        (f"/complaints/{mine.ref}/photos/1", {}, 401),
        (f"/cases/{case_id}/photos/1", (await door.staff(Grant("agent", "mapo_gu"))).bearer, 200),
        (f"/cases/{case_id}/photos/1", (await door.staff(Grant("agent", "metro"))).bearer, 404),
        (f"/cases/{case_id}/photos/1", (await door.staff(Grant("analyst"))).bearer, 403),
        (f"/cases/{case_id}/photos/1", {}, 401),
    ):
        assert (await door.api("GET", where, headers=headers)).status == status, where
    assert (await door.ask("GET", f"/photos/{files(door)[0].name}")).status == 404


async def test_a_sweep_takes_what_nobody_claimed_and_nothing_else(door: Door) -> None:
    token = (await upload(door, encoded(picture()))).body["id"]
    await door.case(photos=(token,))
    await upload(door, encoded(picture(80, 80)))
    assert await photos.sweep(door.ground, door.context.photos) == 0
    [claimed] = [path for path in files(door) if path.stem in await _claimed(door)]
    for path in files(door):
        os.utime(path, (0, 0))
    await door.ground.db.execute("UPDATE photo SET created_at = now() - interval '25 hours'")
    assert await photos.sweep(door.ground, door.context.photos) == 2  # a row and its file
    assert files(door) == [claimed]


async def test_a_photo_that_is_uploaded_anew_amid_a_sweep_keeps_its_file(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, anew = encoded(picture()), list[str]()
    await upload(door, raw)
    [file] = files(door)
    os.utime(file, (0, 0))
    await door.ground.db.execute("UPDATE photo SET created_at = now() - interval '25 hours'")
    known = stored.known

    async def upload_meanwhile(connection: Connection, names: list[str]) -> set[str]:
        needed = await known(connection, names)
        if names and not anew:
            anew.append((await upload(door, raw)).body["id"])
        return needed

    monkeypatch.setattr(stored, "known", upload_meanwhile)
    assert await photos.sweep(door.ground, door.context.photos) == 1  # the old row
    assert files(door) == [file]
    reply = await door.api("POST", "/complaints", json={"text": "가", "photos": anew})
    assert reply.status == 201


async def test_what_a_kill_left_half_written_is_swept(door: Door) -> None:
    folder = door.context.photos
    await door.case(photos=((await upload(door, encoded(picture()))).body["id"],))
    [claimed] = files(door)
    lost = photos.path_of(folder, "0a" * 32)
    lost.parent.mkdir()
    old = [claimed.with_name(f".{claimed.name}.0123abcd"), lost.with_name(f".{lost.name}.0123abcd")]
    young = photos.path_of(folder, "0b" * 32).with_name(f".{'0b' * 32}.jpg.0123abcd")
    young.parent.mkdir()
    foreign = lost.with_name("notes.jpg")
    for path in (*old, young, foreign):
        path.write_bytes(b"half")
    for path in (*old, claimed, foreign):
        os.utime(path, (0, 0))
    assert await photos.sweep(door.ground, folder) == 2
    assert set(files(door)) == {claimed, young, foreign}
    await photos.drop_files(door.ground, folder, ["0b" * 32])  # as an erasure does: at once
    assert set(files(door)) == {claimed, foreign}


async def test_a_sweep_never_asks_for_all_photos_at_once(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, asked = stored.known, list[list[str]]()

    async def noted(connection: Connection, names: list[str]) -> set[str]:
        asked.append(names)
        return await known(connection, names)

    for n in range(4):
        await door.case(photos=((await upload(door, encoded(picture(60 + n)))).body["id"],))
    lying = files(door)
    for path in lying:
        os.utime(path, (0, 0))
    monkeypatch.setattr(stored, "known", noted)
    assert await photos.sweep(door.ground, door.context.photos) == 0
    assert sorted(name for names in asked for name in names) == sorted(p.stem for p in lying)
    assert all(len({name[:2] for name in names}) == 1 for names in asked)
    assert len(asked) == len({path.parent for path in lying}) > 1


async def _claimed(door: Door) -> set[str]:
    rows = await door.ground.db.fetch("SELECT sha256 FROM photo WHERE item_id IS NOT NULL")
    return {row["sha256"] for row in rows}


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file of this process may grow beyond 300 kB: what a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def noise() -> bytes:
    return encoded(Image.effect_noise((1500, 1500), 90).convert("RGB"), quality=95)


@pytest.mark.usefixtures("no_room")
async def test_a_full_quota_is_told_and_leaves_nothing(door: Door) -> None:
    before = await door.rows()
    reply = await upload(door, noise())
    assert (reply.status, reply.code) == (507, "disk.full")
    assert files(door) == [] and await door.rows() == before
    assert (await upload(door, encoded(picture()))).status == 201


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (root and CAP_SYS_ADMIN are needed)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_is_told_and_leaves_nothing(open_door: Opener, full_disk: Path) -> None:
    async with open_door(photos=full_disk, rate_scale=1000.0) as door:
        before = await door.rows()
        reply = await upload(door, noise())
        assert (reply.status, reply.code) == (507, "disk.full")
        assert files(door) == [] and await door.rows() == before
        assert (await upload(door, encoded(picture()))).status == 201


async def test_many_photos_at_once_are_all_taken(door: Door) -> None:
    raws = [encoded(picture(1000 + n, 800)) for n in range(8)]
    replies = await asyncio.gather(*(upload(door, raw) for raw in raws))
    assert [reply.status for reply in replies] == [201] * 8


async def test_a_flood_of_photos_is_decoded_two_at_a_time(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, decoders, go_on = photos._clean, list[int](), threading.Event()

    def counted(raw: bytes) -> tuple[bytes, int, int]:
        decoders.append(threading.get_ident())
        go_on.wait()
        return clean(raw)

    monkeypatch.setattr(photos, "_clean", counted)
    raws = [encoded(picture(100 + n, 80)) for n in range(12)]
    async with asyncio.TaskGroup() as flood:
        for raw in raws:
            flood.create_task(photos.store(door.ground, door.context.photos, raw))
        try:
            async with asyncio.timeout(30):
                while len(decoders) < 2:
                    await asyncio.sleep(0)
                await photos.probe(door.context.photos)  # /healthz does not wait behind them
        finally:
            go_on.set()
    assert len(decoders) == len(raws) and len(set(decoders)) <= 2
