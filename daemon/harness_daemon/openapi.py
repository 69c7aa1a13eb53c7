"""The OpenAPI document, corrected where FastAPI's own differs from what the daemon answers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute

from harness.access.sign_in import COOKIE
from harness.api.problems import MEDIA_TYPE, Problem
from harness.api.route import EVENTS, MCP_PATH, Route, is_openai_path
from harness.commons.log import get_logger
from harness.openai_api.problems import ErrorAnswer
from harness_daemon.conditional import ConditionalRoute, describe_condition
from harness_daemon.operations import link_operations
from harness_daemon.parameters import describe_parameters
from harness_daemon.schemas import REF, add_part, name_schemas, rename_operations

FAILED: dict[int | str, dict[str, Any]] = {"default": {"description": "An error."}}
"""What FastAPI is to know of errors. Otherwise it adds the answer 422 with schemas of its own,
which replace those of models with their names."""
_log = get_logger(__name__)

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


def describe_routes(app: FastAPI, installed: Mapping[str, Sequence[BaseRoute]]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an app.

    Args:
        app: The app.
        installed: The routes of capabilities that are not built in, by the capability.
    """
    added = {id(route) for routes in installed.values() for route in routes}
    document = _describe_part(app, [each for each in app.routes if id(each) not in added])
    document = name_schemas(document)
    components = document["components"]
    components["securitySchemes"] = SECURITY
    components["headers"] = {"RequestId": REQUEST_ID}
    components["responses"] = {
        "Problem": _describe_error(components["schemas"], {MEDIA_TYPE: Problem}),
        "OpenAIError": _describe_error(components["schemas"], {"application/json": ErrorAnswer}),
        "McpError": _describe_error(
            components["schemas"], {MEDIA_TYPE: Problem, "application/json": None}
        ),
    }
    _finish_part(document)
    names = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    for capability, routes in installed.items():
        try:
            part = _describe_part(app, routes)
        except Exception as error:  # of FastAPI or pydantic: a type that JSON has none for
            _log.warning("the routes of %s cannot be described: %s", capability, error)
            continue
        rename_operations(part, capability, names)
        _finish_part(part)
        add_part(document, part, capability)
    return document


def _describe_part(app: FastAPI, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document of some of the routes, with corrected operations."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=routes,
        separate_input_output_schemas=app.separate_input_output_schemas,
    )
    document.setdefault("components", {}).setdefault("schemas", {})
    found = {
        (each.path_format, method.lower()): each
        for each in routes
        if isinstance(each, APIRoute)
        for method in each.methods or ()
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _correct_operation(path, method, operation, found.get((path, method)))
    return document


def _finish_part(document: dict[str, Any]) -> None:
    link_operations(document)
    for schema in document["components"]["schemas"].values():
        _leave_out_nulls(schema)


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
    for answer in answers.values():
        if method == "head":
            answer.pop("content", None)
        answer.setdefault("headers", {})["X-Request-ID"] = REQUEST_ID_REF
    answers["default"] = {"$ref": f"#/components/responses/{_error_of(path)}"}
    if "x-role" in operation:
        operation["security"] = [{"token": []}, {"session": []}]


def describe_file(media_type: str) -> dict[str, Any]:
    """What a request takes whose body is a file."""
    schema = {"type": "string", "format": "binary"}
    return {"required": True, "content": {media_type: {"schema": schema}}}


def describe_other_answers(route: Route) -> dict[int | str, dict[str, Any]]:
    """What FastAPI is to know of a route's other answers."""
    described: dict[int | str, dict[str, Any]] = {}
    for status, media_type in route.also:
        if media_type == "application/json":
            described[status] = {"model": route.answer}
            continue
        content = {media_type: {"schema": {"type": "string"}}} if media_type else None
        told = "A stream of events." if media_type else "There is nothing to answer."
        if status == route.status and media_type != EVENTS.media_type:
            told = "The answer, in the format that the request asks for."
        elif status == route.status:
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
