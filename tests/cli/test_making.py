"""What a killed training leaves is cleared by the next one; what a living process makes stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hub.cli._making import TURN, making
from hub.home import Home

WAITS = "print('waits', flush=True); import sys; sys.stdin.read()"
MAKES = f"""
import subprocess, sys
from pathlib import Path
from hub.cli._making import making
from hub.home import Home
with making(Home(Path(sys.argv[1]))) as made:
    (made.folder / "version").mkdir()
    subprocess.run([sys.executable, "-c", {WAITS!r}], pass_fds=[made.lock])
"""


def test_a_folder_stays_as_long_as_anybody_makes_a_version_in_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    command = [sys.executable, "-c", MAKES, str(home.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"waits\n"
        [folder] = home.models.glob(".making-*")
        with making(home) as made:
            assert folder.is_dir() and made.folder.is_dir()
        process.kill()
        process.wait()
        with making(home):
            assert folder.is_dir()  # what it had started goes on
        process.stdin.close()
        assert process.stdout.read() == b""  # that has ended, too
    with making(home) as made:
        assert not folder.exists() and made.folder.is_dir()
    assert [path.name for path in home.models.iterdir()] == [TURN]


def test_one_of_a_process_that_left_not_even_a_lock_is_cleared(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    left = home.models / ".making-abc"
    left.mkdir(parents=True)
    with making(home):
        assert not left.exists()
