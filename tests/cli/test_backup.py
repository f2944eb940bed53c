"""A backup of a hub that runs and changes meanwhile, and of one where something fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli._postgres import ProgramFailed
from hub.home import Home
from hub.settings import Settings
from tests.cli.conftest import Bigear


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """One with a photo, a secret, a model, and a photo that is gone once it is to be copied."""
    home = Home(tmp_path / "home")
    home.create()
    for path in (home.photos / "ab" / "kept.jpg", home.models / "linear-x" / "linear.npz"):
        path.parent.mkdir()
        path.write_bytes(b"kept")
    (home.photos / "ab" / ".fresh").write_bytes(b"half")
    (home.photos / "ab" / "gone.jpg").symlink_to("erased")
    home.secret("check")
    return home


@pytest.fixture
def dumps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands for pg_dump: writes what it takes from here, and fails when there is no more."""
    contents: list[str] = []

    async def dump(_: Settings, name: str, *options: str) -> str:
        [file] = [word.removeprefix("--file=") for word in options if word.startswith("--file=")]
        Path(file).write_text(contents[0] if contents else "half of it")
        if not contents:
            raise ProgramFailed(program=name, reason="the server went away")
        return contents.pop()

    monkeypatch.setattr("hub.cli.backup.run_program", dump)
    return contents


def test_a_photo_that_is_erased_meanwhile_is_passed_over(
    bigear: Bigear, home: Home, dumps: list[str], tmp_path: Path
) -> None:
    dumps.append("all of it")
    code, out, err = bigear("backup", tmp_path / "backup")
    assert (code, err) == (0, "") and "holds the whole hub" in out
    found = {str(path.relative_to(tmp_path / "backup")) for path in files_in(tmp_path / "backup")}
    assert found == {
        "database.dump",
        "models/linear-x/linear.npz",
        "photos/ab/kept.jpg",
        "secrets/check",
    }
    assert (tmp_path / "backup/secrets/check").stat().st_mode & 0o777 == 0o600


def test_a_backup_that_failed_leaves_nothing_and_can_be_made_again(
    bigear: Bigear, home: Home, dumps: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    code, _, err = bigear("backup", folder)
    assert code == 1 and "[backup.program]" in err and not list(folder.iterdir())
    (folder / ".half-made").mkdir()  # as a killed one leaves it
    (folder / ".half-made" / "database.dump").write_text("half of it")
    dumps.append("all of it")
    assert bigear("backup", folder)[0] == 0
    assert (folder / "database.dump").read_text() == "all of it"
    dumps.append("all of it")
    code, _, err = bigear("backup", folder)
    assert code == 1 and "[backup.not_empty]" in err


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
