"""What people decide: approvals, edits, answers, grants; two deciders; what does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from harness import Agent, Budget, Harness, tool
from harness.cli.runs.idle import why_idle
from harness.config.settings import settings_model
from harness.contracts import event as e
from harness.contracts.errors import RunError, StackError, SteeringError
from harness.contracts.run import Pending, RunState
from harness.journal.steps import list_steps
from harness.runs.query import explain_refusal
from harness.sdk.handle import RunHandle
from harness.tools import ask_human
from tests.conformance.order import check_order
from tests.crash.proxy import Proxy
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, kinds, one, only, send, sent_results, waiting
from tests.fakes.steps import call, calls, say

LETTER = {"to": "ann", "text": "hi"}


async def test_approved(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(run)
    assert (pending.need, pending.tool, pending.arguments) == ("approval", "send", LETTER)
    assert (await run.status()).state is RunState.WAITING
    decision = await run.approve(note="go on")
    assert (decision.id, decision.verdict, decision.note) == (pending.id, "approve", "go on")
    events = await all_events(run)
    assert one(events, e.DecisionRequested).effect == "write"
    made = one(events, e.DecisionMade)
    assert (made.verdict, made.note) == ("approve", "go on")
    assert made.by
    assert [c.state for c in only(events, e.StateChanged)] == [RunState.WAITING, RunState.RUNNING]
    assert sent_results(model_server) == ["sent 'hi' to ann"]


async def test_rejected(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(call("send", **LETTER), say("Not sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    await waiting(run)
    await run.reject(note="she is away")
    assert (await run.result()).output == "Not sent."
    assert sent_results(model_server) == ["A person refused this call: she is away"]


async def test_a_rule_on_the_arguments(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    def much(arguments: Mapping[str, Any]) -> bool | str:
        return f"{arguments['amount']} is a lot" if arguments["amount"] > 10 else False

    @tool(effect="write", approval=much)
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    model_server.script(calls(("pay", {"amount": 5}), ("pay", {"amount": 50})), say("Paid."))
    run = await harness.start(Agent(name, tools=[pay]), "Pay.")
    (pending,) = await waiting(run)
    assert (pending.question, pending.arguments) == ("50 is a lot", {"amount": 50})
    await run.approve(pending.id)
    await run.result()
    assert sent_results(model_server) == ["paid 5", "paid 50"]


async def test_a_person_answers(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(call("ask_human", question="Which one?"), say("The blue one."))
    run = await harness.start(Agent(name, tools=[ask_human]), "Choose.")
    (pending,) = await waiting(run)
    assert (pending.need, pending.question) == ("answer", "Which one?")
    with pytest.raises(SteeringError, match="takes answer, reject"):
        await run.approve()
    await run.answer("blue")
    assert (await run.result()).output == "The blue one."
    assert sent_results(model_server) == ["blue"]


async def test_several_wait_at_once_and_each_is_named(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    @tool(effect="read", approval="always")
    async def read(what: str) -> str:
        """Read something private."""
        return f"read {what}"

    model_server.script(calls(("read", {"what": "a"}), ("read", {"what": "b"})), say("Read."))
    run = await harness.start(Agent(name, tools=[read], parallel=True), "Read both.")
    found = await waiting(run, 2)
    first, second = sorted(found, key=lambda pending: pending.arguments["what"])
    with pytest.raises(SteeringError, match=f"say which: .*{second.id}"):
        await run.approve()
    await run.reject(second.id)
    await waiting(run, 1)
    await run.approve()
    events = await all_events(run)
    assert sent_results(model_server) == ["read a", "A person refused this call"]
    assert {d.id for d in only(events, e.DecisionRequested)} == {first.id, second.id}
    assert len(only(events, e.DecisionRequested)) == 2


async def test_of_two_deciders_one_wins(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Done."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(run)
    both = await asyncio.gather(
        run.approve(pending.id), run.reject(pending.id), return_exceptions=True
    )
    refused = [each for each in both if isinstance(each, SteeringError)]
    assert len(refused) == 1, both
    assert refused[0].code == "steering.not_pending"
    assert len(only(await all_events(run), e.DecisionMade)) == 1


async def test_what_does_not_fit_is_refused_and_the_run_waits_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(run)
    with pytest.raises(
        SteeringError, match=f"nothing waits under 'call_x'; what waits: {pending.id}"
    ):
        await run.approve("call_x")
    with pytest.raises(SteeringError, match="takes approve, edit, reject"):
        await run.answer("yes")
    handle = harness.connection.temporal.get_workflow_handle(run.id)
    for arguments in ([], [1, 2], ["maybe"], [{"verdict": "edit"}], [{"id": 1}], [None], [b"\0"]):
        with pytest.raises(Exception, match="failed") as caught:
            await handle.execute_update("decide", args=arguments)
        assert "Example: {" in str(caught.value.__cause__) or arguments == [b"\0"], arguments
    assert (await run.status()).state is RunState.WAITING
    await handle.execute_update("decide", "approve")
    events = await all_events(run)
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    assert kinds(events).count("decision_made") == 1
    with pytest.raises(SteeringError) as over:
        await run.approve()
    assert over.value.code == "steering.run_over"


async def test_a_budget_is_granted_again(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(*[call("send", **LETTER) for _ in range(4)], say("Enough."))

    @tool(name="send", effect="write")
    def freely(to: str, text: str) -> str:
        """Send a message."""
        return "sent"

    budget = Budget(turns=2, ask=True)
    run = await harness.start(Agent(name, tools=[freely], budget=budget), "Write a lot.")
    (pending,) = await waiting(run)
    assert pending.need == "budget"
    assert "2 turns" in pending.question
    await run.approve("budget")
    (pending,) = await waiting(run)
    assert "4 turns" in pending.question
    await run.decide("edit", "budget", arguments={"turns": 1})
    events = await all_events(run)
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    assert len(only(events, e.DecisionRequested)) == 2


async def test_a_budget_that_is_not_granted_ends_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(call("send", **LETTER))
    run = await harness.start(
        Agent(name, tools=[send], budget=Budget(turns=1, ask=True)), "Write to Ann."
    )
    (pending,) = await waiting(run)
    await run.reject(pending.id)
    await eventually(run.pending, lambda found: [p.need for p in found] == ["budget"])
    await run.reject("budget")
    events = await all_events(run)
    ended = one(events, e.RunEnded)
    assert ended.state is RunState.FAILED
    assert ended.error is not None
    assert ended.error.code == "run.budget"
    assert kinds(events)[-2:] == ["budget_reached", "run_ended"]


async def test_a_decision_waits_for_a_worker(
    options: dict[str, Any],
    remote: Harness,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    agent, settings = Agent(name, tools=[send]), settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as first:
        started = await first.start(agent, "Write to Ann.")
        await waiting(started)
    monkeypatch.setattr("harness.runs.decide.ANSWER_S", 0.5)
    run = remote.get_run(started.id)
    with pytest.raises(RunError) as caught:
        await run.approve(note="go on")
    assert caught.value.code == "run.no_worker"
    assert caught.value.message == (
        f"No worker answers for run {run.id!r}. The decision is queued and takes effect once "
        "a worker does."
    )
    async with Harness.local(project=tmp_path, settings=settings) as second:
        await second.serve(agent)
        assert (await run.result()).output == "Sent."
    assert one(await all_events(run), e.DecisionMade).note == "go on"


async def test_a_decision_while_temporal_is_silent_does_not_claim_to_wait(
    options: dict[str, Any],
    harness: Harness,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    started = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(started)
    host, _, port = options["temporal"]["address"].rpartition(":")
    proxy = Proxy(host, int(port))
    await proxy.start()
    temporal = {**options["temporal"], "address": proxy.address}
    settings = settings_model().model_validate({**options, "temporal": temporal})
    monkeypatch.setattr("harness.runs.decide.ANSWER_S", 0.3)
    monkeypatch.setattr("harness.engine.served.SERVED_S", 0.3)
    monkeypatch.setattr("harness.engine.served.REACH_S", 0.3)
    monkeypatch.setattr("harness.runs.query.ANSWER_S", 0.3)
    try:
        async with Harness.connect(project=tmp_path, settings=settings) as connected:
            run: RunHandle[Any] = connected.get_run(started.id)
            assert await run.is_served()
            proxy.hold()
            with pytest.raises(StackError, match="may or may not have arrived") as sent:
                await run.approve(pending)
            assert sent.value.code == "stack.unreachable"
            for ask in (run.approve, run.status, run.is_served):
                with pytest.raises(StackError, match="Temporal does not answer"):
                    await ask()
            assert (await why_idle(run, "unserved") or "").startswith("Temporal does not answer")
    finally:
        proxy.close()
    await started.abort()


async def test_a_decision_about_a_run_that_does_not_exist(remote: Harness, name: str) -> None:
    pending = Pending(
        id="c1", need="approval", turn=1, tool="send", question="?", arguments={}, since=1.0
    )
    run: RunHandle[Any] = remote.get_run(name)
    for ask in (lambda: run.approve(pending), run.approve, run.is_served):
        with pytest.raises(RunError) as caught:
            await ask()
        assert caught.value.code == "run.not_found"


async def test_a_decision_is_bound_to_what_was_shown(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(run)
    other = pending.model_copy(update={"arguments": {"to": "ann", "text": "harmless"}})
    for wrong in (other, other.model_copy(update={"need": "outcome"})):
        with pytest.raises(SteeringError, match=f"digest {pending.digest}") as caught:
            await run.approve(wrong)
        assert caught.value.code == "steering.changed"
    with pytest.raises(SteeringError, match="digest 6a"):
        await run.decide("approve", digest="6a")
    assert pending.digest
    decision = await run.decide("approve", digest=pending.digest[:8])
    assert decision.need == "approval"
    await run.result()


async def test_an_update_in_flight_when_the_run_ends_is_too_late(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Temporal reports it with the status of a run that does not exist."""
    model_server.script(say("Done."))
    run = await harness.start(Agent(name), "Write to Ann.")
    await run.result()
    aborted = "workflow update was aborted by closing workflow"
    error = RPCError(aborted, RPCStatusCode.NOT_FOUND, b"")
    refusal = await explain_refusal(harness.connection, run.id, error)
    assert refusal.code == "steering.run_over"
    missing = await explain_refusal(harness.connection, f"{run.id}-missing", error)
    assert missing.code == "run.not_found"


async def test_the_same_decision_sent_twice_is_one(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(run)
    first = await run.decide("approve", pending, key="k1")
    await run.result()
    with pytest.raises(SteeringError) as caught:
        await run.approve(pending)
    assert caught.value.code == "steering.run_over"
    assert await run.decide("approve", pending, key="k1") == first


async def test_every_call_ends_once_and_says_who_decided(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    asked = ("ask_human", {"question": "Which one?"})
    model_server.script(calls(asked, ("send", LETTER), ("send", {"to": "bob", "text": "x"})))
    run = await harness.start(Agent(name, tools=[ask_human, send]), "Choose.")
    (question,) = await waiting(run)
    await run.answer("blue", question)
    (letter,) = await eventually(run.pending, lambda found: [p.tool for p in found] == ["send"])
    await run.reject(letter, note="too early")
    await eventually(run.pending, lambda found: [p.id == letter.id for p in found] == [False])
    await run.abort("enough")
    events = await all_events(run)
    check_order(events)
    ends = [(each.content, each.ok, each.unrun) for each in only(events, e.ToolCallFinished)]
    assert ends == [
        ("blue", True, None),
        ("A person refused this call: too early", False, None),
        ("not run: the run ended (enough)", False, True),
    ]
    first, second, _ = only(events, e.ToolCallFinished)
    assert first.decided and first.decided.answer == "blue"
    assert second.decided
    assert (second.decided.verdict, second.decided.note) == ("reject", "too early")
    assert second.decided.by
    assert not only(events, e.ToolCallStarted)  # no check looks like a call
    assert [each.name for each in only(events, e.ToolCallChecked)] == ["send", "send"]
    kinds_of_steps = [step.kind for step in list_steps(await run.trace())]
    assert kinds_of_steps == ["model", "wait", "check", "wait", "check", "wait"]
