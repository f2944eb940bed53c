"""The OpenAPI 3.1 document, made from the same route table that serves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.api.layer import PATH_BOUNDS, PATH_TYPES, Route
from hub.api.refusal import ErrorAnswer
from hub.rules.permissions import ACTIONS

_REFERENCE = "#/components/schemas/{name}"


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The whole document; every refusal a route can give is in it."""
    kinds: list[Any] = [ErrorAnswer]
    for route in routes:
        kinds += [kind for kind in (route.body, route.query, route.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    schema_of = {repr(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, schema_of, components)
        paths.setdefault(f"/api/v1{route.path}", {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Big Ear", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "bigear_session"},
                "token": {"type": "http", "scheme": "bearer"},
                "private_link": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Case <secret>`, the secret of the case's private link",
                },
            },
        },
    }


def _operation(
    route: Route, schema_of: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    rule = ACTIONS[route.action]
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()}_{re.sub(r'[^a-z]+', '_', route.path).strip('_')}",
        "parameters": _parameters(route, components),
        "responses": _responses(route, schema_of),
        "x-action": route.action,
    }
    if rule.key:
        operation["security"] = [{"private_link": []}]
    elif not rule.public:
        operation["security"] = [{"cookie": []}, {"token": []}]
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_of[repr(route.body)]}},
        }
    elif route.raw_bytes:
        binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        media = ("image/*",) if "photo" in route.path else ("application/json",)
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(media, binary)}
    return operation


def _parameters(route: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"\{(\w+)\}", route.path):
        pattern, kind = PATH_TYPES[name]
        schema: dict[str, Any] = {"type": "string", "pattern": f"^{pattern}$"}
        if kind is int:
            least, greatest = PATH_BOUNDS[name]
            schema = {"type": "integer", "minimum": least, "maximum": greatest}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if route.query is not None:
        described = components[route.query.__name__]
        for name, schema in described["properties"].items():
            found.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in described.get("required", []),
                    "schema": schema,
                }
            )
    if route.keyed:
        schema = {"type": "string", "minLength": 8, "maxLength": 200, "pattern": "^[!-~]+$"}
        found.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema}
        )
    return found


def _responses(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    error = {
        "description": "Refused; see the code",
        "content": {"application/json": {"schema": schema_of[repr(ErrorAnswer)]}},
    }
    fine: dict[str, Any] = {"description": "Done"}
    if route.media != "application/json":
        fine["content"] = {route.media: {}}
    elif route.answer is not None:
        fine["content"] = {"application/json": {"schema": schema_of[repr(route.answer)]}}
    responses = {str(route.status): fine}
    if route.path == "/complaints":
        responses["200"] = fine | {"description": "The same was sent before"}
    rule = ACTIONS[route.action]
    codes = {400, 404, 405, 429, 500, 503}
    if not rule.public or route.action in ("session.open", "hook.push"):
        codes |= {401, 403}
    if route.method != "GET":
        codes |= {403, 409, 413, 415, 507}
    for code in sorted(codes):
        responses[str(code)] = error
    return responses
