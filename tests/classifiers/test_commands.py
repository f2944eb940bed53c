"""``bigear classify`` and ``bigear train`` as a person runs them, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CLONE = Path(__file__).resolve().parents[2]


def bigear(
    *words: str, given: bytes = b"", data: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BIGEAR_")}
    if data is not None:
        environment["BIGEAR_DATA"] = data
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", *words],
        cwd=CLONE,
        env=environment,
        input=given,
        capture_output=True,
    )


def lines(output: bytes) -> list[Any]:
    return [json.loads(line) for line in output.splitlines()]


def test_lines_are_labelled_in_order_without_a_hub() -> None:
    rows = [
        {"id": number, "text": f"신림동 가로등이 꺼졌어요 {number}번째"} for number in range(150)
    ]
    done = bigear("classify", given="\n".join(map(json.dumps, rows)).encode())
    assert (done.returncode, done.stderr) == (0, b"")
    answers = lines(done.stdout)
    assert [answer["id"] for answer in answers] == list(range(150))
    first = answers[0]
    assert set(first) == {
        *("id", "service", "intent", "urgency", "language", "places", "abstain", "model"),
        *("alternatives", "reasons", "abuse"),
    }
    assert first["service"]["code"] == "streetlight"
    assert 0 <= first["service"]["confidence"] <= 1
    assert first["language"]["code"] == "ko"
    assert first["places"] == [{"text": "신림동", "start": 0, "end": 3}]
    assert first["reasons"] == [{"text": "가로등이", "start": 4, "end": 8}]
    assert first["abuse"]["code"] == "none"
    others = [other["code"] for other in first["alternatives"]]
    assert len(others) == 3 and "streetlight" not in others


def test_a_bad_line_is_told_with_its_number_and_the_rest_is_labelled() -> None:
    given = b'{"id": 1, "text": "pothole"}\nnot json\n[]\n{"text": "x"}\n{"id": 5}\n\xff\xfe\n\n'
    given += b'{"id": 6, "text": 7}\n{"id": 8, "text": "\\ud800"}'
    done = bigear("classify", given=given)
    assert done.returncode == 1
    assert [answer["id"] for answer in lines(done.stdout)] == [1, 8]
    assert lines(done.stderr) == [
        {"line": 2, "error": "line.not_json"},
        {"line": 3, "error": "line.no_id"},
        {"line": 4, "error": "line.no_id"},
        {"line": 5, "error": "line.no_text"},
        {"line": 6, "error": "line.not_json"},
        {"line": 8, "error": "line.no_text"},
    ]


def test_a_reader_that_leaves_early_ends_it_quietly() -> None:
    row = json.dumps({"id": 1, "text": "버스가 안 와요"}) + "\n"
    with subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "classify"],
        cwd=CLONE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(row.encode() * 64)
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        try:
            process.stdin.write(row.encode() * 5_000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""
        assert process.wait() != 0


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "weights.npz"
    wrong.write_bytes(b"nothing")
    for path in (wrong, tmp_path / "missing.npz"):
        done = bigear("classify", "--weights", str(path))
        assert done.returncode == 2
        assert str(path).encode() in done.stderr
        assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("folder", [None, "empty"])
def test_training_without_data_says_what_to_supply(tmp_path: Path, folder: str | None) -> None:
    done = bigear("train", "--out", str(tmp_path / "w.npz"), data=folder and str(tmp_path))
    assert done.returncode == 2
    assert b'"service", "intent", "urgency"' in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
@pytest.mark.parametrize("how", ["--base", "--pretrain"])
def test_an_encoder_needs_torch_and_says_so(tmp_path: Path, how: str) -> None:
    done = bigear("train", how, "some/encoder", "--out", str(tmp_path / "v"), data=str(tmp_path))
    assert done.returncode != 0
    assert b"pip install torch" in done.stderr
    assert b"Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
