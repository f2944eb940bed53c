"""`bigear replay`: every line is an item once, or is told with its number and a code."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Bigear, ask

pytestmark = pytest.mark.usefixtures("settled")

Stored = Callable[[str], list[tuple[object, ...]]]
CLONE = Path(__file__).resolve().parents[2]


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))
    return path


@pytest.fixture
def stored(city_url: str) -> Stored:
    """Rows of a statement, after the command has ended."""
    return partial(ask, city_url)


def test_a_replay_repeated_or_stopped_midway_sends_each_item_once(
    bigear: Bigear, tmp_path: Path, stored: Stored
) -> None:
    rows = [{"id": n, "text": f"가로등 {n}", "at": "2026-03-01T09:00:00+09:00"} for n in range(7)]
    file = write(tmp_path / "plain.jsonl", *rows)
    assert bigear("replay", file, "--limit", "3")[1].startswith("3 items, 3 new")
    assert bigear("replay", file)[1].startswith("7 items, 4 new")
    assert bigear("replay", file)[1].startswith("7 items, 0 new")
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert bigear("replay", packed, "--rate", "500")[1].startswith("7 items, 7 new")
    counted = "SELECT count(*), count(DISTINCT external_id) FROM item_key WHERE platform = 'replay'"
    assert stored(counted) == [(14, 14)]
    assert stored("SELECT DISTINCT created_at::text, kind FROM item") == [
        ("2026-03-01 00:00:00+00", "complaint")
    ]


def test_fields_are_read_under_other_names(bigear: Bigear, tmp_path: Path, stored: Stored) -> None:
    row = {"key": "a", "question": "보도가 깨졌어요", "y": 37.5, "x": "127.03", "where": "역삼동"}
    file = write(tmp_path / "mapped.jsonl", row)
    words = ["--map", "id=key", "--map", "text=question", "--map", "lat=y", "--map", "lon=x"]
    code, _, err = bigear("replay", file, *words, "--map", "place=where", "--kind", "post")
    assert code == 0, err
    assert stored(
        "SELECT kind, text, place, ST_Y(point), ST_X(point) FROM item JOIN item_text ON item_id = id"
    ) == [("post", "보도가 깨졌어요", "역삼동", 37.5, 127.03)]
    for wrong in ("text", "text=", "colour=question"):
        with pytest.raises(SystemExit):
            bigear("replay", file, "--map", wrong)
    with pytest.raises(SystemExit):
        bigear("replay", file, "--rate", "-1")


BAD = [
    (b"no json", "line.not_json"),
    (b"[1]", "line.not_json"),
    (b'{"id": 1, "text": "\xff"}', "line.not_json"),
    (b"[" * 100_000, "line.not_json"),
    (b'{"text": "a"}', "line.no_id"),
    (b'{"id": true, "text": "a"}', "line.no_id"),
    (b'{"id": {}, "text": "a"}', "line.no_id"),
    (b'{"id": "a\\u0000b", "text": "a"}', "line.no_id"),
    (b'{"id": "%s", "text": "a"}' % (b"x" * 201), "line.no_id"),
    (b'{"id": 1}', "line.no_text"),
    (b'{"id": 1, "text": "  "}', "line.no_text"),
    (b'{"id": 1, "text": 5}', "line.no_text"),
    (b'{"id": 1, "text": "a\\u0000"}', "line.no_text"),
    (b'{"id": 1, "text": "a\\ud800"}', "line.encoding"),
    (b'{"id": 1, "text": "a", "place": 5}', "line.place"),
    (b'{"id": 1, "text": "a", "lat": 37.5}', "line.point"),
    (b'{"id": 1, "text": "a", "lat": NaN, "lon": 127}', "line.point"),
    (b'{"id": 1, "text": "a", "lat": 91, "lon": 127}', "line.point"),
    (b'{"id": 1, "text": "a", "lat": "north", "lon": 127}', "line.point"),
    (b'{"id": 1, "text": "a", "at": "yesterday"}', "line.at"),
    (b'{"id": 1, "text": "a", "at": 5}', "line.at"),
    (b'{"id": 1, "text": "a", "at": "10000-01-01"}', "line.at"),
    (b'{"id": 1, "text": "a", "at": "9999-12-31T23:59:59-12:00"}', "line.at"),
]


def test_bad_lines_are_told_and_the_others_sent(
    bigear: Bigear, tmp_path: Path, stored: Stored
) -> None:
    file = tmp_path / "bad.jsonl"
    good = '{"id": "good", "text": "보도가 깨졌어요"}'.encode()
    file.write_bytes(b"\n".join([*(line for line, _ in BAD), b"", good]))
    code, out, err = bigear("replay", file)
    assert code == 1
    assert out.startswith("1 items, 1 new")
    assert out.endswith(f"{len(BAD)} bad lines\n")
    told = [line for line in err.splitlines() if line.startswith("line ")]
    for number, (line, (_, expected)) in enumerate(zip(told, BAD, strict=True), start=1):
        assert line.startswith(f"line {number}: ")
        assert line.endswith(f"[{expected}]")
    assert stored("SELECT text FROM item_text") == [("보도가 깨졌어요",)]


def test_a_file_that_is_missing_or_cut_is_refused(bigear: Bigear, tmp_path: Path) -> None:
    code, _, err = bigear("replay", tmp_path / "none.jsonl")
    assert code == 1
    assert "none.jsonl" in err
    rows = "".join(json.dumps({"id": n, "text": os.urandom(40).hex()}) + "\n" for n in range(400))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(rows.encode())[:-2_000])
    code, out, err = bigear("replay", cut)
    assert code == 1
    assert "[replay.file]" in err
    assert out.startswith("200 items, 200 new")


def test_points_outside_the_city_are_noted_or_scattered(
    bigear: Bigear, tmp_path: Path, stored: Stored
) -> None:
    boston = {"lat": 42.36, "lon": -71.06}
    file = write(
        tmp_path / "far.jsonl",
        {"id": 1, "text": "pothole", **boston},
        {"id": 2, "text": "pothole", "lat": 37.5, "lon": 127.03},
        {"id": 3, "text": "pothole"},
    )
    code, _, err = bigear("replay", file)
    assert code == 0
    assert "1 points lie outside the city" in err
    assert stored("SELECT ST_Y(point) FROM item ORDER BY id") == [(42.36,), (37.5,), (None,)]
    scattered = write(
        tmp_path / "again.jsonl", {"id": 1, "text": "a", **boston}, {"id": 2, "text": "b"}
    )
    _, _, err = bigear("replay", scattered, "--scatter", "--seed", "5")
    assert "outside" not in err
    inside = "SELECT count(*) FROM item WHERE ST_Y(point) BETWEEN 37.4 AND 37.72 AND point_given"
    assert stored(inside) == [(3,)]


def _hear_ctrl_c() -> None:
    """Whoever runs the tests in the background has it ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_stops_it_cleanly_and_the_rest_can_follow(
    bigear: Bigear, tmp_path: Path, city_url: str, redis_url: str, stored: Stored
) -> None:
    rows = [{"id": n, "text": f"가로등 {n}"} for n in range(300)]
    file = write(tmp_path / "slow.jsonl", *rows)
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "replay", str(file), "--rate", "20"],
        cwd=CLONE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - pytest has one thread
    ) as process:
        assert process.stderr is not None
        assert "items" in process.stderr.readline()  # a line of progress without a terminal
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "goes on where it ended" in err
    sent = int(out.split()[0])
    assert 0 < sent < 300
    assert stored("SELECT count(*) FROM item") == [(sent,)]
    assert bigear("replay", file)[1].startswith(f"300 items, {300 - sent} new")
