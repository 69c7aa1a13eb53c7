"""List gates, and explain what they decide about a run: what commands and routes call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from harness.contracts import event as e
from harness.contracts.event import DurableEvent
from harness.contracts.gate import Derived, GateVerdict
from harness.contracts.message import Message, ToolCall, ToolResult
from harness.contracts.tool import Effect
from harness.engine.connection import Connection
from harness.gates import answers
from harness.gates.configured import load_gates
from harness.gates.provenance import Provenance
from harness.gates.settings import GatesSettings
from harness.gates.untrusted import NAME, judge
from harness.gates.views import GatedCall, GatedRun, GateList, GateView
from harness.history import reader
from harness.interceptors import AskPerson
from harness.runs.pinned import read_pinned_agent

Tried = Literal["standard", "strict"]
DOES: dict[str, tuple[str, str]] = {
    "off": ("nothing", "nothing"),
    "watch": ("records what it would stop", "records what it would remove"),
    "standard": ("asks about untrusted destinations, stops orders", "removes what does harm"),
    "strict": ("stops untrusted destinations, asks about the rest", "removes what does harm"),
}
"""What the gate of provenance and the one of answers do, by profile."""


def list_gates(connection: Connection) -> GateList:
    """List the gates that stand around the calls of all agents."""
    settings = connection.settings.section(GatesSettings)
    traced, cleaned = DOES[settings.profile]
    masked = [*settings.redact.model, *settings.redact.patterns]
    gates = [
        GateView(name=NAME, places=["model_reply", "tool_call"], does=traced),
        GateView(name=answers.NAME, places=["model_reply"], does=cleaned),
        GateView(
            name="redaction",
            places=["model_call", "model_reply"],
            does=f"masks {', '.join(masked)}" if masked else "nothing",
        ),
    ]
    gates += [
        GateView(name=each.name, places=[each.place], does=target)
        for each, target in zip(load_gates(settings.add), settings.add, strict=True)
    ]
    return GateList(profile=settings.profile, seconds=settings.seconds, gates=gates)


async def explain_run(connection: Connection, run: str, profile: Tried | None = None) -> GatedRun:
    """Explain what gates decided in a run; with a profile, what it would decide.

    Args:
        connection: The process's connection.
        run: The run's id.
        profile: The profile to try. None: what was recorded.

    Returns:
        The calls that are not plainly allowed, in order.

    Raises:
        RunNotFound: There is no such run.
    """
    events = [each async for each in reader.read_events(connection, run, wait=False)]
    if profile is None:
        calls = _recorded_calls(events)
    else:
        pinned = await read_pinned_agent(connection, run)
        effects: dict[str, Effect] = {
            each.name: each.policy.effect for each in pinned.tools if each.policy
        }
        allow = connection.settings.section(GatesSettings).allow
        calls = try_profile(events, pinned.instructions or "", effects, profile, allow)
    return GatedRun(
        run=run,
        profile=profile,
        untrusted=[
            each.call_id
            for each in events
            if isinstance(each, e.ToolCallFinished) and each.untrusted
        ],
        calls=calls,
        checked=sum(isinstance(each, e.ToolCallRequested) for each in events),
    )


def _recorded_calls(events: Sequence[DurableEvent]) -> list[GatedCall]:
    calls: dict[str, GatedCall] = {}
    found: list[GatedCall] = []
    for event in events:
        if isinstance(event, e.ModelReplied) and event.gates:
            found.append(GatedCall(turn=event.turn, gates=list(event.gates)))
        elif isinstance(event, e.ToolCallRequested):
            call = GatedCall(
                turn=event.turn, call=event.call.id, tool=event.call.name,
                derived=list(event.call.derived or ()),
            )  # fmt: skip
            calls[event.call.id] = call
            found.append(call)
        elif isinstance(event, e.ToolCallFinished) and event.call_id in calls:
            calls[event.call_id].gates = list(event.gates or ())
    return [each for each in found if each.derived or each.gates]


def try_profile(
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
