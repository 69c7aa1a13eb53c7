"""Runs under a policy, with a real engine, Postgres and sockets."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Harness, tool
from harness.api.caller import Caller, Role
from harness.contracts.errors import InvalidSignal, NotDecider
from harness.contracts.event import DecisionRequested, ToolCallFinished
from harness.policies.policy import read_policy
from harness.policies.store import NONE, PolicyStore
from harness.runs.steer import decide_run
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, send, sent_results, waiting
from tests.fakes.steps import call, say

RULES: list[dict[str, Any]] = [
    {"name": "no mail out", "decision": "deny", "tool": "note", "reason": "Mail stays inside.",
     "arguments": {"to": {"glob": "*@out"}}},
    {"name": "admin", "decision": "ask", "tool": "note", "whom": ["role:admin"],
     "arguments": {"to": "boss"}},
    {"name": "once", "decision": "ask", "tool": "note", "remember": True,
     "arguments": {"to": "ann"}},
    {"name": "soon", "decision": "ask", "tool": "note", "timeout": "0.2s", "then": "allow",
     "arguments": {"to": "soon"}},
    {"name": "never", "decision": "ask", "tool": "note", "timeout": "0.2s",
     "arguments": {"to": "never"}},
    {"name": "up", "decision": "ask", "tool": "note", "timeout": "0.2s", "then": "escalate:admin",
     "whom": ["carl"], "arguments": {"to": "up"}},
    {"name": "open", "decision": "allow", "tool": "send", "override": True,
     "arguments": {"to": "bob"}},
    {"name": "tame", "decision": "allow", "tool": "send"},
]  # fmt: skip
ADMIN, OPERATOR = Caller("ann", Role.ADMIN, "t1"), Caller("bob", Role.OPERATOR, "t2")


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "policies": {"rules": RULES}}


@tool(effect="write")
def note(to: str, text: str = "hello") -> str:
    """Write a note."""
    return f"noted {text!r} to {to}"


async def start(
    harness: Harness, model: ModelServer, name: str, *steps: Any, session: str | None = None
) -> RunHandle[Any]:
    model.script(*steps, say("Done."))
    agent = Agent(name, tools=[note, send])
    return await (harness.session(session) if session else harness).start(agent, "Write.")


async def finished(run: RunHandle[Any]) -> list[ToolCallFinished]:
    return [each for each in await all_events(run) if isinstance(each, ToolCallFinished)]


async def test_a_denied_call_does_not_run_and_the_model_reads_why(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await start(harness, model_server, name, call("note", to="eve@out"))
    [end] = await finished(run)
    assert end.content == "The policy's rule no mail out denies this call: Mail stays inside."
    assert end.error is not None
    assert (end.error.code, end.ok) == ("policies.denied", False)
    assert end.ruling is not None
    assert (end.ruling.rule, end.ruling.decision) == ("no mail out", "deny")
    assert end.ruling.policy == read_policy({"rules": RULES}, "").digest[:16]
    assert sent_results(model_server) == [end.content]


async def test_only_those_whom_a_rule_asks_may_decide(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await start(harness, model_server, name, call("note", to="boss"))
    [pending] = await waiting(run)
    assert pending.question == "Rule admin asks anyone with the role admin."
    connection = harness.connection
    for verdict in ("approve", "reject"):
        with pytest.raises(NotDecider, match="rule admin asks anyone with the role admin"):
            await decide_run(connection, run.id, None, {"verdict": verdict}, key=None, by=OPERATOR)
    # Typed in Temporal's page, where nobody's role is known.
    typed: Any = connection.temporal.get_workflow_handle(run.id)
    with pytest.raises(Exception) as refused:
        await typed.execute_update("decide", "approve")
    assert refused.value.cause.type == "policies.not_decider"
    await decide_run(connection, run.id, pending, {"verdict": "approve"}, key=None, by=ADMIN)
    [end] = await finished(run)
    assert (end.ok, end.decided and end.decided.by) == (True, f"ann (sent by {identity(harness)})")
    assert str(end.ruling).startswith("ask by rule admin of policy ")


def identity(harness: Harness) -> str:
    return harness.connection.temporal.identity


async def test_edits_are_checked_against_the_policy(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await start(harness, model_server, name, call("note", to="ann"))
    [pending] = await waiting(run)

    async def edit(to: str) -> None:
        said = {"verdict": "edit", "arguments": {"to": to}}
        await decide_run(harness.connection, run.id, pending, said, key=None, by=OPERATOR)

    with pytest.raises(InvalidSignal, match="rule no mail out denies this call"):
        await edit("eve@out")
    with pytest.raises(InvalidSignal, match="asks anyone with the role admin about the edited"):
        await edit("boss")
    await edit("carl")
    assert [each.content for each in await finished(run)] == ["noted 'hello' to carl"]


async def test_an_approval_is_remembered_for_the_session(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    first = await start(
        harness, model_server, name, call("note", to="ann"), call("note", to="ann", text="b"),
        session=name,
    )  # fmt: skip
    for remember in (["to", "text"], ["to"]):
        [pending] = await waiting(first)
        said = {"verdict": "approve", "remember": remember}
        await decide_run(harness.connection, first.id, pending, said, key=None)
        await eventually(
            first.pending, lambda found, id=pending.id: id not in [e.id for e in found]
        )
    await first.result()
    store = PolicyStore(harness.connection.database, harness.connection.signing)
    kept = await store.list_remembered(name, None)
    assert [each.names for each in kept] == [["to"], ["text", "to"]]

    steps = call("note", to="ann", text="c")
    second = await start(harness, model_server, name, steps, session=name)
    [end] = await finished(second)
    assert end.ruling is not None
    assert (end.ok, end.ruling.remembered) == (True, kept[0].id)
    assert await store.remove_remembered(kept[0].id, None)
    third = await start(harness, model_server, name, steps, session=name)
    await waiting(third)
    await third.abort("enough")


async def test_a_tampered_approval_allows_nothing(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await start(harness, model_server, name, call("note", to="ann"), session=name)
    [pending] = await waiting(run)
    said = {"verdict": "approve", "remember": ["to"]}
    await decide_run(harness.connection, run.id, pending, said, key=None)
    await run.result()
    database = harness.connection.database
    await database.fetch(
        "UPDATE harness_policies.remembered SET by = 'x' WHERE session = %s", (name,)
    )
    again = await start(harness, model_server, name, call("note", to="ann"), session=name)
    await waiting(again)
    await again.abort("enough")


@pytest.mark.parametrize(
    ("to", "content"),
    [
        ("soon", "noted 'hello' to soon"),
        ("never", "The policy's rule never denies this call: nobody decided within 0.2s"),
    ],
)
async def test_what_happens_when_nobody_decides(
    harness: Harness, model_server: ModelServer, name: str, to: str, content: str
) -> None:
    run = await start(harness, model_server, name, call("note", to=to))
    [end] = await finished(run)
    assert end.content == content
    assert end.ruling is not None
    assert end.ruling.lapsed
    assert end.decided is not None
    assert end.decided.by == f"rule {to}"


async def test_a_question_is_escalated(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    run = await start(harness, model_server, name, call("note", to="up"))
    [pending] = await eventually(run.pending, lambda found: bool(found and found[0].ruling.lapsed))
    assert pending.until is None
    said = {"verdict": "approve"}
    await decide_run(harness.connection, run.id, pending, said, key=None, by=ADMIN)
    events = await all_events(run)
    asked = [each for each in events if isinstance(each, DecisionRequested)]
    assert [each.question for each in asked] == [
        "Rule up asks carl.",
        "Rule up asks carl or anyone with the role admin. Nobody decided within 0.2s.",
    ]
    assert asked[0].until is not None
    assert [each.content for each in events if isinstance(each, ToolCallFinished)] == [
        "noted 'hello' to up"
    ]


async def test_a_tool_that_always_asks_is_only_allowed_by_an_override(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    steps = call("send", to="bob", text="a"), call("send", to="ann", text="b")
    run = await start(harness, model_server, name, *steps)
    [pending] = await waiting(run)
    assert (pending.arguments or {})["to"] == "ann"
    await run.reject()
    first, second = await finished(run)
    assert (first.ok, first.ruling and first.ruling.rule) == (True, "open")
    assert not second.ok


async def test_a_policy_is_switched_in_the_middle_of_a_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    steps = call("note", to="boss"), call("note", to="boss", text="b"), call("note", to="eve@out")
    run = await start(harness, model_server, name, *steps)
    await waiting(run)
    store = PolicyStore(harness.connection.database, harness.connection.signing)
    origin = await run_origin(harness, run)
    await store.add_pin(origin, NONE, "ann")
    await run.approve()
    assert [each.ok for each in await finished(run)] == [True, True, True]
    assert [pin.by for pin in await store.list_pins(origin)] == ["ann", None]


async def run_origin(harness: Harness, run: RunHandle[Any]) -> str:
    described = await harness.connection.temporal.get_workflow_handle(run.id).describe()
    return described.raw_description.workflow_execution_info.first_run_id
