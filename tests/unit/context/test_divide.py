"""What a summary stands for, and what stays beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.contracts.errors import InvalidReply
from harness.contracts.message import Message, ToolCall, ToolResult, tool_results, user_message
from harness.contracts.model import AgentSpec, Candidate, ContextPolicy, ModelPlan
from harness.providers.context.compaction import (
    ASK,
    READ_CHARS,
    SUMMARY_CHARS,
    build_summary_request,
    divide_conversation,
    make_summary,
    render_record,
)
from harness.providers.context.fit import find_pinned
from tests.unit.context.test_fit import conversations

SPEC = AgentSpec(name="a", instructions="", plan=ModelPlan(candidates=(Candidate(model="p/m"),)))


@given(messages=conversations(), keep=st.integers(1, 4))
def test_nothing_is_lost_doubled_or_separated(messages: list[Message], keep: int) -> None:
    parts = divide_conversation(messages, keep)
    if parts is None:
        return
    found = [*parts.pinned, *parts.old, *parts.newest]
    assert sorted(map(str, found)) == sorted(map(str, messages))
    stays = [messages[place] for place in find_pinned(messages)]
    assert all(each in parts.pinned + parts.newest for each in stays if each.origin != "summary")
    assert all(each.origin != "summary" for each in parts.pinned)
    for side in (parts.old, parts.newest):
        asked = [call.id for message in side for call in message.calls]
        answered = [p.call for m in side for p in m.parts if isinstance(p, ToolResult)]
        assert asked == answered
    assert sum(message.role == "assistant" for message in parts.newest) == keep


def test_open_calls_stay_with_the_newest() -> None:
    asks = Message(role="assistant", parts=(ToolCall(id="z", name="f", arguments={}),))
    messages = [user_message("go"), *(user_message(str(n)) for n in range(5))]
    messages += [Message(role="assistant", parts=()), asks]
    parts = divide_conversation(messages, 1)
    assert parts is not None
    assert parts.newest == (asks,)
    assert parts.pinned == (messages[0],)


def test_only_the_newest_instructions_stay() -> None:
    written = [user_message(text, origin="instructions") for text in ("old", "new")]
    messages = [*written, user_message("go"), *(user_message(str(n)) for n in range(5))]
    messages += [Message(role="assistant", parts=()), Message(role="assistant", parts=())]
    parts = divide_conversation(messages, 1)
    assert parts is not None
    assert parts.pinned == (written[1], messages[2])


def test_a_summary_is_asked_for_without_tools() -> None:
    policy = ContextPolicy(compact_at=9, summary_model="q/small")
    spec = SPEC.model_copy(update={"context": policy})
    plan, request = build_summary_request(spec, "p/other", [user_message("hello")])
    assert [each.model for each in plan.candidates] == ["q/small"]
    assert (request.model, request.instructions, request.tools) == ("small", ASK, ())
    assert request.messages[0].text.endswith("## user\nhello")
    assert build_summary_request(SPEC, "p/other", ())[1].model == "other"
    assert build_summary_request(SPEC, None, ())[1].model == "m"


def test_what_is_read_and_written_is_bounded() -> None:
    huge = tool_results((ToolResult(call="c", name="f", content="x" * 10_000_000),))
    assert len(render_record([huge] * 500)) < READ_CHARS + 100
    assert len(make_summary("y" * 10_000_000, [huge]).text) < SUMMARY_CHARS + 200
    with pytest.raises(InvalidReply):
        make_summary(" \n", [huge])
