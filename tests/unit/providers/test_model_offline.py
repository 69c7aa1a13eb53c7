"""offline/demo understands what it says it understands, and answers the same every time."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from harness.contracts.message import Message, ToolCall, ToolResult, tool_results, user_message
from harness.contracts.model import ModelRequest
from harness.contracts.tool import ToolSpec
from harness.providers.offline.model import decide_reply
from harness.providers.offline.output import fill_schema


def tool(name: str, **properties: str) -> ToolSpec:
    return ToolSpec(
        name=name,
        description="",
        parameters={
            "type": "object",
            "properties": {key: {"type": kind} for key, kind in properties.items()},
            "required": list(properties),
        },
    )


MATH = tool("math", expression="string")
ADD = tool("add", a="integer", b="integer")
READ = tool("read_file", path="string")
WRITE = tool("write_file", content="string", path="string")
LIST = ToolSpec(
    name="list_files",
    description="",
    parameters={"type": "object", "properties": {"pattern": {"type": "string"}}},
)
SEARCH = tool("search_files", query="string")
NOW = tool("now")
ASK = tool("ask_human", question="string")
ECHO = tool("echo", text="string")
GET = tool("http_get", url="string")
WEATHER = tool("get_weather", city="string")
TRANSFER = tool("transfer_money", amount="number", to="string")
TOOLS = (MATH, READ, WRITE, LIST, SEARCH, NOW, ASK, ECHO, GET, WEATHER, TRANSFER)


def request(*messages: Message, tools: tuple[ToolSpec, ...] = TOOLS, **more: Any) -> ModelRequest:
    return ModelRequest(model="demo", instructions="", messages=messages, tools=tools, **more)


def asked(text: str, tools: tuple[ToolSpec, ...] = TOOLS) -> list[tuple[str, Any]]:
    return [
        (call.name, call.arguments)
        for call in decide_reply(request(user_message(text), tools=tools))[0]
    ]


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("What is 2 + 3?", "math", {"expression": "2+3"}),
        ("what's 12 times 3", "math", {"expression": "12*3"}),
        ("Please read notes.txt", "read_file", {"path": "notes.txt"}),
        ("Read the file docs/a-b.md and tell me", "read_file", {"path": "docs/a-b.md"}),
        ("write 'hi all' to out/x.txt", "write_file", {"path": "out/x.txt", "content": "hi all"}),
        ("List all files", "list_files", {}),
        ("list files in src", "list_files", {"pattern": "src"}),
        ("search for TODO", "search_files", {"query": "TODO"}),
        ("What time is it?", "now", {}),
        ("Ask me which colour", "ask_human", {"question": "which colour"}),
        ("echo hello world", "echo", {"text": "hello world"}),
        ("get https://example.org/a?b=1", "http_get", {"url": "https://example.org/a?b=1"}),
        ("What's the weather in Paris?", "get_weather", {"city": "Paris"}),
        ("Transfer 12.5 to Anna", "transfer_money", {"amount": 12.5, "to": "Anna"}),
    ],
)  # fmt: skip
def test_one_wish(text: str, name: str, arguments: Any) -> None:
    assert asked(text) == [(name, arguments)]


def test_a_tool_for_sums_is_preferred() -> None:
    assert asked("Add 2 + 3", (MATH, ADD)) == [("add", {"a": 2, "b": 3})]
    assert asked("2 * 3", (MATH, ADD)) == [("math", {"expression": "2*3"})]


def test_several_wishes_one_after_the_other() -> None:
    question = user_message("What is 1+2, 3+4 and then read notes.txt?")
    messages: list[Message] = [question]
    made: list[Any] = []
    for turn in range(4):
        calls, text, _ = decide_reply(request(*messages))
        if not calls:
            assert turn == 3
            assert "1+2 = r0" in text and "3+4 = r1" in text and "r2" in text
            break
        (call,) = calls
        made.append(call)
        result = ToolResult(call=call.id, name=call.name, content=f"r{turn}")
        messages += [Message(role="assistant", parts=(call,)), tool_results((result,))]
    assert [call.name for call in made] == ["math", "math", "read_file"]
    assert len({call.id for call in made}) == 3


def test_all_at_once_when_asked_to() -> None:
    assert len(asked("Compute 1+2, 3+4 and 5+6 in parallel")) == 3


def test_a_hint_is_heard() -> None:
    call = ToolCall(id="call_1", name="math", arguments={"expression": "1+2"})
    result = ToolResult(call="call_1", name="math", content="3")
    messages = (
        user_message("What is 1+2?"),
        Message(role="assistant", parts=(call,)),
        tool_results((result,)),
        user_message("Also 5+5", origin="hint"),
    )
    ((more,), _, _) = decide_reply(request(*messages))
    assert more.arguments == {"expression": "5+5"}
    assert more.id == "call_2"


def test_a_failed_call_is_told() -> None:
    call = ToolCall(id="call_1", name="read_file", arguments={"path": "x"})
    result = ToolResult(call="call_1", name="read_file", content="no such file", error=True)
    history = (
        user_message("read x"),
        Message(role="assistant", parts=(call,)),
        tool_results((result,)),
    )
    calls, text, _ = decide_reply(request(*history))
    assert calls == []
    assert "could not" in text and "no such file" in text


def test_it_says_what_it_is() -> None:
    _, text, _ = decide_reply(request(user_message("Tell me about Rome"), tools=()))
    assert "rule-based" in text and "no language model" in text and "OPENAI_API_KEY" in text


def test_counting_and_saying() -> None:
    assert decide_reply(request(user_message("count to 5")))[1] == "1 2 3 4 5"
    assert decide_reply(request(user_message("say hello"), tools=()))[1] == "hello"
    assert (
        decide_reply(request(user_message("count to 3 slowly")))[2]
        > decide_reply(request(user_message("count to 3")))[2]
    )


def an(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


ITEM = an(ok={"type": "boolean"}, kind={"enum": ["a", "b"]})
NODE = an(next={"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]})
SCHEMAS: list[dict[str, Any]] = [
    an(answer={"type": "string"}, n={"type": "integer"}),
    an(items={"type": "array", "items": {"$ref": "#/$defs/I"}, "minItems": 2})
    | {"$defs": {"I": ITEM}},
    an(x={"anyOf": [{"type": "null"}, {"type": "number", "minimum": 10}]}),
    an(y={"type": ["string", "null"], "maxLength": 5}, z={"type": "null"}),
    an(when={"type": "string", "format": "date"}, c={"const": 7}),
    an(low={"type": "integer", "exclusiveMaximum": 0}),
    {"$ref": "#/$defs/N", "$defs": {"N": NODE}},
    {"type": "string", "minLength": 400},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_typed_result_fits(schema: dict[str, Any]) -> None:
    _, text, _ = decide_reply(request(user_message("What is 2+3?"), tools=(), output=schema))
    jsonschema.validate(json.loads(text), schema, format_checker=jsonschema.FormatChecker())


def test_a_typed_result_holds_what_was_found() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"sum": {"type": "integer"}}}
    assert fill_schema(schema, "What is 2+3?", "", ["5"]) == {"sum": 5}


def test_the_same_every_time() -> None:
    ask = request(user_message("What is 1+2 and what time is it?"))
    assert decide_reply(ask) == decide_reply(ask)
