"""The server that most scenarios of the conformance suite ask for: test tools, resources, prompts.

It takes the place of the real server behind the daemon's own route, sessions and gate. With it, the
suite judges these and the SDK, and nothing of the real tools.
"""

from __future__ import annotations

import json
from typing import Any

from mcp import types
from mcp.server import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError

from tests.integration.mcp_server.suite_tools import (
    HANDLERS,
    NO_ARGUMENTS,
    PNG,
    SCHEMAS,
    Request,
    answer_of,
    embedded,
    form,
    need,
)

TEMPLATE = "test://template/"
STATIC = {
    "test://static-text": types.TextResourceContents(
        uri="test://static-text",
        mime_type="text/plain",
        text="This is the content of the static text resource.",
    ),
    "test://static-binary": types.BlobResourceContents(
        uri="test://static-binary", mime_type="image/png", blob=PNG
    ),
    "test://watched-resource": types.TextResourceContents(
        uri="test://watched-resource", mime_type="text/plain", text="watched"
    ),
}
PROMPTS = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
    "test_input_required_result_prompt": (),
}


def make_suite_server() -> Server[Any]:
    server: Server[Any] = Server(
        "suite",
        version="1",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=accept,
        on_unsubscribe_resource=accept,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=complete,
        on_set_logging_level=accept,
    )
    security = RequestStateSecurity.ephemeral()
    server.middleware.append(RequestStateBoundary(security, default_audience="suite"))
    return server


async def accept(_: Request, __: Any) -> types.EmptyResult:
    return types.EmptyResult()


async def list_tools(_: Request, __: Any) -> types.ListToolsResult:
    return types.ListToolsResult(
        tools=[
            types.Tool(
                name=name, description="A test.", input_schema=SCHEMAS.get(name, NO_ARGUMENTS)
            )
            for name in HANDLERS
        ]
    )


async def call_tool(request: Request, params: types.CallToolRequestParams) -> Any:
    if params.name not in HANDLERS:
        raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name!r}.")
    return await HANDLERS[params.name](request, params)


async def list_resources(_: Request, __: Any) -> types.ListResourcesResult:
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri=uri, name=uri, description="A test.", mime_type=each.mime_type)
            for uri, each in STATIC.items()
        ]
    )


async def list_templates(_: Request, __: Any) -> types.ListResourceTemplatesResult:
    template = types.ResourceTemplate(uri_template=f"{TEMPLATE}{{id}}/data", name="template")
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(_: Request, params: Any) -> types.ReadResourceResult:
    uri = str(params.uri)
    if uri in STATIC:
        return types.ReadResourceResult(contents=[STATIC[uri]])
    if not uri.startswith(TEMPLATE):
        raise MCPError(types.INVALID_PARAMS, "Resource not found", data={"uri": uri})
    id = uri.removeprefix(TEMPLATE).removesuffix("/data")
    data = json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})
    found = types.TextResourceContents(uri=uri, mime_type="application/json", text=data)
    return types.ReadResourceResult(contents=[found])


async def list_prompts(_: Request, __: Any) -> types.ListPromptsResult:
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=name,
                description="A test.",
                arguments=[types.PromptArgument(name=each, required=True) for each in arguments],
            )
            for name, arguments in PROMPTS.items()
        ]
    )


async def get_prompt(_: Request, params: Any) -> Any:
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            return _prompt(types.TextContent(text="This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            words = f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"
            return _prompt(types.TextContent(text=words))
        case "test_prompt_with_embedded_resource":
            words = "Embedded resource content for testing."
            return _prompt(
                embedded(given["resourceUri"], "text/plain", words),
                types.TextContent(text="Please process the embedded resource above."),
            )
        case "test_prompt_with_image":
            return _prompt(
                types.ImageContent(data=PNG, mime_type="image/png"),
                types.TextContent(text="Please analyze the image above."),
            )
        case "test_input_required_result_prompt":
            schema = {"type": "object", "properties": {"context": {"type": "string"}}}
            context = answer_of(params, "user_context", "context")
            if context is None:
                return need(user_context=form("What context should the prompt use?", schema))
            return _prompt(types.TextContent(text=context))
        case _:
            raise MCPError(types.INVALID_PARAMS, "There is no such prompt.")


def _prompt(*contents: Any) -> types.GetPromptResult:
    return types.GetPromptResult(
        messages=[types.PromptMessage(role="user", content=each) for each in contents]
    )


async def complete(_: Request, __: Any) -> types.CompleteResult:
    values = ["paris", "park", "party"]
    return types.CompleteResult(completion=types.Completion(values=values, total=3, has_more=False))
