"""Every language has every text, and every code, state and role of the hub has words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hub.model import errors, kinds, people, texts

ROOT = Path(__file__).resolve().parents[2]
_PLACE = re.compile(r"\{(\w+)\}")

CODE_SECTIONS = frozenset(
    {
        *("error", "fact", "health", "intent", "kind", "located", "mark", "message", "move"),
        *("platform", "progress", "role", "severity", "shown", "stage", "state", "urgency", "why"),
    }
)
"""Words for codes: which of them is shown is decided by what the hub says, key by key."""


def _refusals() -> set[str]:
    """The names of BigEarError and all its children in ``hub.model.errors``."""
    return {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, errors.BigEarError)
    }


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _code_of(node: ast.AST, names: set[str]) -> str | None:
    """The literal code of a refusal that is raised here, or of a kind of refusal declared here."""
    value: ast.expr | None = None
    if isinstance(node, ast.Call) and _called(node) in names and node.args:
        value = node.args[0]
    if isinstance(node, ast.ClassDef) and any(
        getattr(base, "id", "") in names for base in node.bases
    ):
        value = next(
            (
                line.value
                for line in node.body
                if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "code"
            ),
            None,
        )
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return None


def _codes_raised() -> dict[str, str]:
    """Every literal code of a refusal anywhere in the hub, with a place where it stands."""
    names, found = _refusals(), {}
    for path in sorted((ROOT / "hub").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if code := _code_of(node, names):
                found[code] = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
    return found


def _declared_codes() -> set[str]:
    codes = {getattr(errors, name).code for name in _refusals()}
    from hub.ports import connector

    return codes | {
        thing.code
        for thing in vars(connector).values()
        if isinstance(thing, type) and issubclass(thing, connector.ConnectorError)
    }


def test_languages_have_the_same_keys() -> None:
    ko, en = texts.catalogue("ko"), texts.catalogue("en")
    assert set(ko) - set(en) == set(), "missing in English"
    assert set(en) - set(ko) == set(), "missing in Korean"


def test_no_text_is_empty_and_places_agree() -> None:
    ko, en = texts.catalogue("ko"), texts.catalogue("en")
    for key in ko:
        assert ko[key].strip(), key
        assert en[key].strip(), key
        assert set(_PLACE.findall(ko[key])) == set(_PLACE.findall(en[key])), key


def test_korean_is_korean_and_english_is_english() -> None:
    hangul = re.compile(r"[가-힣]")
    english = {key for key, words in texts.catalogue("en").items() if hangul.search(words)}
    assert english <= {"common.korean", "common.other_language"}, english


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_error_code_has_words(language: str) -> None:
    catalogue = texts.catalogue(language)
    raised = _codes_raised()
    missing = {code: raised.get(code, "declared") for code in _declared_codes() | set(raised)}
    assert {c: w for c, w in missing.items() if f"error.{c}" not in catalogue} == {}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_state_kind_stage_mark_and_role_has_words(language: str) -> None:
    catalogue = texts.catalogue(language)
    needed = {f"state.{state}" for kind in kinds.KINDS.values() for state in kind.states}
    needed |= {f"kind.{code}" for code in kinds.KINDS}
    needed |= {f"stage.{stage}" for stage in kinds.STAGES}
    needed |= {f"mark.{mark}" for mark in kinds.MARKS}
    needed |= {f"role.{role}" for role in people.ROLES}
    assert needed - set(catalogue) == set()


def test_no_text_is_left_over() -> None:
    """A key that nothing names any more is to be deleted (`tsc` finds names without a key)."""
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder, pattern in (("dashboard/web/src", "*.ts*"), ("hub", "*.py"))
        for path in sorted((ROOT / folder).rglob(pattern))
    )
    keys = [key for key in texts.catalogue("en") if key.split(".")[0] not in CODE_SECTIONS]
    assert len(keys) > 200
    assert [key for key in keys if f'"{key}"' not in sources] == []


def test_text_fills_places_and_refuses_unknown_keys() -> None:
    assert texts.fill("{a} of {b}", {"a": 1}) == "1 of {b}"
    assert texts.text("fr", "state.queued") == texts.text("ko", "state.queued")
    with pytest.raises(texts.UnknownText):
        texts.text("en", "state.no_such_state")


def test_an_error_without_words_still_says_something() -> None:
    assert texts.error_text("en", "no.such.code") == texts.text("en", "error.internal")
