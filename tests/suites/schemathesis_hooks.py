"""What a suite cannot know: the names of things that exist, what would end its own access, and
which hosts it must leave alone."""

from __future__ import annotations

import os
import re
from typing import Any

import schemathesis
from schemathesis import GenerationMode

AGENT = os.environ["SUITE_AGENT"]
"""A published agent, so that requests that are right start runs."""
OWN = {"token": os.environ["SUITE_TOKEN_ID"], "user": os.environ["SUITE_USER"]}
MOST_S = 0.5
"""Seconds that a request waits for the end of a run which may never end."""
NOWHERE = "hooks.invalid"
"""No host has such a name (RFC 2606), so the webhooks that are made send nothing to strangers."""


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
