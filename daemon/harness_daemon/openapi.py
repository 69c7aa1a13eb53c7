"""The OpenAPI document, corrected where FastAPI's own differs from what the daemon answers."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from harness.api.problems import MEDIA_TYPE, Problem
from harness_daemon.conditional import ConditionalRoute, describe_condition
from harness_daemon.gate import COOKIE
from harness_daemon.parameters import describe_parameters

REF = "#/components/schemas/{model}"
PROBLEM = {
    "description": "A problem document (RFC 9457).",
    "content": {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
}
UNUSED = ("HTTPValidationError", "ValidationError")


def describe_routes(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an app."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    for name in UNUSED:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template=REF)
    schemas.update(problem.pop("$defs", {}), Problem=problem)
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    conditional = {each.path for each in app.routes if isinstance(each, ConditionalRoute)}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            describe_parameters(operation)
            if method == "get" and path in conditional:
                describe_condition(operation)
            # Invalid requests are answered with a problem document, as every error is.
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = PROBLEM
            if "x-role" in operation:
                operation["security"] = [{"token": []}, {"session": []}]
    return document
