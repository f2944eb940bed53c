"""The command ``bigear``: every module of this folder with ``add_arguments`` and ``run`` is one
command, its help the first line of the module. Only the command that was asked for is imported.
"""

from __future__ import annotations

import argparse
import importlib
import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from hub import __version__
from hub.cli._terminal import tell
from hub.model.errors import BigEarError


class Command(Protocol):
    """What a module of this folder offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's options."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; the exit code."""


def commands() -> dict[str, str]:
    """Every command's name and its one line of help, read without importing it."""
    import ast  # a start does without

    found = {}
    for path in _modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if {"add_arguments", "run"} <= functions:
            summary = (ast.get_docstring(tree) or "").split("\n\n", maxsplit=1)[0]
            found[path.stem.replace("_", "-")] = " ".join(summary.split())
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Refusals are one line on stderr and exit code 1; Ctrl-C is 130."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # Hangul on a terminal without it
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # unwinds like Ctrl-C
    words = list(sys.argv[1:] if argv is None else argv)
    command = _command(words[0]) if words else None
    if command is None:
        return _overview(words)
    name = words[0]
    parser = argparse.ArgumentParser(
        prog=f"bigear {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    args = parser.parse_args(words[1:])
    try:
        return command.run(args)
    except BrokenPipeError:
        sys.stderr.close()  # the reader left: nothing more to say, and no traceback at exit
        return 141
    except (BigEarError, OSError) as problem:
        tell(name, problem)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        from hub.cli._database import refusal  # a command without a database does without

        if (refused := refusal(problem)) is None:
            raise
        tell(name, refused)
        return 1


def _modules() -> list[Path]:
    return sorted(Path(__file__).parent.glob("[!_]*.py"))


def _command(name: str) -> Command | None:
    if name not in {path.stem.replace("_", "-") for path in _modules()}:
        return None
    module = importlib.import_module(f"hub.cli.{name.replace('-', '_')}")
    offers = hasattr(module, "add_arguments") and hasattr(module, "run")
    return cast(Command, module) if offers else None


def _overview(words: list[str]) -> int:
    if words[:1] == ["--version"]:
        print(f"bigear {__version__}")
        return 0
    known = commands()
    asked = not words or words[0] in {"-h", "--help", "help"}
    out = sys.stdout if asked else sys.stderr
    if not asked:
        print(f"bigear: there is no command {words[0]!r}", file=out)
    print("usage: bigear COMMAND [options]   (bigear COMMAND --help tells more)\n", file=out)
    width = max(map(len, known), default=0)
    for name, summary in known.items():
        print(f"  {name:<{width}}  {summary}", file=out)
    return 0 if asked and words else 2
