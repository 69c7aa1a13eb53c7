"""What generated clients call the operations of the API, and which one goes on from the answer of
which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute

from harness.api.route import Created

CREATES = "x-creates"
"""Where an operation keeps what its route creates until it is linked."""
LOCATION = {
    "description": "The address of what was created.",
    "required": True,
    "schema": {"type": "string"},
}


def name_operation(route: APIRoute) -> str:
    """The name of an operation, which generated clients make a method of: that of its function. A
    function that is named by a verb alone gets the thing that the path is about: `abort_run`."""
    if "_" in route.name:
        return route.name
    segments = [each for each in route.path.split("/") if each and each != route.name]
    thing = next((each for each in reversed(segments) if each.startswith("{")), segments[-1])
    return f"{route.name}_{re.sub(r':.*', '', thing.strip('{}')).removesuffix('s')}"


def link_operations(document: dict[str, Any]) -> None:
    """Say of each answer that names something new which operations take its id, and that it has the
    header `Location` if one of them reads it. What is new, the routes say (`Route.creates`)."""
    of_parameter: dict[str, list[tuple[str, str]]] = {}
    for path, method, operation in _operations(document):
        found = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
        if len(found) == 1:
            reads = method == "get" and path.endswith(f"/{{{found[0]}}}")
            what = "read" if reads else method
            of_parameter.setdefault(found[0], []).append((what, operation["operationId"]))
    for _, _, operation in _operations(document):
        created, answer = operation.pop(CREATES, None), operation["responses"].get("201")
        if created and answer:
            _link_answer(answer, of_parameter, Created(*created))


def _link_answer(
    answer: dict[str, Any], of_parameter: dict[str, list[tuple[str, str]]], created: Created
) -> None:
    followers = of_parameter.get(created.parameter, [])
    value = f"$response.body#{created.pointer}"
    answer["links"] = {
        operation: {"operationId": operation, "parameters": {created.parameter: value}}
        for _, operation in followers
    }
    if any(what == "read" for what, _ in followers):
        answer.setdefault("headers", {})["Location"] = LOCATION


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation
