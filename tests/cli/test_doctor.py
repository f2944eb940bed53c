"""The doctor finds every kind of damage that it claims to look for, and nothing in a sound hub."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image

from hub.flow import photos, promote
from hub.flow.city import CityNow
from hub.flow.complain import Complaint, complain
from hub.flow.converse import add
from hub.flow.ground import Ground
from hub.home import Home
from hub.store import models
from tests.cli.conftest import Beside

Doctor = Callable[[], Awaitable[tuple[int, dict[str, str]]]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def doctor(beside: Beside, home: Home) -> Doctor:
    """Run the command; its exit code, and the line of each examination by name."""

    async def examine() -> tuple[int, dict[str, str]]:
        code, told = await beside("doctor")
        lines = [line for line in told.splitlines() if line.startswith(("ok ", "WRONG "))]
        return code, {line.split()[1]: line for line in lines}

    return examine


def jpeg(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (20, 20), shade).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
async def lived_in(
    ground: Ground,
    home: Home,
    city: CityNow,
    work_off: Callable[[], Awaitable[None]],
    stamp_all: Callable[[], Awaitable[int]],
) -> str:
    """A hub with a case, a message and a photo, half of it stamped; the case's reference."""
    photo = await photos.store(ground, home.photos, jpeg(90))
    sent = await complain(ground, Complaint("web", "도로가 파였어요", photos=(photo.token,)))
    await work_off()
    await stamp_all()
    await add(ground, sent.ref, "우체국 앞입니다")
    return sent.ref


async def test_a_sound_hub_is_well(doctor: Doctor, lived_in: str) -> None:
    code, lines = await doctor()
    assert code == 0, lines
    assert "2 texts" in lines["texts"]
    assert "PostgreSQL" in lines["servers"] and "valkey" in lines["servers"]
    assert "1 waiting" in lines["outbox"]


async def test_a_disk_that_is_nearly_full_is_told_before_it_is(
    doctor: Doctor, lived_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.cli.doctor.LOW_BYTES", 10**18)
    code, lines = await doctor()
    assert code == 1 and wrong_in(lines) == {"room"}


DAMAGE = {
    "facts": "UPDATE fact SET actor = 'nobody' WHERE position = 2",
    "texts": "UPDATE item_text SET text = 'changed'",
    "moves": "DELETE FROM allowed_move WHERE kind = 'post' AND source = 'triage'",
    "items": "UPDATE item SET stage = 'located', attempts = 3",
    "erased": "UPDATE item SET erased_at = now()",
    "sends": "INSERT INTO delivery (subject, subject_id, channel, target, version, state,"
    " deadline_at) VALUES ('case', 1, 'webhook', 'metro', 1, 'failed', now())",
    "accounts": "INSERT INTO account_state (account, enabled, health, error_code, error_text,"
    " last_ok_at) VALUES ('rss_city_blog', true, 'bad_credentials', 'connector.bad_credentials',"
    " 'HTTP 401', now())",
}


@pytest.mark.parametrize("name", DAMAGE)
async def test_damage_is_found(
    name: str, doctor: Doctor, lived_in: str, ground: Ground, home: Home
) -> None:
    async with ground.db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(DAMAGE[name])
    code, lines = await doctor()
    assert code == 1
    assert wrong_in(lines) == {name}


async def test_a_message_put_in_by_hand_and_a_lost_photo_are_found(
    doctor: Doctor, lived_in: str, ground: Ground, home: Home
) -> None:
    await ground.db.execute("UPDATE case_message SET salt = '\\x00'")
    [file] = home.photos.glob("??/*.jpg")
    file.unlink()
    code, lines = await doctor()
    assert code == 1
    assert lived_in in lines["texts"] and wrong_in(lines) == {"texts", "photos"}
    assert lived_in in lines["photos"]


async def test_an_outbox_that_nobody_empties_is_found_while_the_hub_runs(
    doctor: Doctor, lived_in: str, ground: Ground, home: Home
) -> None:
    await ground.db.execute("UPDATE outbox SET at = now() - interval '5 minutes'")
    assert (await doctor())[0] == 0
    home.running.write_text('{"http": 1, "live": 2}')
    code, lines = await doctor()
    assert code == 1 and "no relay is at work" in lines["outbox"]


async def test_a_table_changed_by_hand_and_a_missing_one_are_found(
    doctor: Doctor, lived_in: str, ground: Ground
) -> None:
    await ground.db.execute("ALTER TABLE quarantine RENAME TO elsewhere")
    await ground.db.execute("ALTER TABLE allowed_move RENAME TO forgotten")
    try:
        code, lines = await doctor()
    finally:
        await ground.db.execute("ALTER TABLE elsewhere RENAME TO quarantine")
        await ground.db.execute("ALTER TABLE forgotten RENAME TO allowed_move")
    assert code == 1
    assert wrong_in(lines) == {"tables", "moves", "accounts"}  # they count what is in quarantine
    assert "cannot be examined" in lines["moves"]


async def test_a_version_that_is_not_there_or_not_run_is_found(
    doctor: Doctor, lived_in: str, ground: Ground, home: Home
) -> None:
    await promote.add(ground, "linear-x", "trained", None, {}, "test")
    await promote.promote(ground, "linear-x", "test", {})
    code, told = await doctor()
    assert (code, told["models"].startswith("WRONG")) == (1, True)
    (home.models / "linear-x").mkdir()
    assert wrong_in((await doctor())[1]) == {"models"}  # it is empty
    (home.models / "linear-x" / "linear.npz").touch()
    assert (await doctor())[1]["models"].startswith("ok")
    await promote.add(ground, "linear-z", "trained", None, {}, "test")
    assert "linear-z" in (await doctor())[1]["models"]
    async with ground.db.acquire() as connection:
        await models.report(connection, "a:1", "linear-y", "linear-x: broken", pinned=False)
    assert "a:1 runs linear-y" in (await doctor())[1]["models"]


async def test_an_account_that_is_away_is_told_and_wrong_once_it_stays_so(
    doctor: Doctor, lived_in: str, ground: Ground
) -> None:
    await ground.db.execute(
        "INSERT INTO account_state (account, enabled, health, error_code, error_text, last_ok_at)"
        " VALUES ('rss_city_blog', true, 'transient_disconnect', 'connector.unavailable', 'HTTP 503',"
        " now()), ('sms_120', false, 'disabled', NULL, NULL, NULL)"
    )
    code, lines = await doctor()
    assert code == 0 and "1 enabled" in lines["accounts"] and "HTTP 503" in lines["accounts"]
    await ground.db.execute("UPDATE account_state SET last_ok_at = now() - interval '2 hours'")
    code, lines = await doctor()
    assert code == 1 and wrong_in(lines) == {"accounts"}


async def test_a_redis_that_is_away_is_told(
    doctor: Doctor, lived_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIGEAR_REDIS_URL", "redis://127.0.0.1:1/0")
    code, lines = await doctor()
    assert code == 1 and wrong_in(lines) == {"servers"}


def wrong_in(lines: dict[str, str]) -> set[str]:
    return {name for name, line in lines.items() if line.startswith("WRONG")}
