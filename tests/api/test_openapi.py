"""The described API is the one that answers: whatever is sent, nothing breaks, and answers conform."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.api.app import ROUTES
from hub.api.layer import PATH_BOUNDS
from hub.model.people import ROLES, Grant
from tests.api.conftest import Door

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SECONDS = 30


async def test_the_document_is_valid_and_tells_of_every_route(door: Door) -> None:
    document = (await door.api("GET", "/openapi.json")).body
    validate(document)
    told = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert told == {(route.method, route.path) for route in ROUTES}
    names = [op["operationId"] for methods in document["paths"].values() for op in methods.values()]
    assert len(names) == len(set(names))


async def test_the_numbers_in_a_path_are_those_that_it_takes(door: Door) -> None:
    paths = (await door.api("GET", "/openapi.json")).body["paths"]
    bounds = {
        part["name"]: (part["schema"]["minimum"], part["schema"]["maximum"])
        for part in paths["/api/v1/tiles/{z}/{x}/{y}"]["get"]["parameters"]
    }
    assert bounds == {"z": (0, 22), "x": (0, 4_194_303), "y": (0, 4_194_303)}
    told = {
        part["name"]
        for methods in paths.values()
        for operation in methods.values()
        for part in operation["parameters"]
        if part["in"] == "path" and part["schema"]["type"] == "integer"
    }
    assert told == set(PATH_BOUNDS)


async def test_no_pattern_lets_a_line_break_follow(door: Door) -> None:
    """``$`` does in Python: a code that was let in so is no code anywhere behind."""
    document = (await door.api("GET", "/openapi.json")).body
    patterns = set(patterns_in(document["components"]))
    for methods in document["paths"].values():
        for operation in methods.values():
            for part in operation["parameters"]:
                if part["in"] == "query":
                    patterns |= set(patterns_in(part))
    assert patterns and all(pattern.endswith(r"$(?!\n)") for pattern in patterns), patterns


def patterns_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        for inner in part.values():
            yield from patterns_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from patterns_in(inner)


async def drive(door: Door, examples: int) -> list[str]:
    """Send what the document allows and what it forbids to every operation; what went wrong."""
    document = (await door.api("GET", "/openapi.json")).body
    received, case_id = await door.case()
    me = await door.staff(*(Grant(role) for role in ROLES))
    known = {"ref": received.ref, "id": case_id, "n": 1}
    link = {"Authorization": f"Case {received.secret}"}
    wrong: list[str] = []

    def ask(case: Case, session: requests.Session) -> None:
        # Half of the requests are for something that is there.
        if case.path_parameters and len(str(case.body)) % 2:
            for name in case.path_parameters:
                case.path_parameters[name] = known.get(name, case.path_parameters[name])
        headers = link if "private_link" in str(case.operation.definition.raw) else me.bearer
        response = case.call(base_url=door.url, session=session, headers=headers, timeout=SECONDS)
        case.validate_response(response, checks=CHECKS)

    def all_operations() -> None:
        schema = schemathesis.openapi.from_dict(document)
        with requests.Session() as session:
            for result in schema.get_all_operations():
                operation = result.ok()
                if operation.label.startswith("DELETE /api/v1/session"):
                    continue  # it would end the session that all others need
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    try:
                        _drive_one(operation, mode, examples, lambda case: ask(case, session))
                    except Unsatisfiable:
                        pass  # an operation without input has nothing to forbid
                    except Exception as failed:  # noqa: BLE001 - all are told together
                        wrong.append(f"{operation.label} {mode.value}: {failed}")

    await asyncio.to_thread(all_operations)
    return wrong


def _drive_one(operation: Any, mode: GenerationMode, examples: int, ask: Any) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def drive(case: Case) -> None:
        ask(case)

    drive()


async def test_nothing_that_is_sent_breaks_the_door(door: Door) -> None:
    assert await drive(door, examples=5) == []


@pytest.mark.faults
@pytest.mark.timeout(1800)
async def test_nothing_that_is_sent_breaks_the_door_at_length(door: Door) -> None:
    assert await drive(door, examples=60) == []
