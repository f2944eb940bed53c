import subprocess
import sys
from pathlib import Path

import pytest

from hub import cli
from hub.cli import commands, main
from hub.cli._terminal import tell
from hub.model.errors import BadInput, BigEarError


def test_every_command_says_in_one_line_what_it_does() -> None:
    found = commands()
    assert {"up", "run", "servers", "pages"} <= set(found)
    for name, summary in found.items():
        assert summary, name
        assert len(summary) <= 110, name
        assert not name.startswith("_")


def test_a_module_without_run_is_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parts.py").write_text('"""Parts."""\ndef add_arguments(parser): ...\n')
    (tmp_path / "two_words.py").write_text(
        '"""Does\nit.\n\nMore."""\ndef add_arguments(parser): ...\ndef run(args): ...\n'
    )
    (tmp_path / "_inner.py").write_text("def add_arguments(p): ...\ndef run(a): ...\n")
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "__init__.py"))
    assert commands() == {"two-words": "Does it."}


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert "'fly'" in capsys.readouterr().err


def test_listing_the_commands_imports_none_of_them() -> None:
    code = "import sys; from hub.cli import commands; commands(); print('asyncpg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("locale", "words"), [("C", "cannot be read"), ("ko_KR.UTF-8", "읽을 수 없")]
)
def test_a_refusal_is_told_in_the_language_of_the_terminal(
    locale: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    problem: BigEarError = BadInput(line=3, reason="first\nsecond")
    tell("check", problem)
    told = capsys.readouterr().err
    assert words in told
    assert "[input.invalid]" in told
    assert "line: 3" in told
    assert "second" in told
