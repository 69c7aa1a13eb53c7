"""The tools that the conformance suite expects of a server under test."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from mcp import types
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError

Request = ServerRequestContext[Any, Any]
Handler = Callable[[Request, types.CallToolRequestParams], Awaitable[Any]]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
WAV = base64.b64encode(b"RIFF\x24\x00\x00\x00WAVE").decode()
MISSING_CAPABILITY = -32021
NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}
HANDLERS: dict[str, Handler] = {}


def text(words: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=words)])


def tool(handler: Handler) -> Handler:
    HANDLERS[handler.__name__] = handler
    return handler


def form(message: str, schema: dict[str, Any]) -> types.ElicitRequest:
    return types.ElicitRequest(
        params=types.ElicitRequestFormParams(message=message, requested_schema=schema)
    )


def sample(prompt: str) -> types.CreateMessageRequest:
    said = types.SamplingMessage(role="user", content=types.TextContent(text=prompt))
    return types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(messages=[said], max_tokens=100)
    )


def need(state: str | None = None, **requests: Any) -> types.InputRequiredResult:
    return types.InputRequiredResult(input_requests=requests, request_state=state)


def answer_of(params: Any, key: str, field: str) -> Any:
    """What a form's field holds, if the question was answered."""
    answer = (params.input_responses or {}).get(key)
    content = answer.content if isinstance(answer, types.ElicitResult) else None
    return (content or {}).get(field)


@tool
async def test_simple_text(_: Request, __: Any) -> Any:
    return text("This is a simple text response for testing.")


@tool
async def test_image_content(_: Request, __: Any) -> Any:
    return types.CallToolResult(content=[types.ImageContent(data=PNG, mime_type="image/png")])


@tool
async def test_audio_content(_: Request, __: Any) -> Any:
    return types.CallToolResult(content=[types.AudioContent(data=WAV, mime_type="audio/wav")])


def embedded(uri: str, kind: str, words: str) -> types.EmbeddedResource:
    found = types.TextResourceContents(uri=uri, mime_type=kind, text=words)
    return types.EmbeddedResource(resource=found)


@tool
async def test_embedded_resource(_: Request, __: Any) -> Any:
    words = "This is an embedded resource content."
    return types.CallToolResult(content=[embedded("test://embedded-resource", "text/plain", words)])


@tool
async def test_multiple_content_types(_: Request, __: Any) -> Any:
    data = '{"test":"data","value":123}'
    return types.CallToolResult(
        content=[
            types.TextContent(text="Multiple content types test:"),
            types.ImageContent(data=PNG, mime_type="image/png"),
            embedded("test://mixed-content-resource", "application/json", data),
        ]
    )


@tool
async def test_tool_with_logging(request: Request, _: Any) -> Any:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await request.session.send_log_message("info", words, related_request_id=request.request_id)
    return text("logged")


@tool
async def test_logging_tool(request: Request, params: Any) -> Any:
    return await test_tool_with_logging(request, params)


@tool
async def test_error_handling(_: Request, __: Any) -> Any:
    failed = text("This tool intentionally returns an error for testing")
    return failed.model_copy(update={"is_error": True})


@tool
async def test_tool_with_progress(request: Request, _: Any) -> Any:
    for done in (0, 50, 100):
        await request.session.report_progress(done, 100)
    return text("done")


@tool
async def test_sampling(request: Request, params: Any) -> Any:
    said = sample(params.arguments["prompt"])
    reply = await request.session.send_request(
        said, types.CreateMessageResult, metadata=_related(request)
    )
    return text(f"LLM response: {reply.content.text}")


async def _elicit(request: Request, message: str, schema: dict[str, Any]) -> Any:
    reply = await request.session.elicit_form(message, schema, request.request_id)
    words = f"action={reply.action}, content={reply.content}"
    return text(f"Elicitation completed: {words}")


@tool
async def test_elicitation(request: Request, params: Any) -> Any:
    fields = {"username": {"type": "string"}, "email": {"type": "string"}}
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    return await _elicit(request, params.arguments["message"], schema)


@tool
async def test_elicitation_sep1034_defaults(request: Request, _: Any) -> Any:
    states = ["active", "inactive", "pending"]
    fields = {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": states, "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
    return await _elicit(request, "Defaults", {"type": "object", "properties": fields})


@tool
async def test_elicitation_sep1330_enums(request: Request, _: Any) -> Any:
    plain = {"type": "string", "enum": ["option1", "option2", "option3"]}
    titled = [{"const": f"value{n}", "title": f"Option {n}"} for n in (1, 2, 3)]
    names = {"enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]}
    fields = {
        "untitledSingle": plain,
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", **names},
        "untitledMulti": {"type": "array", "items": plain},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }
    return await _elicit(request, "Enums", {"type": "object", "properties": fields})


@tool
async def test_streaming_elicitation(request: Request, params: Any) -> Any:
    await request.session.report_progress(1)
    return await test_input_required_result_elicitation(request, params)


@tool
async def test_missing_capability(request: Request, _: Any) -> Any:
    declared = request.session.client_capabilities
    if declared is None or declared.sampling is None:
        data = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_CAPABILITY, "The client does not sample", data=data)
    return text("declared")


@tool
async def test_input_required_result_elicitation(_: Request, params: Any) -> Any:
    name = answer_of(params, "user_name", "name")
    if not isinstance(name, str):
        return need(user_name=form("What is your name?", NAME))
    return text(f"Hello, {name}!")


@tool
async def test_input_required_result_sampling(_: Request, params: Any) -> Any:
    reply = (params.input_responses or {}).get("capital_question")
    if reply is None:
        return need(capital_question=sample("What is the capital of France?"))
    return text(reply.content.text)


@tool
async def test_input_required_result_list_roots(_: Request, params: Any) -> Any:
    reply = (params.input_responses or {}).get("client_roots")
    if reply is None:
        return need(client_roots=types.ListRootsRequest())
    return text(f"roots: {[str(root.uri) for root in reply.roots]}")


@tool
async def test_input_required_result_request_state(_: Request, params: Any) -> Any:
    if params.request_state is None or not params.input_responses:
        schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
        return need("asked", confirm=form("Please confirm", schema))
    return text(f"state-ok {params.request_state}")


@tool
async def test_input_required_result_tampered_state(request: Request, params: Any) -> Any:
    return await test_input_required_result_request_state(request, params)


@tool
async def test_input_required_result_multiple_inputs(_: Request, params: Any) -> Any:
    wanted = {
        "user_name": form("What is your name?", NAME),
        "greeting": sample("Generate a greeting"),
        "client_roots": types.ListRootsRequest(),
    }
    if wanted.keys() - (params.input_responses or {}).keys():
        return need("asked", **wanted)
    return text("complete")


@tool
async def test_input_required_result_multi_round(_: Request, params: Any) -> Any:
    if params.request_state is None:
        return need("round-1", step1=form("Step 1: What is your name?", NAME))
    if params.request_state == "round-1":
        colour = {"type": "object", "properties": {"color": {"type": "string"}}}
        return need("round-2", step2=form("Step 2: What is your favorite color?", colour))
    return text("complete")


@tool
async def test_input_required_result_capabilities(request: Request, _: Any) -> Any:
    declared = request.session.client_capabilities
    wanted: dict[str, Any] = {}
    if declared and declared.elicitation:
        wanted["user_name"] = form("What is your name?", NAME)
    if declared and declared.sampling:
        wanted["greeting"] = sample("Generate a greeting")
    return need(**wanted)


@tool
async def test_custom_header(_: Request, params: Any) -> Any:
    return text(params.arguments["region"])


@tool
async def json_schema_2020_12_tool(_: Request, __: Any) -> Any:
    return text("valid")


def _related(request: Request) -> Any:
    from mcp.shared.message import ServerMessageMetadata

    return ServerMessageMetadata(related_request_id=request.request_id)


SCHEMAS: dict[str, dict[str, Any]] = {
    "test_sampling": {
        "type": "object",
        "properties": {"prompt": {"type": "string"}},
        "required": ["prompt"],
    },
    "test_elicitation": {
        "type": "object",
        "properties": {"message": {"type": "string"}},
        "required": ["message"],
    },
    "test_custom_header": {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        "required": ["region"],
    },
    "json_schema_2020_12_tool": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
}
