"""What the translations do that the conformance suite cannot see from outside."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_core import to_json

from harness.contracts.errors import ProviderError
from harness.contracts.message import (
    Image,
    Message,
    ToolCall,
    ToolResult,
    tool_results,
    user_message,
)
from harness.contracts.model import MAX_TOKENS, ModelParams, ModelRequest, Usage
from harness.providers.adapter import Where
from harness.providers.anthropic import messages_wire
from harness.providers.anthropic.messages_wire import MessagesFold
from harness.providers.chat import chat_wire
from harness.providers.chat.chat_wire import ChatFold, Dialect, dialect_of
from harness.providers.openai import responses_wire
from harness.providers.openai.responses_wire import ResponsesFold
from harness.providers.schema import strict_ready
from harness.providers.translate import Memo, is_reasoning_model, read_arguments
from tests.fakes.asking import ADD

WHERE = Where("p", "m")


def request(model: str = "m", **more: Any) -> ModelRequest:
    values: dict[str, Any] = {"instructions": "Be brief.", "messages": (user_message("hi"),)} | more
    return ModelRequest(model=model, **values)


def test_responses_keeps_nothing_at_the_provider() -> None:
    body = responses_wire.body_of(request("gpt-5.4", cache_key="session-" * 20), WHERE)
    assert body["store"] is False
    assert body["include"] == ["reasoning.encrypted_content"]
    assert len(body["prompt_cache_key"]) == 64
    assert "include" not in responses_wire.body_of(request("gpt-4.1"), WHERE)


def test_responses_has_no_stop_sequences() -> None:
    with pytest.raises(ProviderError) as caught:
        responses_wire.body_of(request(params=ModelParams(stop=("END",))), WHERE)
    assert caught.value.code == "provider.unsupported"


@pytest.mark.parametrize(
    ("model", "thinks"),
    [("gpt-5", True), ("gpt-6.1-sol", True), ("o3", True), ("o4-mini", True), ("gpt-4.1", False),
     ("gpt-4o", False), ("gpt-5.2-chat-latest", False), ("other", False)],
)  # fmt: skip
def test_which_openai_models_think(model: str, thinks: bool) -> None:
    assert is_reasoning_model(model) is thinks


def test_anthropic_marks_the_prompt_for_the_cache() -> None:
    history = (
        user_message("1+2"),
        Message(role="assistant", parts=(ToolCall(id="c", name="add", arguments={}),)),
        tool_results((ToolResult(call="c", name="add", content="3"),)),
    )
    body = messages_wire.body_of(request(messages=history, tools=(ADD,)), WHERE, None)
    assert body["system"][0]["cache_control"]
    assert body["tools"][-1]["cache_control"]
    assert body["messages"][-1]["content"][-1]["cache_control"]
    assert str(body).count("cache_control") == 3


@pytest.mark.parametrize(
    ("model", "kind"),
    [("claude-sonnet-4-5-20250929", "enabled"), ("claude-haiku-4-5", "enabled"),
     ("claude-3-7-sonnet-20250219", "enabled"), ("claude-opus-4-20250514", "enabled"),
     ("claude-opus-4-6", "adaptive"), ("claude-sonnet-5", "adaptive"),
     ("claude-fable-5-1", "adaptive"), ("something-else", "adaptive")],
)  # fmt: skip
def test_how_claude_is_told_to_think(model: str, kind: str) -> None:
    params = ModelParams(reasoning_effort="high", max_output_tokens=100)
    body = messages_wire.body_of(request(model, params=params), WHERE, None)
    assert body["thinking"]["type"] == kind
    if kind == "enabled":
        assert body["max_tokens"] > body["thinking"]["budget_tokens"]
    else:
        assert body["output_config"] == {"effort": "high"}


def test_results_come_before_what_the_user_says() -> None:
    history = (
        user_message("1+2"),
        Message(role="assistant", parts=(ToolCall(id="c", name="add", arguments="oops"),)),
        tool_results((ToolResult(call="c", name="add", content="bad", error=True),)),
        user_message("hurry", origin="hint"),
    )
    turns = messages_wire.turns_of(history, WHERE)
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["type"] for block in turns[2]["content"]] == ["tool_result", "text"]
    assert turns[2]["content"][0]["is_error"] is True
    assert turns[1]["content"][0]["input"] == {"invalid_json": "oops"}


def test_a_picture_that_was_not_loaded() -> None:
    message = Message(role="user", parts=(Image(artifact="sha256:1"),))
    for body_of in (
        lambda r: responses_wire.body_of(r, WHERE),
        lambda r: messages_wire.body_of(r, WHERE, None),
        lambda r: chat_wire.body_of(r, WHERE, Dialect()),
    ):
        with pytest.raises(ProviderError, match="was not loaded"):
            body_of(request(messages=(message,)))


def test_dialects_of_chat_completions() -> None:
    params = ModelParams(max_output_tokens=5)
    openai = chat_wire.body_of(
        request(params=params), WHERE, dialect_of("https://api.openai.com/v1")
    )
    assert openai["max_completion_tokens"] == 5
    mistral = chat_wire.body_of(
        request(params=params), WHERE, dialect_of("https://api.mistral.ai/v1")
    )
    assert mistral["max_tokens"] == 5
    assert "stream_options" not in mistral
    assert "tools" not in mistral


def fold(*chunks: bytes) -> ChatFold:
    made = ChatFold(lambda _: None, WHERE)
    for chunk in chunks:
        made.feed(b"", chunk)
    return made


def test_calls_that_are_all_numbered_zero() -> None:
    """As Gemini's compatible endpoint and Ollama do."""
    reply = fold(
        b'{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}]}}]}',
        b'{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"y","arguments":"{}"}}]},"finish_reason":"stop"}]}',
    ).reply(None)
    assert [(call.id, call.name) for call in reply.message.calls] == [("a", "x"), ("b", "y")]
    assert reply.finish == "tool_calls"


def test_a_call_without_an_id() -> None:
    reply = fold(
        b'{"id":"r1","choices":[{"delta":{"tool_calls":[{"function":{"name":"x","arguments":{"a":1}}}]},"finish_reason":"tool_calls"}]}'
    ).reply(None)
    assert reply.message.calls == (ToolCall(id="call_r1_0", name="x", arguments={"a": 1}),)


def test_what_a_call_carries_is_handed_back() -> None:
    """Gemini wants the signature of its thought back with each call."""
    reply = fold(
        b'{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","extra_content":{"google":{"thought_signature":"s"}},"function":{"name":"x","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}'
    ).reply(None)
    result = tool_results((ToolResult(call="a", name="x", content="1"),))
    again = request(messages=(user_message("hi"), reply.message, result))
    sent = chat_wire.messages_of(again, WHERE)
    assert sent[2]["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "s"}}


def test_usage_in_the_shapes_there_are() -> None:
    usage = chat_wire.usage_of({"prompt_tokens": 9, "prompt_cache_hit_tokens": 4})
    assert (usage.input, usage.cached) == (9, 4)
    reply = fold(
        b'{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":1}}}'
    ).reply(None)
    assert (reply.usage.input, reply.usage.output) == (3, 1)


MALFORMED: list[Any] = [
    "many", 7, [1], None, True, {}, {"x": 1},
    *(
        {name: value}
        for name in ("prompt_tokens", "input_tokens", "output_tokens", "cache_read_input_tokens")
        for value in ("a lot", "12", 1.5, 1e300, -4, None, True, [], {"n": 1})
    ),
    *(
        {name: value}
        for name in ("prompt_tokens_details", "input_tokens_details", "output_tokens_details")
        for value in ("none", [1], 3, {"cached_tokens": "x"}, {"thinking_tokens": -1.5})
    ),
]  # fmt: skip


@pytest.mark.parametrize("said", MALFORMED)
def test_a_bill_that_cannot_be_read_costs_no_answer(said: Any) -> None:
    chat = fold(
        to_json({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}], "usage": said}),
        to_json({"choices": [], "x_groq": said}),
    )
    messages = MessagesFold(lambda _: None, WHERE)
    for value in (
        {"type": "message_start", "message": {"usage": said}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "a"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": said},
        {"type": "message_stop"},
    ):
        messages.feed(b"", to_json(value))
    responses = ResponsesFold(lambda _: None, WHERE)
    item = {"type": "message", "content": [{"type": "output_text", "text": "a"}]}
    done = {"status": "completed", "output": [item], "usage": said}
    responses.feed(b"response.completed", to_json({"type": "response.completed", "response": done}))
    for reply in (chat.reply(None), messages.reply(None), responses.reply(None)):
        assert reply.message.text == "a"
        assert reply.usage == Usage()


def test_a_bill_beyond_measure_is_clamped() -> None:
    for usage_of in (chat_wire.usage_of, messages_wire.usage_of, responses_wire.usage_of):
        said = {"prompt_tokens": 10**30, "input_tokens": 10**30}
        assert usage_of(said).input == MAX_TOKENS


def test_text_in_parts() -> None:
    reply = fold(
        b'{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"a"}]},"finish_reason":"stop"}]}'
    ).reply(None)
    assert reply.message.text == "a"


OBJECT = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
LIST = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (OBJECT, True),
        ({**OBJECT, "properties": {"x": LIST}, "required": ["x"]}, True),
        ({**OBJECT, "properties": {"x": LIST}}, False),
        ({"type": "object"}, False),
        ({**OBJECT, "additionalProperties": True}, False),
        ({**OBJECT, "properties": {"x": {**LIST, "default": 1}}, "required": ["x"]}, False),
        ({**OBJECT, "properties": {"x": {"anyOf": [LIST, LIST]}}, "required": ["x"]}, True),
        ({**OBJECT, "properties": {"x": {}}, "required": ["x"]}, False),
        ({**OBJECT, "properties": {"x": {"type": "array"}}, "required": ["x"]}, False),
        ({**OBJECT, "$defs": {"y": {"type": "object"}}}, False),
        ({**OBJECT, "$defs": {"y": OBJECT}}, True),
    ],
)  # fmt: skip
def test_which_schemas_are_strict(schema: dict[str, Any], strict: bool) -> None:
    assert strict_ready(schema) is strict


def test_arguments() -> None:
    assert read_arguments('{"a": 1}') == {"a": 1}
    assert read_arguments(" ") == {}
    assert read_arguments("[1]") == "[1]"
    assert read_arguments('{"a"') == '{"a"'


def test_tools_are_translated_once() -> None:
    made: list[object] = []
    memo: Memo[int] = Memo(limit=2)
    one, two, three = ((tool, ADD) for tool in (ADD, ADD.model_copy(), ADD.model_copy()))
    for tools in (one, two, (ADD, ADD), two, three, one):
        memo.get_or_make(tools, lambda tools: made.append(tools) or len(made))
    assert [id(tools) for tools in made] == [id(tools) for tools in (one, two, three, one)]
