"""What a call sends of a conversation that exceeds its limits."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from harness.contracts.message import (
    Image,
    Message,
    Text,
    ToolCall,
    ToolResult,
    tool_results,
    user_message,
)
from harness.contracts.model import CallModel, ContextPolicy, ModelRequest, Usage
from harness.providers.context.estimate import estimate_message, measure_scale
from harness.providers.context.fit import find_pinned, fit_messages


def exchange(turn: int, results: int, text: str) -> list[Message]:
    ids = [f"{turn}.{n}" for n in range(results)]
    asked = tuple(ToolCall(id=id, name="f", arguments={"n": id}) for id in ids)
    found = tuple(ToolResult(call=id, name="f", content=text) for id in ids)
    return [Message(role="assistant", parts=asked), tool_results(found)]


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    messages = [user_message("what it is for")]
    for turn in range(draw(st.integers(0, 8))):
        text = draw(st.sampled_from(["", "a", "ab" * 40, "長" * 150]))
        match draw(st.sampled_from(["calls", "answer", "user", "hint", "pinned", "summary"])):
            case "calls":
                messages += exchange(turn, draw(st.integers(1, 3)), text)
            case "answer":
                messages.append(Message(role="assistant", parts=(Text(text=text),)))
            case "pinned":
                messages.append(user_message(f"{turn}{text}", pinned=True))
            case "hint":
                messages.append(user_message(f"{turn}{text}", origin="hint"))
            case "summary":
                messages.append(user_message(f"{turn}{text}", origin="summary"))
            case _:
                messages.append(user_message(f"{turn}{text}"))
    return messages


policies = st.builds(
    ContextPolicy,
    max_input_tokens=st.none() | st.integers(0, 400),
    keep_results=st.none() | st.integers(1, 3),
)
scales = st.floats(0.2, 10.0)


@given(messages=conversations(), policy=policies, fixed=st.integers(0, 100), scale=scales)
def test_calls_keep_their_results_and_pinned_messages_stay(
    messages: list[Message], policy: ContextPolicy, fixed: int, scale: float
) -> None:
    fitted = fit_messages(messages, policy, fixed=fixed, scale=scale)
    sent = fitted.messages
    assert len(sent) + fitted.dropped == len(messages)
    assert sent[-1].role == messages[-1].role
    assert find_pinned(messages) <= set(fitted.places)
    asked = [call.id for message in sent for call in message.calls]
    answered = [p.call for m in sent for p in m.parts if isinstance(p, ToolResult)]
    assert asked == answered
    for place, message in zip(fitted.places, sent, strict=True):
        assert place in fitted.cleared or message == messages[place]
    if fitted.dropped and policy.keep_results is None:
        room = int((policy.max_input_tokens or 0) / scale) - fixed
        assert sum(map(estimate_message, messages)) > room, "it would have fitted"


@given(messages=conversations(), limit=st.integers(0, 400))
def test_what_was_left_out_stays_left_out(messages: list[Message], limit: int) -> None:
    policy = ContextPolicy(max_input_tokens=limit)
    lengths = [n for n in range(1, len(messages) + 1) if not messages[n - 1].calls]
    sent = [set(fit_messages(messages[:n], policy).places) for n in lengths]
    for length, (before, after) in zip(lengths, pairwise(sent), strict=False):
        assert after & set(range(length)) <= before


def test_the_beginning_of_the_prompt_changes_only_now_and_then() -> None:
    policy = ContextPolicy(max_input_tokens=4_000, keep_results=8)
    messages, sent, changes = [user_message("go")], list[tuple[Message, ...]](), 0
    for turn in range(80):
        messages += exchange(turn, 1, "x" * 400)
        sent.append(fit_messages(messages, policy).messages)
    for before, after in pairwise(sent):
        changes += after[: len(before)] != before
    assert changes < 80 / 4


def test_a_stub_says_where_the_result_is() -> None:
    long = ToolResult(call="a", name="read", content="x" * 5_000, artifact="art1")
    short = ToolResult(call="b", name="read", content="yes", error=True)
    asked = Message(
        role="assistant",
        parts=tuple(ToolCall(id=id, name="read", arguments={}) for id in "ab"),
    )
    messages = [user_message("go"), asked, tool_results((long, short))]
    messages += [*exchange(1, 2, "y" * 500)]
    fitted = fit_messages(messages, ContextPolicy(keep_results=2))
    stub, kept = fitted.messages[2].parts
    assert isinstance(stub, ToolResult)
    assert stub.content == (
        "[5,000 characters removed to save context. All of it is in the artifact art1. If read "
        "only reads, the same call returns them again.]"
    )
    assert (stub.call, stub.artifact, kept) == ("a", "art1", short)
    assert fitted.messages[-1] == messages[-1]
    assert fitted.cleared == {2}


def test_the_reported_usage_corrects_the_estimate() -> None:
    request = ModelRequest(model="m", instructions="i" * 4_000, messages=(user_message("x" * 400),))
    assert measure_scale(Usage(input=2_224), request) == 2.0
    assert measure_scale(Usage(input=10**9), request) == 10.0
    assert measure_scale(Usage(), request) is None
    assert measure_scale(Usage(input=9, estimated=True), request) is None
    picture = Message(role="user", parts=(Image(url="https://example.org/a.png"),))
    shown = request.model_copy(update={"messages": (picture,)})
    assert measure_scale(Usage(input=2_000), shown) is None
    messages = [user_message("go"), *exchange(0, 1, "x" * 800), *exchange(1, 1, "x" * 800)]
    policy = ContextPolicy(max_input_tokens=600)
    assert fit_messages(messages, policy).dropped == 0
    assert fit_messages(messages, policy, scale=2.0).dropped == 2
    assert fit_messages(messages, policy, fixed=300).dropped == 2


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e-300, 1e300, float("nan"), float("inf")])
def test_a_forged_scale_is_refused(scale: float) -> None:
    with pytest.raises(ValidationError):
        CallModel(spec="s", messages=(), turn=1, scale=scale)


def test_an_old_policy_keeps_its_bytes() -> None:
    assert ContextPolicy(max_input_tokens=5).wire() == b'{"max_input_tokens":5}'
    assert ContextPolicy().wire() == b"{}"
    assert json.loads(user_message("a").wire()) == {
        "role": "user", "parts": [{"type": "text", "text": "a"}],
    }  # fmt: skip
