"""Compare a policy with what past runs did."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.contracts import event as e
from harness.contracts.errors import CallDenied, HarnessError, ToolDenied
from harness.contracts.event import DurableEvent
from harness.contracts.run import RunSpec
from harness.contracts.tool import ToolPolicy
from harness.engine.connection import Connection
from harness.history import reader
from harness.policies.bounded import Fitting, find_bounded, write_call
from harness.policies.evaluate import PolicyCall
from harness.policies.views import Happened, PolicyTest, TestedCall
from harness.runs.filter import RunFilter
from harness.runs.listing import list_runs

MOST_CALLS = 5_000
BATCH = 2_000_000
"""Characters of calls that are compared at once."""
DENIALS = (CallDenied.code, ToolDenied.code)


@dataclass
class _Run:
    run: str
    tools: Mapping[str, ToolPolicy]
    agent: str = ""
    owner: str | None = None
    session: str | None = None
    cost: int = 0
    """Millionths of a dollar."""
    calls: dict[str, tuple[PolicyCall, int]] = field(
        default_factory=dict[str, tuple[PolicyCall, int]]
    )
    asked: set[str] = field(default_factory=set[str])


class PastCall(NamedTuple):
    """A call of a past run that has ended."""

    run: str
    turn: int
    id: str
    tool: str
    written: str
    """For `find_bounded`."""
    happened: Happened


async def test_policy(
    connection: Connection, policy: str, filter: RunFilter, limit: int
) -> PolicyTest:
    """Compare a policy, in canonical JSON, with the newest runs that match. Its rules see the
    arguments as the model wrote them."""
    calls: list[TestedCall] = []
    batch: list[PastCall] = []
    runs = size = 0
    async for row in list_runs(connection, filter.query(), limit):
        runs += 1
        for call in await _read_calls(connection, row.id):
            batch.append(call)
            size += len(call.written)
            if size > BATCH:
                calls += await _compare(policy, batch)
                batch, size = [], 0
        if len(calls) + len(batch) > MOST_CALLS:
            break
    calls += await _compare(policy, batch)
    more = len(calls) > MOST_CALLS
    digest = hashlib.sha256(policy.encode()).hexdigest()
    return PolicyTest(policy=digest, runs=runs, calls=calls[:MOST_CALLS], more=more)


async def _read_calls(connection: Connection, run: str) -> list[PastCall]:
    try:
        spec = await reader.read_spec(connection, run)
        events = [each async for each in reader.read_events(connection, run, wait=False)]
    except HarnessError:  # forgotten, or its history is gone
        return []
    return list(list_calls(run, spec, events))


def list_calls(
    run: str, spec: RunSpec | None, events: Sequence[DurableEvent]
) -> Iterator[PastCall]:
    """List the calls of a run that have ended."""
    above = spec.above if spec else None
    known = _Run(run, spec.tools if spec else {}, cost=above.cost_micros or 0 if above else 0)
    for event in events:
        match event:
            case e.RunStarted():
                known.agent, known.owner = event.agent, event.owner
                known.session = above.session if above else event.session
            case e.ModelReplied():
                known.cost += event.cost_micros or 0
            case e.ToolCallRequested():
                known.calls[event.call.id] = (_describe(known, event), event.turn)
            case e.DecisionRequested() if event.need == "approval":
                known.asked.add(event.id)
            case e.ToolCallFinished() if event.call_id in known.calls:
                yield _end_call(known, event)
            case _:
                pass


def _describe(run: _Run, event: e.ToolCallRequested) -> PolicyCall:
    call = event.call
    policy = run.tools.get(call.name)
    return PolicyCall(
        tool=call.name,
        effect=policy.effect if policy else "write",
        arguments=call.arguments if isinstance(call.arguments, dict) else {},
        agent=run.agent,
        owner=run.owner,
        session=run.session,
        cost=run.cost / 1e6,
    )


def _end_call(run: _Run, event: e.ToolCallFinished) -> PastCall:
    call, turn = run.calls.pop(event.call_id)
    happened = _describe_end(run, event)
    run.asked.discard(event.call_id)
    return PastCall(run.run, turn, event.call_id, call.tool, write_call(call), happened)


async def _compare(policy: str, calls: Sequence[PastCall]) -> list[TestedCall]:
    if not calls:
        return []
    rules = await find_bounded(policy, [each.written for each in calls])
    return [
        TestedCall(
            run=call.run,
            turn=call.turn,
            call=call.id,
            tool=call.tool,
            happened=call.happened,
            would=rule["decision"] if rule else "default",
            rule=rule["name"] if rule else None,
            differs=_differs(rule, call.happened),
        )
        for call, rule in zip(calls, rules, strict=True)
    ]


def _describe_end(run: _Run, event: e.ToolCallFinished) -> Happened:
    if event.unrun:
        return "unrun"
    if event.call_id in run.asked:
        return "asked"
    return "denied" if event.error is not None and event.error.code in DENIALS else "ran"


def _differs(rule: Fitting | None, happened: Happened) -> bool:
    if happened == "unrun":
        return False
    if rule is None or (rule["decision"] == "allow" and not rule["override"]):
        return happened == "denied"  # whether the tool itself asks does not change
    return {"allow": "ran", "deny": "denied", "ask": "asked"}[rule["decision"]] != happened
