import subprocess
import sys
import zipfile
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]


def test_an_installed_package_carries_what_it_needs(tmp_path: Path) -> None:
    """Rule books, built pages and weights, and no tests; a wheel is built as pip would."""
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(argv, cwd=CLONE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    (wheel,) = tmp_path.glob("*.whl")
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
