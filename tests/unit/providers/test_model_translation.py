"""What one provider's model said can be sent to any other provider, as a fallback does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from pydantic_core import from_json, to_json

from harness.contracts.message import (
    Image,
    Message,
    Text,
    ToolResult,
    tool_results,
    user_message,
)
from harness.contracts.model import ModelRequest
from harness.providers.adapter import Fold, Json, Where
from harness.providers.anthropic import messages_wire
from harness.providers.chat import chat_wire
from harness.providers.gemini import generate_wire
from harness.providers.groq.completions import DIALECT as GROQ
from harness.providers.mistral import chat_wire as mistral_chat
from harness.providers.ollama import chat_wire as ollama_chat
from harness.providers.openai import responses_wire
from harness.providers.sse import LineSplitter, Splitter
from tests.fakes import (
    wire_chat,
    wire_gemini,
    wire_groq,
    wire_messages,
    wire_mistral,
    wire_ollama,
    wire_responses,
)
from tests.fakes.asking import ADD, KINDS
from tests.fakes.steps import Say


class Protocol(NamedTuple):
    """Both sides of a wire protocol: ours, and the fake server's."""

    body_of: Callable[[ModelRequest, Where], Json]
    fold: Callable[..., Fold]
    server: ModuleType
    split: type[Splitter] = Splitter


PROTOCOLS = {
    "openai": Protocol(responses_wire.body_of, responses_wire.ResponsesFold, wire_responses),
    "anthropic": Protocol(
        lambda request, where: messages_wire.body_of(request, where, None),
        messages_wire.MessagesFold,
        wire_messages,
    ),
    "chat": Protocol(
        lambda request, where: chat_wire.body_of(request, where, chat_wire.Dialect()),
        chat_wire.ChatFold,
        wire_chat,
    ),
    "gemini": Protocol(generate_wire.body_of, generate_wire.GenerateFold, wire_gemini),
    "groq": Protocol(
        lambda request, where: chat_wire.body_of(request, where, GROQ),
        chat_wire.ChatFold,
        wire_groq,
    ),
    "mistral": Protocol(mistral_chat.body_of, mistral_chat.MistralFold, wire_mistral),
    "ollama": Protocol(
        ollama_chat.body_of, ollama_chat.OllamaFold, wire_ollama, LineSplitter
    ),
}  # fmt: skip
IMAGE = Image(media_type="image/png", data="aGVsbG8=")


def hear(kind: str, said: Say) -> Message:
    """What our adapter of a kind makes of an answer of its server."""
    protocol = PROTOCOLS[kind]
    fold = protocol.fold(lambda _: None, Where(kind, "model-1"))
    splitter = protocol.split(1 << 20)
    for frame in protocol.server.frames(said, {"model": "model-1"}):
        for event, data in splitter.feed(frame.data):
            fold.feed(event, data)
    return fold.reply("req_1").message


def send(kind: str, messages: tuple[Message, ...]) -> Json:
    """The body that our adapter sends, which its server must accept."""
    request = ModelRequest(
        model="model-1", instructions="Be brief.", messages=messages, tools=(ADD,)
    )
    body: Json = from_json(to_json(PROTOCOLS[kind].body_of(request, Where(kind, "model-1"))))
    refused = PROTOCOLS[kind].server.check(body)
    assert refused is None, refused
    return body


def answer_calls(message: Message) -> Message:
    made = message.calls
    return tool_results(
        tuple(ToolResult(call=it.id, name=it.name, content=f"sum {i}") for i, it in enumerate(made))
    )


CALLS: tuple[tuple[str, Any], ...] = (("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4}))
CASES: dict[str, Callable[[str], tuple[Message, ...]]] = {
    "text": lambda kind: (hear(kind, Say(text="Once upon a time.")), user_message("Go on")),
    "parallel calls": lambda kind: (
        made := hear(kind, Say(text="Let me see.", calls=CALLS)),
        answer_calls(made),
    ),
    "thoughts before calls": lambda kind: (
        made := hear(kind, Say(thinking="SECRET-THOUGHT", calls=CALLS)),
        answer_calls(made),
    ),
    "thoughts before text": lambda kind: (
        hear(kind, Say(thinking="SECRET-THOUGHT", text="Well.")),
        user_message("Go on"),
    ),
    "a hint after results": lambda kind: (
        made := hear(kind, Say(calls=CALLS)),
        answer_calls(made),
        user_message("Hurry up", origin="hint"),
    ),
    "an image": lambda kind: (
        Message(role="user", parts=(Text(text="What is this?"), IMAGE)),
        hear(kind, Say(text="A cat.")),
        user_message("Sure?"),
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(KINDS, 2)))
def test_a_transcript_goes_on_elsewhere(first: str, second: str, case: str) -> None:
    history = (user_message("Hello"), *CASES[case](first))
    sent = str(send(second, history))
    assert "SECRET-THOUGHT" not in sent, "a thought belongs to its provider"
    assert "sealed-" not in sent
    for message in history:
        assert message.role != "tool" or "sum 1" in sent
        assert not message.text or message.text in sent
        assert message is not history[1] or not message.calls or sent.count("'add'") >= 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
def test_and_comes_back(kind: str, case: str) -> None:
    """After the fallback, the first provider reads its own and the other's part."""
    other = "anthropic" if kind != "anthropic" else "gemini"
    history = (user_message("Hello"), *CASES[case](kind))
    interlude = hear(other, Say(thinking="SECRET-THOUGHT", calls=CALLS))
    sent = send(kind, (*history, interlude, answer_calls(interlude)))
    assert str(sent).count("sum 1") == 1 + str(history).count("sum 1")
