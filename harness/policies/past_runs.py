"""Compare a policy with what past runs did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.contracts import event as e
from harness.contracts.errors import CallDenied, HarnessError, ToolDenied
from harness.contracts.event import DurableEvent
from harness.contracts.tool import ToolPolicy
from harness.engine.connection import Connection
from harness.history import reader
from harness.policies.evaluate import PolicyCall, find_rule
from harness.policies.policy import Policy, PolicyRule
from harness.policies.views import Happened, PolicyTest, TestedCall
from harness.runs.filter import RunFilter
from harness.runs.listing import list_runs

MOST_CALLS = 5_000
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


async def test_policy(
    connection: Connection, policy: Policy, filter: RunFilter, limit: int
) -> PolicyTest:
    """Compare a policy with the newest runs that match. Its rules see the arguments as the model
    wrote them."""
    calls: list[TestedCall] = []
    runs = 0
    async for row in list_runs(connection, filter.query(), limit):
        runs += 1
        calls.extend(await _test_run(connection, policy, row.id))
        if len(calls) > MOST_CALLS:
            break
    more = len(calls) > MOST_CALLS
    return PolicyTest(policy=policy.digest, runs=runs, calls=calls[:MOST_CALLS], more=more)


async def _test_run(connection: Connection, policy: Policy, run: str) -> list[TestedCall]:
    try:
        spec = await reader.read_spec(connection, run)
        events = [each async for each in reader.read_events(connection, run, wait=False)]
    except HarnessError:  # forgotten, or its history is gone
        return []
    return list(compare_events(policy, run, spec.tools if spec else {}, events))


def compare_events(
    policy: Policy, run: str, tools: Mapping[str, ToolPolicy], events: Sequence[DurableEvent]
) -> Iterator[TestedCall]:
    """Compare a policy with the calls of a run that have ended."""
    known = _Run(run, tools)
    for event in events:
        match event:
            case e.RunStarted():
                known.agent, known.owner, known.session = event.agent, event.owner, event.session
            case e.ModelReplied():
                known.cost += event.cost_micros or 0
            case e.ToolCallRequested():
                known.calls[event.call.id] = (_describe(known, event), event.turn)
            case e.DecisionRequested() if event.need == "approval":
                known.asked.add(event.id)
            case e.ToolCallFinished() if event.call_id in known.calls:
                yield _compare(policy, known, event)
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


def _compare(policy: Policy, run: _Run, event: e.ToolCallFinished) -> TestedCall:
    call, turn = run.calls.pop(event.call_id)
    rule = find_rule(policy.rules, call)
    happened = _describe_end(run, event)
    run.asked.discard(event.call_id)
    return TestedCall(
        run=run.run,
        turn=turn,
        call=event.call_id,
        tool=call.tool,
        happened=happened,
        would=rule.decision if rule else "default",
        rule=rule.name if rule else None,
        differs=_differs(rule, happened),
    )


def _describe_end(run: _Run, event: e.ToolCallFinished) -> Happened:
    if event.unrun:
        return "unrun"
    if event.call_id in run.asked:
        return "asked"
    return "denied" if event.error is not None and event.error.code in DENIALS else "ran"


def _differs(rule: PolicyRule | None, happened: Happened) -> bool:
    if happened == "unrun":
        return False
    if rule is None or (rule.decision == "allow" and not rule.override):
        return happened == "denied"  # whether the tool itself asks does not change
    return {"allow": "ran", "deny": "denied", "ask": "asked"}[rule.decision] != happened
