"""What a suite cannot know: the names of things that exist, what would end its own access, and
which hosts it must leave alone."""

from __future__ import annotations

import os
import re
from http import HTTPStatus
from typing import Any

import schemathesis
from refusals import is_known
from schemathesis import GenerationMode

AGENT = os.environ["SUITE_AGENT"]
"""A published agent, so that requests that are right start runs."""
OWN = {"token": os.environ["SUITE_TOKEN_ID"], "user": os.environ["SUITE_USER"]}
MOST_S = 0.5
"""Seconds that a request waits for the end of a run which may never end."""
NOWHERE = "hooks.invalid"
"""No host has such a name (RFC 2606), so the webhooks that are made send nothing to strangers."""

PROBLEM = {"$ref": "#/components/schemas/Problem"}


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Say what one event of a stream is. In OpenAPI 3.1 `schema` is the stream's whole body, and
    there is no word for its events; the suite takes `schema` for that of one event."""
    for path, operations in raw_schema["paths"].items():
        for operation in operations.values():
            for answer in operation["responses"].values():
                stream = answer.get("content", {}).get("text/event-stream")
                if stream is not None:
                    stream["schema"] = _event_of(path)


def _event_of(path: str) -> dict[str, Any]:
    """One event: its data is JSON, and a problem document if it is an error of ours."""
    data = _json({} if "/streams/" in path else {"type": "object"})
    if path.startswith("/v1/") or "/ai-sdk/" in path:  # how these protocols end
        data = {"anyOf": [{"const": "[DONE]"}, data]}
    fields = {"event": {"type": "string"}, "id": {"type": "string"}, "data": data}
    event = {"type": "object", "properties": fields, "required": ["data"]}
    if path.startswith("/api/v1/"):
        named = {"properties": {"event": {"const": "error"}}, "required": ["event"]}
        event |= {"if": named, "then": {"properties": {"data": _json(PROBLEM)}}}
    return event


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": schema,
    }


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out what revokes the suite's own token or disables its own user: everything after it
    would fail to sign in."""
    return not any(case.path_parameters.get(name) == own for name, own in OWN.items())


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Complete a request by what the schema does not say. But for the hosts of webhooks, only
    requests that are right: others are wrong in ways that this would mend."""
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("url"), str):
        body["url"] = re.sub(r"^(https?)://[^/?#]*", rf"\1://{NOWHERE}", body["url"])
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if "agent" in case.path_parameters:
        case.path_parameters["agent"] = AGENT
    if float(case.query.get("wait", 0)) > MOST_S:
        case.query["wait"] = MOST_S
    if isinstance(body, dict):
        _name_agent(case.operation.path, body)
        _choose_text(body)


def _name_agent(path: str, body: dict[str, Any]) -> None:
    field = "model" if path.startswith("/v1/") else "agent"
    if body.get(field) is not None:
        body[field] = AGENT
    if field == "agent":
        body.pop("model", None)  # of a provider, which none is configured for


def _choose_text(body: dict[str, Any]) -> None:
    """A run or message takes either a text or a template."""
    for field in ("prompt", "content"):
        if isinstance(body.get(field), str) and body[field] and "template" in body:
            body.pop("template")
            body.pop("variables", None)


@schemathesis.check
def refused_for_a_known_reason(ctx: Any, response: Any, case: Any) -> None:
    """A request that the document allows is refused only for what no schema expresses."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    if response.status_code != HTTPStatus.BAD_REQUEST or case.operation.path == "/mcp":
        return
    said = response.json()
    problem = said.get("error", said)
    text = problem.get("detail", problem.get("message", ""))
    assert is_known(case.operation.label, problem["code"], text), f"{problem['code']}: {text}"
