"""What ``pip install .`` gives: a package that finds its rule books, pages and weights by itself."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(argv, cwd=CLONE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment that holds the wheel, beside the dependencies of this one."""
    place = tmp_path_factory.mktemp("설치 됨")
    venv.create(place)
    (packages,) = place.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin" / "python"


def bigear(python: Path, home: Path, *words: str, stdin: str = "") -> str:
    """The output of a command of the installed package, run in a folder that is not the clone."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("BIGEAR_", "PYTHON"))}
    done = subprocess.run(
        [python, "-P", "-m", "hub.cli", *words],
        cwd=home.parent,
        env=env | {"BIGEAR_HOME": str(home)},
        input=stdin,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_installed_package_carries_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    rule_books = CLONE / "config"
    for path in rule_books.rglob("*"):
        if path.is_file():
            assert f"hub/bundled/config/{path.relative_to(rule_books).as_posix()}" in inside
    assert "hub/bundled/pages/index.html" in inside
    weights = [path for path in (CLONE / "classifiers").rglob("weights/*") if path.is_file()]
    assert {path.relative_to(CLONE).as_posix() for path in weights} <= inside
    assert {name.split("/")[0].split("-")[0] for name in inside} == {
        "hub",
        "classifiers",
        "connectors",
        "bigear",
    }


def test_an_installed_package_finds_it(installed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert bigear(installed, home, "--version").startswith("bigear ")
    assert "44 accounts" in bigear(installed, home, "check")
    text = json.dumps({"id": "1", "text": "강남구 보도블록이 깨졌어요"})
    label = json.loads(bigear(installed, home, "classify", stdin=text))
    assert label["service"]["code"] == "sidewalk"
    place = json.loads(bigear(installed, home, "locate", stdin=text))
    assert place["area"]["name"] == "강남구"
