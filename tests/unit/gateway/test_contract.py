"""The generated contract is fresh, and the schema agrees with what the hub encodes and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from hub.gateway import contract, protocol
from hub.model import views

CASE = views.CaseView(
    id=7,
    version=3,
    ref="BE-7",
    kind="complaint",
    state="queued",
    received_at="2026-11-24T01:02:03Z",
    updated_at="2026-11-24T01:02:04Z",
)
FRAMES: list[Any] = [
    protocol.Hello(case=protocol.CaseKey(ref="BE-7", secret="x")),
    protocol.Subscribe(id=1, topic="queue:triage", position=12),
    protocol.Unsubscribe(id=1),
    protocol.Welcome(
        protocol=1,
        position=3,
        heartbeat_s=20.0,
        user=protocol.Who(id=1, login="a", name="가", grants=[("agent", None)]),
    ),
    protocol.Beat(),
    protocol.Snapshot(id=1, topic="queue:triage", position=3, cases=[CASE], total=1),
    protocol.Facts(
        topic="queue:triage",
        position=4,
        changes=[views.Change(position=4, at="2026-11-24T01:02:05Z", type="x", case=CASE)],
    ),
    protocol.Resync(topic="queue:triage", position=9, reason="too_slow"),
    protocol.Problem(code="topic.unknown", id=1),
    protocol.Problem(code="input.json"),
]


def _validator() -> Any:
    return jsonschema.Draft202012Validator(json.loads(contract.schema()))


def test_the_generated_files_are_fresh() -> None:
    assert contract.stale() == [], "run: python -m hub.gateway.contract"


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_what_the_hub_encodes_fits_the_schema(frame: Any) -> None:
    _validator().validate(json.loads(protocol.encode(frame)))


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "subscribe", "topic": "alerts"},
        {"type": "subscribe", "id": 1, "topic": "alerts", "extra": 1},
        {"type": "hello", "protocol": "1"},
        {"type": "goodbye"},
    ],
)
def test_what_the_hub_refuses_the_schema_refuses(frame: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        protocol.decode_client(json.dumps(frame).encode())
    assert not _validator().is_valid(frame)


def test_every_field_of_every_frame_is_in_the_typescript() -> None:
    code = contract.frames()
    for name in ("CaseView", "Change", "AlertView", "Snapshot", "Welcome"):
        body = code.split(f"export interface {name} {{")[1].split("\n}")[0]
        fields = {
            line.strip().split(":")[0].rstrip("?") for line in body.splitlines() if ":" in line
        }
        frame = getattr(protocol, name, None) or getattr(views, name)
        assert set(frame.__struct_encode_fields__) <= fields, name


def test_check_writes_nothing_and_fails_when_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "FOLDER", tmp_path)
    assert contract.main(["--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert contract.main([]) == 0
    assert contract.main(["--check"]) == 0
    (tmp_path / "kinds.ts").write_text("old", encoding="utf-8")
    assert contract.stale() == ["kinds.ts"]
