"""Runs as resources: `harness://runs/ID` is the card of a run, with `/events` its trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from pydantic import BaseModel

from harness.api.caller import Caller
from harness.api.context import ApiContext, owner_filter
from harness.contracts.errors import HarnessError, RunNotFound
from harness.runs.card import read_observed_card
from harness.runs.filter import RunFilter
from harness.runs.listing import RunRow
from harness.runs.pages import RunPage, read_runs
from harness.runs.reads import read_trace

if TYPE_CHECKING:
    from mcp.types import ListResourcesResult, ListResourceTemplatesResult, ReadResourceResult

RUNS = "harness://runs/"
EVENTS = "/events"
JSON = "application/json"
PAGE = 50
MAX_URI = 1_000
NOT_FOUND_2025 = -32002
"""What clients of the handshake versions expect; later ones: invalid parameters."""


def uri_of(run: str) -> str:
    """The address of a run's card."""
    return f"{RUNS}{quote(run, safe='')}"


async def list_resources(
    context: ApiContext, caller: Caller, cursor: str | None
) -> ListResourcesResult:
    """The caller's runs, newest first."""
    from mcp.shared.exceptions import MCPError
    from mcp.types import INVALID_PARAMS, ListResourcesResult

    try:
        chosen = RunFilter(owner=owner_filter(caller))
        page = await read_runs(context, RunPage(chosen.query(), PAGE, cursor))
    except HarnessError as error:
        raise MCPError(INVALID_PARAMS, error.message) from None
    return ListResourcesResult(
        resources=[_describe(row) for row in page.runs], next_cursor=page.next
    )


def _describe(row: RunRow) -> Any:
    from mcp.types import Resource

    return Resource(
        uri=uri_of(row.id),
        name=row.id,
        description=f"A run of {row.agent}: {row.state}",
        mime_type=JSON,
    )


async def list_templates(*_: object) -> ListResourceTemplatesResult:
    """The forms of addresses."""
    from mcp.types import ListResourceTemplatesResult, ResourceTemplate

    return ListResourceTemplatesResult(
        resource_templates=[
            ResourceTemplate(
                uri_template=f"{RUNS}{{run}}",
                name="run",
                description="What a run did so far, what it does now, and what it waits for.",
                mime_type=JSON,
            ),
            ResourceTemplate(
                uri_template=f"{RUNS}{{run}}{EVENTS}",
                name="run-events",
                description="The trace of a run: its events, oldest first.",
                mime_type=JSON,
            ),
        ]
    )


async def read_resource(
    context: ApiContext, caller: Caller, uri: str, protocol: str
) -> ReadResourceResult:
    """Read a card or a trace; someone else's is not found."""
    from mcp.shared.exceptions import MCPError
    from mcp.types import INVALID_PARAMS, ReadResourceResult, TextResourceContents
    from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

    try:
        found = await _read(context, caller, uri)
    except RunNotFound:
        code = NOT_FOUND_2025 if protocol in HANDSHAKE_PROTOCOL_VERSIONS else INVALID_PARAMS
        message = "Resource not found"
        raise MCPError(code, message, data={"uri": uri[:MAX_URI]}) from None
    except HarnessError as error:
        raise MCPError(INVALID_PARAMS, f"{error.message} {error.fix}") from None
    text = found.model_dump_json(exclude_none=True)
    return ReadResourceResult(
        contents=[TextResourceContents(uri=uri, mime_type=JSON, text=text)],
    )


async def _read(context: ApiContext, caller: Caller, uri: str) -> BaseModel:
    path = uri.removeprefix(RUNS)
    if path == uri or len(uri) > MAX_URI:
        raise RunNotFound(f"{uri[:100]!r} is not the address of a run.")
    whole = path.endswith(EVENTS)
    run = unquote(path.removesuffix(EVENTS) if whole else path)
    observed = await context.check_run(caller, run)
    if whole:
        return await read_trace(context, run)
    return await read_observed_card(context.connection, context.reads, run, observed)
