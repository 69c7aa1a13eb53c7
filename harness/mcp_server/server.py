"""The MCP server: answers a client's requests from the table of tools and the resources."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from harness.api.body import first_problem
from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.problems import describe_error
from harness.commons.log import get_logger
from harness.contracts.errors import (
    HarnessError,
    InvalidRequest,
    NotAllowed,
    ServerFault,
    TooManyCalls,
)
from harness.mcp_server.call import McpCall
from harness.mcp_server.resources import list_resources, list_templates, read_resource
from harness.mcp_server.tools import TOOLS, McpTool
from harness.version import __version__

if TYPE_CHECKING:
    from mcp import types
    from mcp.server import Server, ServerRequestContext

    Request = ServerRequestContext[Any, Any]

MOST_CALLS = 64
"""Tool calls at once: a client may leave and call again, while its calls still wait for runs."""
INSTRUCTIONS = (
    "Runs of durable agents. start_run starts one and returns its id; wait_for_run follows it. "
    "Call wait_for_run again until the run has ended. A run that is waiting needs a person."
)

log = get_logger(__name__)


def make_server(context: ApiContext, find_caller: Callable[[Request], Caller]) -> Server[Any]:
    """A server for one client, or for all clients with the same token.

    Args:
        context: What all requests share.
        find_caller: Who makes a request.
    """
    from mcp import types
    from mcp.server import Server

    open_calls = _OpenCalls()

    async def on_list_tools(request: Request, _: Any) -> types.ListToolsResult:
        role = find_caller(request).role
        return types.ListToolsResult(
            tools=[describe_tool(each) for each in TOOLS.values() if role.covers(each.role)]
        )

    async def on_call_tool(request: Request, params: types.CallToolRequestParams) -> Any:
        from mcp.shared.exceptions import MCPError

        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name[:100]!r}.")
        answers = {
            key: answer
            for key, answer in (params.input_responses or {}).items()
            if isinstance(answer, types.ElicitResult)
        }
        call = McpCall(context, find_caller(request), request, answers)
        try:
            with open_calls.one_more():
                return await _call_tool(tool, call, params.arguments or {})
        except HarnessError as error:
            return _make_error(error)

    async def on_list_resources(request: Request, params: Any) -> types.ListResourcesResult:
        return await list_resources(context, find_caller(request), params.cursor)

    async def on_read_resource(request: Request, params: Any) -> types.ReadResourceResult:
        caller, protocol = find_caller(request), request.protocol_version
        return await read_resource(context, caller, str(params.uri), protocol)

    return Server(
        "harness",
        version=__version__,
        title="harness",
        instructions=INSTRUCTIONS,
        get_tool_input_schema=lambda _: None,  # no argument is sent as a header too
        on_list_tools=on_list_tools,
        on_call_tool=on_call_tool,
        on_list_resources=on_list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=on_read_resource,
    )


def describe_tool(tool: McpTool) -> types.Tool:
    """A tool as clients see it."""
    from mcp import types

    reads = tool.role.value == "viewer"
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.body.model_json_schema(),
        annotations=types.ToolAnnotations(
            read_only_hint=reads, destructive_hint=None if reads else tool.destructive
        ),
    )


async def _call_tool(tool: McpTool, call: McpCall, arguments: dict[str, Any]) -> Any:
    from mcp.types import InputRequiredResult

    if not call.caller.role.covers(tool.role):
        raise NotAllowed(f"{tool.name} needs the role {tool.role}; you have {call.caller.role}.")
    try:
        body = tool.body.model_validate(arguments)
        run = getattr(body, "run", None)
        if run is not None:
            await call.context.check_run(call.caller, run)
        found = await tool.function(call, body)
        return found if isinstance(found, InputRequiredResult) else _make_result(found)
    except ValidationError as error:
        problem = first_problem(error)
        raise InvalidRequest(problem.message, fix="tools/list describes the arguments.") from None
    except (UnicodeEncodeError, PydanticSerializationError, RecursionError):
        # JSON may hold halves of characters, which cannot be written anywhere.
        raise InvalidRequest("A text is not Unicode, or a value is nested too deep.") from None
    except HarnessError:
        raise
    except Exception as error:
        log.error("a tool call failed", tool=tool.name, exc_info=error)
        raise ServerFault("The daemon failed.") from None


def _make_result(found: BaseModel) -> types.CallToolResult:
    """The result as text for models, and as a value for programs."""
    from mcp.types import CallToolResult, TextContent

    text = found.model_dump_json(exclude_none=True)
    return CallToolResult(
        content=[TextContent(text=text)],
        structured_content=found.model_dump(mode="json", exclude_none=True),
    )


def _make_error(error: HarnessError) -> types.CallToolResult:
    """An error as a result, which the client's model reads."""
    from mcp.types import CallToolResult, TextContent

    problem = describe_error(error).model_dump(mode="json", exclude_none=True)
    text = f"{error.message} {error.fix}".strip()
    return CallToolResult(
        content=[TextContent(text=f"{error.code}: {text}")],
        structured_content=problem,
        is_error=True,
    )


class _OpenCalls:
    def __init__(self) -> None:
        self._open = 0

    @contextmanager
    def one_more(self) -> Generator[None]:
        if self._open >= MOST_CALLS:
            raise TooManyCalls(f"{MOST_CALLS} calls of this client are open.")
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
