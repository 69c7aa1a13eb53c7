"""Who owns a run, and for whom others act on it: nobody can claim either afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)

from harness import Agent, Harness
from harness.api.caller import Caller, Role
from harness.archive import sweep
from harness.contracts import event as e
from harness.contracts.errors import RunIdTaken, RunNotFound
from harness.contracts.run import WORKFLOW, RunState
from harness.crypto.signing import Signer
from harness.forks.fork import Change, start_fork
from harness.history.owner import read_owner
from harness.journal.card import card_of
from harness.runs.published import store_agent
from harness.runs.start import pin_spec
from harness.runs.start_request import Request, as_messages
from harness.runs.steer import abort_run, decide_run, send_signal
from harness.sdk.handle import RunHandle
from harness.store.permits import sign_run
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import (
    Gate,
    all_events,
    eventually,
    one,
    only,
    send,
    until_state,
    waiting,
)
from tests.fakes.steps import call, say


async def begin(
    harness: Harness, agent: Agent[Any, Any], owner: str | None = "alice", **more: Any
) -> RunHandle[Any]:
    return await harness.begin(agent, Request(messages=as_messages("Go."), owner=owner, **more))


async def test_the_owner_is_kept_with_the_run(
    harness: Harness, later: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Hello."), say("Hello."))
    run = await begin(harness, Agent(name), by="bob")
    await run.result()
    nobody = await begin(harness, Agent(name), owner=None)
    await nobody.result()
    assert await read_owner(harness.connection, run.id) == "alice"
    assert await read_owner(harness.connection, nobody.id) is None
    [row] = await eventually(
        lambda: listed(harness, f"HarnessOwner = 'alice' AND HarnessAgent = '{name}'")
    )
    assert (row.id, row.owner) == (run.id, "alice")
    began = one(await all_events(run), e.RunStarted)
    assert (began.owner, began.by) == ("alice", "bob")
    card = card_of([began])
    assert card is not None
    assert card.owner == "alice"

    await sweep.seal_run(harness.connection, run.id)  # and Temporal forgets it
    assert await read_owner(later.connection, run.id) == "alice"
    for unknown in (f"{name}-unknown", "no/such/run"):
        with pytest.raises(RunNotFound):
            await read_owner(later.connection, unknown)


async def listed(harness: Harness, query: str) -> list[Any]:
    return [row async for row in harness.list_runs(query)]


async def test_the_same_request_of_another_owner_is_another_request(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Hello."))
    agent = Agent(name)
    run = await begin(harness, agent, id=name)
    assert (await begin(harness, agent, id=name)).id == run.id
    for other in ("bob", None):
        with pytest.raises(RunIdTaken):
            await begin(harness, agent, owner=other, id=name)


CLAIMS: list[tuple[str, Any]] = [
    ("owner", "bob"),
    ("hint", {"text": "x", "owner": "bob"}),
    ("pause", {"owner": "bob"}),
    ("abort", {"owner": "bob"}),
    ("set_owner", {"owner": "bob"}),
]


async def test_no_signal_changes_the_owner(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await begin(harness, Agent(name, tools=[gate.tool]))
    await gate.entered.wait()
    handle = harness.connection.temporal.get_workflow_handle(run.id)
    for signal, value in CLAIMS:
        await handle.signal(signal, value)
    gate.left.set()
    events = await all_events(run)
    assert len(only(events, e.SignalRefused)) == len(CLAIMS)
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    assert await read_owner(harness.connection, run.id) == "alice"


async def plant(client: Client, id: str, queue: str, spec: Any) -> None:
    """As anyone who reaches Temporal can: with any input and any attribute."""
    owner = SearchAttributePair(SearchAttributeKey.for_keyword("HarnessOwner"), "alice")
    await client.start_workflow(
        WORKFLOW,
        spec,
        id=id,
        task_queue=queue,
        search_attributes=TypedSearchAttributes([owner]),
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
    )


async def test_a_planted_run_belongs_to_nobody(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    connection, agent = harness.connection, Agent(name)
    signer = await connection.signing.get_signer()
    stored = await store_agent(connection, agent)
    spec = await pin_spec(connection, stored, Request(messages=as_messages("Go.")))
    named = spec.model_copy(update={"owner": "alice"})
    mine = sign_run(signer, f"{name}-changed", spec)
    planted = {
        "unsigned": named,
        "another key": sign_run(Signer(b"x" * 32), f"{name}-another key", named),
        "another run": sign_run(signer, f"{name}-elsewhere", named),
        "changed": mine.model_copy(update={"owner": "alice"}),
        "attribute": sign_run(signer, f"{name}-attribute", spec),
    }
    for what, each in planted.items():
        await plant(connection.temporal, f"{name}-{what}", agent.queue, each)
    owners = {what: await read_owner(connection, f"{name}-{what}") for what in planted}
    assert owners == dict.fromkeys(planted)
    assert model_server.calls == []


async def test_a_workflow_that_is_not_a_run_has_no_owner(harness: Harness, name: str) -> None:
    client = harness.connection.temporal
    await client.start_workflow("Other", {"owner": "alice"}, id=name, task_queue=name)
    with pytest.raises(RunNotFound):
        await read_owner(harness.connection, name)


async def test_a_fork_belongs_to_who_forks_or_else_to_the_owner_of_its_source(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    connection, agent = harness.connection, Agent(name)
    model_server.always(say("Hello."))
    source = await begin(harness, agent)
    await source.result()
    change = Change(hint="And?")
    kept = await start_fork(connection, source.id, 0, change)
    given = await start_fork(connection, source.id, 0, change, owner="bob", by="carol")
    again = await start_fork(connection, given, 0, change)
    owners = [await read_owner(connection, each) for each in (kept, given, again)]
    assert owners == ["alice", "bob", "bob"]
    began = one(await all_events(harness.get_run(given, agent)), e.RunStarted)
    assert (began.owner, began.by) == ("bob", "carol")


async def test_a_fork_of_a_planted_run_belongs_to_nobody(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    connection, agent = harness.connection, Agent(name)
    await harness.serve(agent)
    model_server.always(say("Hello."))
    stored = await store_agent(connection, agent)
    request = Request(messages=as_messages("Go."), owner="alice")
    await plant(connection.temporal, name, agent.queue, await pin_spec(connection, stored, request))
    await harness.get_run(name).outcome()
    fork = await start_fork(connection, name, 0, Change(hint="And?"))
    assert await read_owner(connection, fork) is None


async def test_steering_tells_for_whom_it_was(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    connection, gate = harness.connection, Gate()
    model_server.script(
        call("hold", what="it"), call("send", to="ann", text="a"), call("hold", what="it")
    )
    run = await begin(harness, Agent(name, tools=[gate.tool, send]))
    await gate.entered.wait()
    await send_signal(connection, run.id, "hint", "Be brief.", by="bob")
    await send_signal(connection, run.id, "pause", "lunch", by="carol")
    gate.left.set()
    await until_state(run, RunState.PAUSED)
    card = await connection.temporal.get_workflow_handle(run.id).query("card")
    assert "| State | **paused** by carol |" in card
    assert "| Owner | alice |" in card
    gate.left.clear()
    await send_signal(connection, run.id, "resume", None, by="dan")
    await waiting(run)
    eve = Caller("eve", Role.OPERATOR, "t")
    decision = await decide_run(connection, run.id, None, {"verdict": "approve"}, key=None, by=eve)
    assert decision.by == "eve"
    await eventually(lambda: _calls_of(gate), lambda count: count == 2)
    await abort_run(connection, run.id, "enough", undo=False, by="fred")
    events = await all_events(run)
    sender = connection.temporal.identity
    told = [
        one(events, kind).by
        for kind in (e.HintReceived, e.PauseRequested, e.ResumeRequested, e.DecisionMade)
    ]
    assert told == [f"{who} (sent by {sender})" for who in ("bob", "carol", "dan", "eve")]
    aborted = one(events, e.AbortRequested)
    assert (aborted.by, aborted.reason) == (f"fred (sent by {sender})", "enough")
    card = await connection.temporal.get_workflow_handle(run.id).query("card")
    assert "| State | **aborted** by fred: enough |" in card


async def _calls_of(gate: Gate) -> int:
    return gate.calls


async def test_who_names_nobody_is_the_sender(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"))
    run = await begin(harness, Agent(name, tools=[gate.tool]))
    await gate.entered.wait()
    await run.abort("enough")
    events = await all_events(run)
    assert one(events, e.AbortRequested).by == harness.connection.temporal.identity
    handle = harness.connection.temporal.get_workflow_handle(run.id)
    history = await handle.fetch_history()
    signals = [each for each in history.events if each.HasField(SIGNALED)]
    [sent] = [getattr(each, SIGNALED).input.payloads[0].data for each in signals]
    assert b"by" not in sent


SIGNALED = "workflow_execution_signaled_event_attributes"
