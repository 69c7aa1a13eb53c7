"""The routes of a capability, as its record names them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from harness.api.caller import Role

PREFIX = "/api/v1"


class OtherAnswer(NamedTuple):
    """A successful answer that a route gives beside its usual one."""

    status: int
    media_type: str | None
    """None: it has no body."""


EVENTS = OtherAnswer(200, "text/event-stream")
"""A stream of server-sent events, if the request asks for one."""
NOTHING = OtherAnswer(204, None)


class Created(NamedTuple):
    """What an answer names, so that other routes can be told of it."""

    parameter: str
    """The parameter of paths that takes it."""
    pointer: str = "/id"
    """Where it stands in the answer."""


class Route(NamedTuple):
    """One route under `/api/v1`, unless others expect its path: those of OpenAI's protocols start
    with `/v1/`, MCP's is `/mcp`, Prometheus' is `/metrics`, and Temporal's page is below
    `/temporal`."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "WEBSOCKET"]
    path: str
    handler: Callable[..., Any]
    """A FastAPI path operation; its docstring describes the route in the OpenAPI document."""
    role: Role
    """What the caller needs to be. No route works without signing in."""
    status: int = 200
    """The status of a successful answer."""
    media_type: str = "application/json"
    """Of a successful answer."""
    answer: Any = None
    """The model of the answer, of a handler that has written it already (`answer_json`)."""
    listed: bool = True
    """Whether the OpenAPI document lists it: not what only a page in a browser requests."""
    takes: str | None = None
    """The media type of a body that is a file: the handler reads it in parts from the request. It
    is bounded by `api.max_file_bytes` instead of `api.max_body_bytes`."""
    also: tuple[OtherAnswer, ...] = ()
    """Other successful answers."""
    creates: Created | None = None
    """What it creates: the OpenAPI document links its answer 201 to the routes that take it."""


OPENAI_PREFIX = "/v1/"
MCP_PATH = "/mcp"
METRICS_PATH = "/metrics"
SIGN_IN_PATH = "/sign-in"
"""What the links lead to that sign a browser in."""
TEMPORAL_PATH = "/temporal"
"""Where Temporal's own web page is served."""
TEMPORAL_CODEC_PATH = "/temporal-codec"
"""Where that page has payloads decoded."""
OWN_PATHS = (MCP_PATH, METRICS_PATH, TEMPORAL_PATH)
OWN_PREFIXES = (OPENAI_PREFIX, f"{TEMPORAL_PATH}/", f"{TEMPORAL_CODEC_PATH}/")


def full_path(path: str) -> str:
    """The path under which the daemon serves a route."""
    return path if path in OWN_PATHS or path.startswith(OWN_PREFIXES) else PREFIX + path


def is_openai_path(path: str) -> bool:
    """Whether a path belongs to OpenAI's protocols, whose errors have another format."""
    return path.startswith(OPENAI_PREFIX)
