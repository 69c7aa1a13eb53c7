"""What an agent can count on from a provider, whichever protocol it speaks.

The fake server refuses what the real APIs refuse, so each call also shows that its request is one
that they take.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from harness.contracts.message import (
    FileRef,
    Image,
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    tool_results,
    user_message,
)
from harness.contracts.model import ModelParams
from harness.contracts.tool import ToolSpec
from tests.fakes.asking import ADD, EVERY_KIND, WHOLE_CALLS, Asker, asker
from tests.fakes.fixtures import model_server
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Say, Used, call, calls, say

__all__ = ["model_server"]

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["city", "people"],
    "additionalProperties": False,
}


@pytest.fixture(params=EVERY_KIND)
async def ask(request: pytest.FixtureRequest, model_server: ModelServer) -> AsyncIterator[Asker]:
    made = asker(model_server, request.param)
    yield made
    await made.models.close()


@pytest.mark.parametrize("kind", EVERY_KIND)
async def test_a_local_server_needs_no_key_and_gets_none(
    kind: str, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even one that the provider's SDK finds in the environment."""
    for name in (
        "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GOOGLE_API_KEY",
        "GEMINI_API_KEY", "GROQ_API_KEY", "MISTRAL_API_KEY", "OLLAMA_API_KEY",
    ):  # fmt: skip
        monkeypatch.setenv(name, "sk-of-another-server")
    model_server.script(say("hello"))
    made = asker(model_server, kind, api_key=None)
    assert (await made.ask()).reply.message.text == "hello"
    assert "sk-of-another-server" not in str(model_server.calls[0].headers)
    await made.models.close()


async def test_text_streams(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(say("Once upon a time.", pieces=5))
    answer = await ask.ask()
    assert answer.reply.message == Message(
        role="assistant", parts=(Text(text="Once upon a time."),)
    )
    assert "".join(ask.heard) == "Once upon a time."
    assert len(ask.heard) == 5
    assert answer.reply.finish == "stop"
    assert answer.reply.model == "model-1"
    assert answer.reply.request_id == "req_1"


@pytest.mark.parametrize("size", [1, 3, 7])
async def test_characters_cut_in_two(ask: Asker, model_server: ModelServer, size: int) -> None:
    text = "Zürich, 東京, 🇨🇭 – ok"
    model_server.script(Say(text=text, calls=(("say", {"what": text}),), split=size, pieces=9))
    answer = await ask.ask(tools=(ADD,))
    assert answer.reply.message.text == text
    assert answer.reply.message.calls[0].arguments == {"what": text}
    assert "".join(ask.heard) == text


async def test_a_tool_call_in_pieces(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(calls(("add", {"a": 12, "b": -3}), pieces=8))
    answer = await ask.ask(tools=(ADD,))
    (found,) = answer.reply.message.calls
    assert (found.name, found.arguments) == ("add", {"a": 12, "b": -3})
    assert answer.reply.finish == "tool_calls"
    assert ask.heard == []


async def test_several_calls_at_once(ask: Asker, model_server: ModelServer) -> None:
    wanted: list[tuple[str, dict[str, Any]]] = [("add", {"a": i, "b": 1}) for i in range(3)]
    model_server.script(Say(text="Let me see.", calls=tuple(wanted)))
    answer = await ask.ask(tools=(ADD,))
    made = answer.reply.message.calls
    assert [(made_.name, made_.arguments) for made_ in made] == wanted
    assert len({made_.id for made_ in made}) == 3
    assert answer.reply.message.text == "Let me see."


@pytest.mark.parametrize("raw", ['{"a": 1,', "[1, 2]", "3", "add one"])
async def test_arguments_that_are_no_object(
    ask: Asker, model_server: ModelServer, raw: str
) -> None:
    """The raw text is kept, the model is told, and what it said can be sent again."""
    if ask.kind in WHOLE_CALLS:
        pytest.skip("its protocol has no arguments that are no object")
    model_server.script(calls(("add", raw)), say("Sorry."))
    answer = await ask.ask(tools=(ADD,))
    (found,) = answer.reply.message.calls
    assert found.arguments == raw
    failed = ToolResult(call=found.id, name="add", content="arguments: no object", error=True)
    history = (user_message("1+2"), answer.reply.message, tool_results((failed,)))
    await ask.ask(history, tools=(ADD,))


async def test_no_arguments_are_an_empty_object(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(calls(("now", "")))
    answer = await ask.ask(tools=(ADD,))
    assert answer.reply.message.calls[0].arguments == {}


async def test_a_whole_conversation(ask: Asker, model_server: ModelServer) -> None:
    """Thoughts go back to their provider as it wants them, results to their calls."""
    model_server.script(
        Say(thinking="First this.", calls=(("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4}))),
        Say(thinking="And now that.", text="3 and 7."),
        say("You are welcome."),
    )
    history = [user_message("1+2 and 3+4, please")]
    first = await ask.ask(history, tools=(ADD,))
    thought = first.reply.message.parts[0]
    assert isinstance(thought, Reasoning)
    assert thought.text == "First this."
    results = tuple(
        ToolResult(call=made.id, name=made.name, content=str(i))
        for i, made in enumerate(first.reply.message.calls)
    )
    history += [first.reply.message, tool_results(results)]
    second = await ask.ask(history, tools=(ADD,))
    history += [
        second.reply.message,
        user_message("Look again.", origin="hint"),
        user_message("Thanks!"),
    ]
    await ask.ask(history, tools=(ADD,))
    sent = str(model_server.calls[-1].body)
    sealed = ("openai", "anthropic", "gemini")
    back = "sealed-" if ask.kind in sealed else "First this."
    assert back in sent
    assert [made.refused for made in model_server.calls] == [None] * 3


async def test_a_conversation_that_began_elsewhere(ask: Asker, model_server: ModelServer) -> None:
    """After a fall-back: another provider's thoughts are left out, its odd ids are taken."""
    odd = "functions.add:0"
    history = (
        user_message("1+2"),
        Message(
            role="assistant",
            parts=(
                Reasoning(provider="other", text="Hm.", opaque={"type": "alien"}),
                ToolCall(id=odd, name="add", arguments={"a": 1, "b": 2}),
            ),
        ),
        tool_results((ToolResult(call=odd, name="add", content="3"),)),
    )
    model_server.script(say("3"))
    await ask.ask(history, tools=(ADD,))
    assert "alien" not in str(model_server.calls[0].body)


async def test_a_turn_that_was_cut_off(ask: Asker, model_server: ModelServer) -> None:
    """What an interrupted call left: half a text, only a thought, or nothing."""
    own: dict[str, dict[str, Any]] = {
        "openai": {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        "anthropic": {"type": "thinking", "thinking": "Hm", "signature": "x"},
        "chat": {"reasoning_content": "Hm"},
        "gemini": {"calls": {}, "text": "x"},
        "groq": {"reasoning": "Hm"},
        "mistral": {"thinking": "Hm"},
        "ollama": {"thinking": "Hm"},
    }
    thought = Reasoning(provider="p", text="Hm", opaque=own[ask.kind])
    for parts in ((Text(text="I was ab"),), (thought,), (), (thought, Text(text="I wa"))):
        half = Message(role="assistant", parts=parts, origin="interrupted")
        model_server.script(say("Fine."))
        await ask.ask((user_message("Go"), half, user_message("Stop, do this instead")))


async def test_the_last_call_of_a_budget(ask: Asker, model_server: ModelServer) -> None:
    """No tools any more, though the conversation has calls in it."""
    made = ToolCall(id="call_1", name="add", arguments={"a": 1, "b": 2})
    result = ToolResult(call="call_1", name="add", content="3")
    history = (
        user_message("1+2"),
        Message(role="assistant", parts=(made,)),
        tool_results((result,)),
    )
    model_server.script(say("3"))
    answer = await ask.ask(history)
    assert answer.reply.message.text == "3"


async def test_usage(ask: Asker, model_server: ModelServer) -> None:
    used = Used(input=1000, output=50, cached=600, cache_write=100, reasoning=30)
    model_server.script(Say(text="ok", used=used))
    usage = (await ask.ask()).reply.usage
    expected = {"input": 1000, "output": 50, "cached": 600, "cache_write": 100, "reasoning": 30}
    untold = {"gemini": ("cache_write",), "ollama": ("cached", "cache_write", "reasoning")}
    for name in untold.get(ask.kind, ()):
        del expected[name]
    assert usage.model_dump(exclude_none=True) == expected
    model_server.script(say("ok"))
    usage = (await ask.ask()).reply.usage
    assert (usage.input, usage.output, usage.cached, usage.reasoning) == (100, 20, None, None)


async def test_a_limit_on_the_answer(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(Say(text="Once upon", finish="length"))
    answer = await ask.ask(params=ModelParams(max_output_tokens=2))
    assert answer.reply.finish == "length"
    assert answer.reply.message.text == "Once upon"
    body = model_server.calls[0].body
    limit = {
        "openai": lambda b: b["max_output_tokens"],
        "groq": lambda b: b["max_completion_tokens"],
        "gemini": lambda b: b["generationConfig"]["maxOutputTokens"],
        "ollama": lambda b: b["options"]["num_predict"],
    }.get(ask.kind, lambda b: b["max_tokens"])
    assert limit(body) == 2


async def test_a_typed_result(ask: Asker, model_server: ModelServer) -> None:
    loose = {**SCHEMA, "properties": {**SCHEMA["properties"], "note": {"type": "string"}}}
    for schema in (SCHEMA, loose):
        model_server.script(say('{"city": "Zürich", "people": 400000}'))
        answer = await ask.ask(output=schema)
        assert answer.reply.message.text.startswith("{")
        body = model_server.calls[-1].body
        asked = {
            "openai": lambda b: b["text"]["format"]["schema"],
            "anthropic": lambda b: b["output_config"]["format"]["schema"],
            "gemini": lambda b: b["generationConfig"]["responseJsonSchema"],
            "ollama": lambda b: b["format"],
        }.get(ask.kind, lambda b: b["response_format"]["json_schema"]["schema"])(body)
        assert set(asked["properties"]) == set(schema["properties"])


async def test_pictures_and_files(ask: Asker, model_server: ModelServer) -> None:
    linked = (Image(url="https://example.org/cat.png"),) if ask.kind != "ollama" else ()
    message = Message(
        role="user",
        parts=(
            Text(text="What is this?"),
            *linked,
            Image(media_type="image/jpeg", data="aGVsbG8="),
            FileRef(artifact="sha256:1", name="notes.txt", media_type="text/plain", size=12),
        ),
    )
    model_server.script(say("A cat."))
    await ask.ask((message,))
    sent = str(model_server.calls[0].body)
    assert ("https://example.org/cat.png" in sent) == bool(linked)
    assert "aGVsbG8=" in sent
    assert "notes.txt" in sent


async def test_parameters(ask: Asker, model_server: ModelServer) -> None:
    extra: dict[str, Any] = {"metadata": {"user_id": "7"}}
    if ask.kind == "gemini":
        extra = {"labels": {"user_id": "7"}}
    params = ModelParams(temperature=0.5, top_p=0.9, extra=extra)
    model_server.script(say("ok"), say("ok"))
    await ask.ask(params=params)
    body = model_server.calls[0].body
    chosen = body.get("generationConfig") or body.get("options") or body
    assert (chosen["temperature"], chosen.get("top_p", chosen.get("topP"))) == (0.5, 0.9)
    assert body.items() >= extra.items()
    await ask.ask(params=ModelParams(reasoning_effort="low"))
    body = model_server.calls[1].body
    effort = {
        "openai": lambda b: b["reasoning"]["effort"],
        "anthropic": lambda b: b["output_config"]["effort"],
        "gemini": lambda b: b["generationConfig"]["thinkingConfig"]["thinkingLevel"],
        "ollama": lambda b: b["think"],
    }.get(ask.kind, lambda b: b["reasoning_effort"])(body)
    assert effort == "low"


async def test_a_tool_with_any_schema(ask: Asker, model_server: ModelServer) -> None:
    """Not only schemas that a strict mode takes."""
    odd = {
        "type": "object",
        "properties": {"n": {"type": "integer", "default": 3}, "a": {}, "w": {"$ref": "#/$defs/W"}},
        "$defs": {"W": {"type": "object", "properties": {"x": {"type": "string"}}}},
    }  # fmt: skip
    tools = (ADD, ToolSpec(name="odd", description="", parameters=odd))
    model_server.script(call("odd", n=1))
    answer = await ask.ask(tools=tools)
    assert answer.reply.message.calls[0].arguments == {"n": 1}


async def test_a_hundred_at_once(ask: Asker, model_server: ModelServer) -> None:
    model_server.always(lambda body: Say(text="ok " * 20, pieces=20, delay=0.001))
    answers = await asyncio.gather(*(ask.ask() for _ in range(100)))
    assert {answer.reply.message.text for answer in answers} == {"ok " * 20}


async def test_one_connection_serves_many_calls(ask: Asker, model_server: ModelServer) -> None:
    model_server.always(say("ok"))
    for _ in range(5):
        await ask.ask()
    assert model_server.connections == 1
