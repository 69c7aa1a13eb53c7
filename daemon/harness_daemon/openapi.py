"""The OpenAPI document, corrected where FastAPI's own differs from what the daemon answers."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from harness.api.problems import MEDIA_TYPE, Problem
from harness.api.route import MCP_PATH, Route, is_openai_path
from harness.openai_api.problems import ErrorAnswer
from harness_daemon.conditional import ConditionalRoute, describe_condition
from harness_daemon.gate import COOKIE
from harness_daemon.operations import REF, link_operations
from harness_daemon.parameters import describe_parameters

UNUSED = ("HTTPValidationError", "ValidationError")
SAME_NAMES = {
    "harness__conversations__contracts__Card": "ConversationCard",
    "harness__journal__card__Card": "RunCard",
}
"""Models that Python tells apart by their modules."""
REQUEST_ID = {
    "description": "The number of the request, in the daemon's log too. One that is sent is kept.",
    "required": True,
    "schema": {"type": "string"},
}
REQUEST_ID_REF = {"$ref": "#/components/headers/RequestId"}
SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token, `hns_...`: `harness token create`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The session of a browser that has opened the link of `harness serve`.",
    },
}


def describe_routes(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an app."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=app.separate_input_output_schemas,
    )
    document = _rename_schemas(document)
    components = document["components"]
    for name in UNUSED:
        components["schemas"].pop(name, None)
    components["securitySchemes"] = SECURITY
    components["headers"] = {"RequestId": REQUEST_ID}
    components["responses"] = {
        "Problem": _describe_error(components["schemas"], {MEDIA_TYPE: Problem}),
        "OpenAIError": _describe_error(components["schemas"], {"application/json": ErrorAnswer}),
        "McpError": _describe_error(
            components["schemas"], {MEDIA_TYPE: Problem, "application/json": None}
        ),
    }
    routes = {
        (each.path_format, method.lower()): each
        for each in app.routes
        if isinstance(each, APIRoute)
        for method in each.methods or ()
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _correct_operation(path, method, operation, routes.get((path, method)))
    link_operations(document)
    for schema in components["schemas"].values():
        _leave_out_nulls(schema)
    return document


def _leave_out_nulls(schema: dict[str, Any]) -> None:
    """Require no field that may be null: answers leave nulls out."""
    properties = schema.get("properties", {})
    required = [name for name in schema.get("required", []) if not _is_nullable(properties[name])]
    schema.pop("required", None)
    if required:
        schema["required"] = required


def _is_nullable(schema: dict[str, Any]) -> bool:
    return any(each.get("type") == "null" for each in schema.get("anyOf", []))


def _correct_operation(
    path: str, method: str, operation: dict[str, Any], route: APIRoute | None
) -> None:
    describe_parameters(operation)
    answers = operation["responses"]
    if isinstance(route, ConditionalRoute):
        describe_condition(operation)
    if route is not None and _answers_nothing(route):
        answers[str(route.status_code)]["content"]["application/json"]["schema"] = {"type": "null"}
    # Invalid requests are answered with an error document, as every error is.
    answers.pop("422", None)
    for answer in answers.values():
        if method == "head":
            answer.pop("content", None)
        answer.setdefault("headers", {})["X-Request-ID"] = REQUEST_ID_REF
    answers["default"] = {"$ref": f"#/components/responses/{_error_of(path)}"}
    if "x-role" in operation:
        operation["security"] = [{"token": []}, {"session": []}]


def describe_other_answers(route: Route) -> dict[int | str, dict[str, Any]]:
    """What FastAPI is to know of a route's other answers."""
    described: dict[int | str, dict[str, Any]] = {}
    for status, media_type in route.also:
        if media_type == "application/json":
            described[status] = {"model": route.answer}
            continue
        content = {media_type: {"schema": {"type": "string"}}} if media_type else None
        told = "A stream of events." if media_type else "There is nothing to answer."
        if status == route.status:
            told = "The answer, or a stream of events if the request asks for one."
        described[status] = {"description": told} | ({"content": content} if content else {})
    return described


def _describe_error(
    schemas: dict[str, Any], models: Mapping[str, type[BaseModel] | None]
) -> dict[str, Any]:
    """The answer to a request that fails, and what is in it by media type."""
    content: dict[str, Any] = {}
    for media_type, model in models.items():
        if model is None:
            content[media_type] = {"schema": {"type": "object", "additionalProperties": True}}
            continue
        schema = model.model_json_schema(ref_template=f"{REF}{{model}}")
        schemas.update(schema.pop("$defs", {}))
        assert schemas.setdefault(model.__name__, schema) == schema, "another model has the name"
        content[media_type] = {"schema": {"$ref": f"{REF}{model.__name__}"}}
    return {
        "description": "An error. Its code is explained at `/api/v1/errors/CODE`.",
        "headers": {"X-Request-ID": REQUEST_ID_REF},
        "content": content,
    }


def _error_of(path: str) -> str:
    if path == MCP_PATH:
        return "McpError"
    return "OpenAIError" if is_openai_path(path) else "Problem"


def _answers_nothing(route: APIRoute) -> bool:
    """Whether the handler returns None, which is `null` in JSON."""
    return inspect.signature(route.endpoint).return_annotation in (None, "None")


def _rename_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """The document with names for models that have the same one in different modules: those that
    FastAPI finds are no names of types in other languages."""
    text = json.dumps(document)
    for name, better in SAME_NAMES.items():
        text = text.replace(f'"{REF}{name}"', f'"{REF}{better}"').replace(
            f'"{name}": {{', f'"{better}": {{'
        )
    renamed: dict[str, Any] = json.loads(text)
    for name in SAME_NAMES.values():
        renamed["components"]["schemas"][name]["title"] = name
    return renamed
