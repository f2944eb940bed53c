from pathlib import Path

import pytest

from hub.cli import pages
from hub.cli.pages import STAMP, PagesFailed, build
from hub.home import Home


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with one page, whose build copies it."""
    root = tmp_path / "clone"
    for part in pages.SOURCES:
        (root / part).mkdir(parents=True)
    web = root / "dashboard" / "web"
    (web / "index.html").write_text("first")
    (web / "package-lock.json").write_text("{}")
    monkeypatch.setattr(pages, "CLONE", root)
    monkeypatch.setattr(pages, "_npm", npm)
    return root


calls: list[str] = []


def npm(web: Path, *words: str) -> int:
    calls.append(" ".join(word for word in words if word in {"ci", "run", "--omit=dev"}))
    target = web / ("node_modules" if words[0] == "ci" else "dist")
    target.mkdir(exist_ok=True)
    if words[0] == "run":
        (target / "index.html").write_text((web / "index.html").read_text())
    return 0


def test_pages_are_built_when_a_source_changed_and_only_then(clone: Path, tmp_path: Path) -> None:
    calls.clear()
    home = Home(tmp_path / "home")
    dist = build(home)
    assert dist == clone / "dashboard" / "web" / "dist"
    build(home)
    first = ["ci --omit=dev", "run"]
    assert calls == first
    (clone / "dashboard" / "web" / "index.html").write_text("second")
    build(home)
    assert calls == [*first, "run"]
    assert (dist / "index.html").read_text() == "second"
    (clone / "config" / "texts" / "ko.toml").write_text("new = 'words'")
    build(home)
    (clone / "dashboard" / "web" / "package-lock.json").write_text("{ }")
    build(home)
    assert calls == [*first, "run", "run", *first]


def test_pages_of_a_read_only_clone_are_built_in_the_home(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.setattr("os.access", lambda *_: False)
    dist = build(home)
    assert dist == home.build / "dashboard" / "web" / "dist"
    assert not (clone / "dashboard" / "web" / "dist").exists()
    (clone / "dashboard" / "web" / "dist").mkdir()  # its owner built them meanwhile
    (clone / "dashboard" / "web" / "dist" / STAMP).write_text((dist / STAMP).read_text())
    assert build(home) == clone / "dashboard" / "web" / "dist"
    assert not dist.exists()


def test_a_failed_build_is_refused_and_not_taken_for_done(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_npm", lambda web, *words: npm(web, *words) or words[0] == "run")
    for _ in range(2):
        with pytest.raises(PagesFailed):
            build(Home(tmp_path))
    assert not pages.are_built(Home(tmp_path))


def test_a_build_installs_less_than_the_checks(clone: Path, tmp_path: Path) -> None:
    web = clone / "dashboard" / "web"
    calls.clear()
    build(Home(tmp_path))
    pages.install(web)
    assert calls == ["ci --omit=dev", "run"]
    pages.install(web, to_check=True)
    pages.install(web, to_check=True)
    pages.install(web)
    assert calls == ["ci --omit=dev", "run", "ci"]
