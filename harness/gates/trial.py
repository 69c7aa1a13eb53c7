"""Judge the calls of a past run by the gates of today. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.contracts.gate import Derived, GateVerdict
from harness.contracts.message import Message, ToolCall, ToolResult
from harness.contracts.tool import Effect
from harness.gates.provenance import Provenance
from harness.gates.untrusted import NAME, judge
from harness.gates.views import GatedCall
from harness.interceptors import AskPerson

Tried = Literal["standard", "strict"]
GATED = TypeAdapter(list[GatedCall])


def write_trial(events: Sequence[DurableEvent], asked: Mapping[str, Any]) -> bytes:
    """Write a run for the job `try_profile`: what it is judged by in the first line, its events in
    the second."""
    kept = (e.ModelCalled, e.ToolCallFinished, e.ModelReplied)
    wires = [each.wire() for each in events if isinstance(each, kept)]
    return json.dumps(asked).encode() + b"\n[" + b",".join(wires) + b"]"


def judge_calls(
    events: Sequence[DurableEvent],
    instructions: str,
    effects: Mapping[str, Effect],
    profile: Tried,
    allow: Sequence[str] = (),
) -> list[GatedCall]:
    """Judge the calls of a run by today's rules. Pure."""
    provenance, messages, found = Provenance(allow), list[Message](), list[GatedCall]()
    for event in events:
        if isinstance(event, e.ModelCalled) and event.call == 0:
            messages += [_without_marks(each) for each in event.messages]
        elif isinstance(event, e.ToolCallFinished):
            messages.append(Message(role="tool", parts=(_result_of(event),)))
        elif isinstance(event, e.ModelReplied):
            calls = event.message.calls
            traced = provenance.trace_calls(messages, instructions, calls)
            for call, derived in zip(calls, traced, strict=True):
                effect = effects.get(call.name, "write")
                found += _judge_call(event.turn, call, derived, effect, profile)
            messages.append(event.message)
    return found


def _judge_call(
    turn: int, call: ToolCall, derived: Sequence[Derived], effect: Effect, profile: Tried
) -> list[GatedCall]:
    if not derived:
        return []
    decision = judge(derived, effect, strict=profile == "strict")
    verdicts: list[GateVerdict] = []
    if decision is not None:
        verdict = "ask" if isinstance(decision, AskPerson) else "stop"
        verdicts.append(
            GateVerdict(gate=NAME, place="tool_call", verdict=verdict, reason=decision.reason)
        )
    return [
        GatedCall(turn=turn, call=call.id, tool=call.name, derived=list(derived), gates=verdicts)
    ]


def _without_marks(message: Message) -> Message:
    """Drop results: the events of their calls hold them."""
    kept = tuple(part for part in message.parts if not isinstance(part, ToolResult))
    return message.model_copy(update={"parts": kept})


def _result_of(event: e.ToolCallFinished) -> ToolResult:
    return ToolResult(
        call=event.call_id, name=event.name, content=event.content, untrusted=event.untrusted
    )
