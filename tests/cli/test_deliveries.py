"""`bigear deliveries` lists what failed, sends it again, and shows a secret that stays the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli import main
from hub.flow.city import CityNow
from hub.flow.ground import Ground
from hub.store import deliveries
from tests.cli.conftest import Beside


async def test_what_failed_is_listed_and_sent_again(
    beside: Beside, ground: Ground, city: CityNow
) -> None:
    async with ground.db.acquire() as connection:
        await deliveries.enqueue(
            connection, "case", "webhook", [(1, "metro", 3), (2, "fire", 1), (3, "metro", 1)]
        )
    await ground.db.execute(
        "UPDATE delivery SET state = 'failed', error_code = 'http.404', done_at = now()"
        " WHERE subject_id < 3"
    )
    await ground.db.execute("UPDATE delivery SET state = 'sent' WHERE subject_id = 3")
    code, told = await beside("deliveries", "list")
    assert code == 0 and told.count("http.404") == 2 and "sent" not in told
    assert "sent" in (await beside("deliveries", "list", "--all"))[1]
    code, told = await beside("deliveries", "retry", "--agency", "metro")
    assert code == 0 and told.startswith("1 ")
    states = await ground.db.fetch("SELECT target, state FROM delivery ORDER BY subject_id")
    assert [tuple(row) for row in states] == [
        ("metro", "queued"),
        ("fire", "failed"),
        ("metro", "sent"),
    ]
    assert (await beside("deliveries", "retry", "999999"))[0] == 1


async def test_an_agency_s_secret_is_made_once_and_only_for_an_agency(
    beside: Beside, city: CityNow, tmp_path: Path
) -> None:
    code, first = await beside("deliveries", "secret", "metro")
    assert code == 0 and len(first.strip()) == 64
    assert (await beside("deliveries", "secret", "metro"))[1] == first
    [file] = (tmp_path / "home" / "secrets").glob("agency_*")
    assert file.stat().st_mode & 0o077 == 0
    code, told = await beside("deliveries", "secret", "../check")
    assert code == 1 and "[agency.unknown]" in told


@pytest.mark.parametrize(
    "words",
    [
        ("deliveries", "list", "--limit", "-1"),
        ("deliveries", "list", "--limit", "0"),
        ("deliveries", "retry", "12345678901234567890"),
        ("accounts", "quarantine", "--raw", "12345678901234567890"),
        ("accounts", "quarantine", "--raw", "٣"),
    ],
)
def test_a_number_that_no_row_can_have_is_refused_in_words(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "a number from 1 to 9223372036854775807 is wanted" in capsys.readouterr().err
