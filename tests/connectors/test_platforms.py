"""The contract that holds for every platform's folder, and for the one that new ones come from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import convert

from connectors.registry import Manifest, manifests, open_connector
from hub.cli.new import make_connector
from hub.model.errors import BadInput, Conflict
from hub.model.items import Account
from hub.model.texts import catalogue
from hub.net.client import Outside
from hub.ports.connector import Rejected, WebhookRequest
from hub.settings import CLONE

CONNECTORS = CLONE / "connectors"
PLATFORMS = sorted(path.parent for path in CONNECTORS.glob("platforms/*/manifest.toml"))
FOLDERS = [*PLATFORMS, CONNECTORS / "scaffold"]
CHECKED = re.compile(r"(an? )?(real|emulator|recordings|documents only|nothing)\b")
EXAMPLES = {"url": "https://example.org/", "interval_s": "60"}

every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)


def trees(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(folder.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def faults(tree: ast.Module) -> list[str]:
    """What belongs to the core, not to a connector."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.While):
            found.append("a loop of its own")
        if isinstance(node, ast.Attribute) and node.attr in (
            "sleep",
            "create_task",
            "ensure_future",
        ):
            found.append(node.attr)
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            if re.search(r"\b(everything|Exception|BaseException|CancelledError)\b", caught):
                found.append(f"catches {caught}")
    return found


def imports(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_no_platform_lacks_a_manifest() -> None:
    folders = {path.name for path in CONNECTORS.glob("platforms/[!_]*") if path.is_dir()}
    assert folders == {path.name for path in PLATFORMS} == set(manifests())


@every_folder
def test_the_manifest_is_true(folder: Path) -> None:
    text = (folder / "manifest.toml").read_text(encoding="utf-8")
    manifest = convert(tomllib.loads(text), Manifest)
    assert manifest.code == folder.name
    assert manifest.inbound in ("poll", "webhook", "stream")
    assert manifest.tested_against
    if folder.parent.name == "platforms":
        for language in ("ko", "en"):
            assert f"platform.{manifest.code}" in catalogue(language)


@every_folder
def test_the_readme_says_what_it_was_tested_against(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# ")
    assert CHECKED.match(readme.partition("**Tested against:** ")[2])


@every_folder
def test_the_core_owns_loops_waits_and_failures(folder: Path) -> None:
    found = {str(path): faults(tree) for path, tree in trees(folder)}
    assert {path: what for path, what in found.items() if what} == {}


def test_the_rule_sees_what_it_forbids() -> None:
    bad = """
while True:
    try:
        asyncio.sleep(1)
    except (ValueError, Exception):
        pass
"""
    assert set(faults(ast.parse(bad))) == {
        "a loop of its own",
        "sleep",
        "catches (ValueError, Exception)",
    }


@every_folder
def test_platforms_never_see_each_other_and_parsers_never_see_the_network(folder: Path) -> None:
    for path, tree in trees(folder):
        names = imports(tree)
        own = ".".join(("connectors", *folder.relative_to(CONNECTORS).parts))
        assert {n for n in names if n.startswith("connectors") and not n.startswith(own)} == set()
        if path.name == "parse.py":
            assert not {n.split(".")[0] for n in names} & {"aiohttp", "asyncio", "socket", "ssl"}
            assert "hub.net.client" not in names


@every_folder
def test_every_code_it_refuses_with_has_words(folder: Path) -> None:
    raised = {
        str(node.args[0].value)
        for _, tree in trees(folder)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ("Rejected", "Unreadable", "MalformedFeed")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    for language in ("ko", "en"):
        assert {code for code in raised if f"error.{code}" not in catalogue(language)} == set()


@pytest.mark.parametrize("code", sorted(manifests()))
async def test_an_account_opens_with_what_its_manifest_names_and_not_otherwise(code: str) -> None:
    manifest = manifests()[code]
    settings = {name: EXAMPLES[name] for name in manifest.settings if name in EXAMPLES}
    account = Account("one", code, "One", settings, "a secret of enough signs", enabled=True)
    async with Outside() as outside:
        connector = open_connector(account, outside)
        assert connector.platform == code
        assert connector.caps.inbound == manifest.inbound
        assert connector.caps.post in ("api", "api_with_image", "template_only", "manual")
        if manifest.inbound != "webhook":
            with pytest.raises(Rejected) as refused:
                connector.webhook(WebhookRequest({}, b"", 0.0))
            assert refused.value.code == "hook.not_taken"
        if manifest.needs_secret:
            with pytest.raises(Rejected) as refused:
                open_connector(Account("one", code, "One", settings), outside)
            assert refused.value.code == "settings.missing"
        with pytest.raises(Rejected) as refused:
            open_connector(Account("one", code, "One", {**settings, "no_such": "x"}), outside)
        assert refused.value.code == "settings.unknown"


def test_a_new_connector_meets_the_contract_from_the_beginning(tmp_path: Path) -> None:
    folder = make_connector("town_square", tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "__init__.py",
        "connector.py",
        "manifest.toml",
        "parse.py",
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert "caffold" not in text
    assert "from connectors.platforms.town_square.parse import parse" in text
    assert "class TownSquareConnector" in text
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(CLONE / "pyproject.toml"),
         "--ignore", "ARG,I", str(folder)],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    for name, code in [("town_square", "new.exists"), ("../x", "new.name"), ("X", "new.name")]:
        with pytest.raises((BadInput, Conflict)) as refused:
            make_connector(name, tmp_path)
        assert refused.value.code == code
