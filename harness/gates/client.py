"""List gates, and explain what they decide about a run: what commands and routes call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from harness.commons.children import Limits, run_in_child
from harness.contracts import event as e
from harness.contracts.errors import ContentTooLarge, ToolError, ToolUnavailable
from harness.contracts.event import DurableEvent
from harness.engine.connection import Connection
from harness.gates import answers
from harness.gates.configured import load_gates
from harness.gates.settings import GatesSettings
from harness.gates.trial import GATED, Tried, write_trial
from harness.gates.untrusted import NAME
from harness.gates.views import GatedCall, GatedRun, GateList, GateView
from harness.history import reader
from harness.runs.pinned import PinnedAgent, read_pinned_agent

LIMITS = Limits(seconds=15.0, memory_mb=1024)
MOST_TRIED = 64 * 1024 * 1024
"""Bytes of a run's events."""
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
        ContentTooLarge: With a profile: the run is too large to trace.
    """
    events = [each async for each in reader.read_events(connection, run, wait=False)]
    if profile is None:
        calls = _recorded_calls(events)
    else:
        pinned = await read_pinned_agent(connection, run)
        allow = connection.settings.section(GatesSettings).allow
        calls = await _try_profile(events, pinned, profile, allow)
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


async def _try_profile(
    events: Sequence[DurableEvent], agent: PinnedAgent, profile: Tried, allow: Sequence[str]
) -> list[GatedCall]:
    """Judge the calls in a child process: that compares long texts for seconds."""
    asked: dict[str, Any] = {
        "instructions": agent.instructions or "",
        "effects": {each.name: each.policy.effect for each in agent.tools if each.policy},
        "profile": profile,
        "allow": list(allow),
    }
    content = await asyncio.to_thread(write_trial, events, asked)
    if len(content) > MOST_TRIED:
        raise ContentTooLarge(f"The run has {len(content):,} bytes, too many to trace.")
    try:
        found = await run_in_child("harness.gates.jobs:try_profile", content, LIMITS)
    except ToolUnavailable:
        raise
    except ToolError as error:
        raise ContentTooLarge(f"The run is too large to trace. {error.message}") from None
    return GATED.validate_json(found)


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
