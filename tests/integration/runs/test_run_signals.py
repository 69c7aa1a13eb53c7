"""Signals typed by hand: whatever comes, the run goes on and its events say what was refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from harness import Agent, Harness
from harness.contracts import event as e
from harness.contracts.errors import HarnessError, SteeringError
from harness.contracts.run import RunState
from harness.contracts.steering import EXAMPLES, MAX_BYTES, MAX_HINTS
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, all_events, kinds, one, only, send, waiting
from tests.fakes.steps import Hang, call, say

JSON = b"json/plain"


async def signal(client: Client, run: str, name: str, *payloads: tuple[bytes, bytes]) -> None:
    """As any client of the engine may send it: with these encodings and bytes."""
    made = [Payload(metadata={"encoding": kind}, data=data) for kind, data in payloads]
    await client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run),
            signal_name=name,
            input=Payloads(payloads=made),
            identity="someone",
        )
    )


ODD: list[tuple[str, list[tuple[bytes, bytes]], str]] = [
    ("hint", [], EXAMPLES["hint"]),
    ("hint", [(JSON, b'"a"'), (JSON, b'"b"')], "one JSON value, got 2"),
    ("hint", [(JSON, b"5")], EXAMPLES["hint"]),
    ("hint", [(JSON, b'{"txt": "typo"}')], EXAMPLES["hint"]),
    ("hint", [(JSON, b'{"text": "  "}')], "the text is empty"),
    ("hint", [(JSON, b'{"text": ')], "is not JSON"),
    ("hint", [(JSON, b"\xff\xfe")], "is not JSON"),
    ("hint", [(b"binary/plain", b"\x00\x01")], "'binary/plain', not plain JSON"),
    ("hint", [(b"", b"x")], "not plain JSON"),
    ("hint", [(b"\xff", b"x")], "not plain JSON"),
    ("abort", [(JSON, b"[1]")], EXAMPLES["abort"]),
    ("abort", [(JSON, b'{"reason": 5}')], EXAMPLES["abort"]),
    ("abort", [(JSON, b"{}"), (JSON, b"{}"), (JSON, b"{}")], "one JSON value, got 3"),
    ("pause", [(JSON, b"7")], EXAMPLES["pause"]),
    ("resume", [(JSON, b'{"now": true}')], EXAMPLES["resume"]),
    ("stop", [(JSON, b'"please"')], "abort, hint, pause, resume"),
    ("", [], "abort, hint, pause, resume"),
]


async def test_odd_signals_are_refused_with_a_right_example(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    client = harness.connection.temporal
    sent = []
    for odd in ODD:
        try:
            await signal(client, run.id, odd[0], *odd[1])
        except RPCError:
            assert odd[0] == ""  # the engine itself refuses a signal without a name
        else:
            sent.append(odd)
    status = await run.status()
    assert (status.state, status.hints) == (RunState.RUNNING, 0)
    gate.left.set()
    events = await all_events(run)
    refused = only(events, e.SignalRefused)
    assert [r.signal for r in refused] == [name for name, _, _ in sent]
    for each, (_, _, words) in zip(refused, sent, strict=True):
        assert words in each.message
        assert each.by == "someone"
    assert one(events, e.RunEnded).state is RunState.COMPLETED


@pytest.mark.parametrize(
    ("payloads", "reason"),
    [
        ([], "aborted"),
        ([(JSON, b"null")], "aborted"),
        ([(b"binary/null", b"")], "aborted"),
        ([(JSON, b'""')], "aborted"),
        ([(JSON, b'"stop it"')], "stop it"),
        ([(JSON, b'{"reason": "stop it"}')], "stop it"),
    ],
)
async def test_what_a_person_may_type_to_abort(
    harness: Harness,
    model_server: ModelServer,
    name: str,
    payloads: list[tuple[bytes, bytes]],
    reason: str,
) -> None:
    model_server.script(Hang())
    run = await harness.start(Agent(name), "Answer.")
    await model_server.called()
    await signal(harness.connection.temporal, run.id, "abort", *payloads)
    ended = one(await all_events(run), e.RunEnded)
    assert (ended.state, ended.reason) == (RunState.ABORTED, reason)


@pytest.mark.slow
async def test_more_signals_at_once_than_a_run_keeps(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    client = harness.connection.temporal

    async def nth(n: int) -> None:
        if n % 10 == 9:
            await signal(client, run.id, "hint", (JSON, b"{"))
        else:
            await run.hint(f"hint {n}")

    await asyncio.gather(*(nth(n) for n in range(1200)))
    assert (await run.status()).hints == MAX_HINTS
    gate.left.set()
    events = await all_events(run)
    assert kinds(events).count("hint_received") == MAX_HINTS
    refused = [event.message for event in only(events, e.SignalRefused) if event.signal == "hint"]
    assert len(refused) == 200
    assert sum(f"{MAX_HINTS} hints of" in message for message in refused) == 80
    told = {str(item.get("content")) for item in model_server.calls[1].body["input"]}
    assert len(told & {f"hint {n}" for n in range(1200)}) == MAX_HINTS


async def test_large_bodies_through_our_own_interface(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="hi"), say("Done."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    large = "x" * 3_000_000
    for steer in (
        run.hint(large),
        run.abort(large),
        run.pause(large),
        run.resume(large),
        run.approve(note=large),
        run.decide("edit", arguments={"to": large}),
    ):
        with pytest.raises(SteeringError) as refused:
            await steer
        assert refused.value.code == "steering.too_large"
    await run.hint("x" * (MAX_BYTES - 100))
    await run.approve()
    assert (await run.result()).state is RunState.COMPLETED


async def test_a_large_prompt_is_stored_elsewhere(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Read."))
    run = await harness.start(Agent(name), "long " * 600_000)
    assert (await run.result()).output == "Read."
    started = one(await all_events(run), e.RunStarted)
    assert len(started.prompt) == 3_000_000


async def test_large_bodies_by_other_clients(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """The engine's own limit is 2 MB for a signal; the run's is the same as our interfaces'."""
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    client = await Client.connect(harness.connection.endpoints.temporal_address)
    with pytest.raises(RPCError):
        await client.get_workflow_handle(run.id).signal("hint", "x" * 3_000_000)
    await client.get_workflow_handle(run.id).signal("hint", "x" * 1_500_000)
    assert (await run.status()).hints == 0
    [refused] = only(await run.trace(), e.SignalRefused)
    assert "1,000,000." in refused.message
    gate.left.set()
    assert (await run.result()).output == "Held."


async def test_unknown_updates_and_queries_are_refused(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="hi"), say("Done."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    handle: Any = harness.connection.temporal.get_workflow_handle(run.id)
    with pytest.raises(Exception, match="failed"):
        await handle.execute_update("decyde", "approve")
    with pytest.raises(Exception, match="not found"):
        await handle.query("stattus")
    for extra in ([1], ["a", "b"]):
        try:
            await handle.query("status", args=extra)
        except Exception as error:
            assert not isinstance(error, HarnessError)
    assert (await run.status()).state is RunState.WAITING
    await run.approve()
    await run.result()
