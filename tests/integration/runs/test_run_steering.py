"""Pause, hints and aborts in every state of a run."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Harness
from harness.contracts import event as e
from harness.contracts.errors import RunError, SteeringError
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import (
    Gate,
    add,
    all_events,
    eventually,
    kinds,
    one,
    only,
    send,
    until_state,
    valid_transcript,
    waiting,
)
from tests.fakes.steps import Hang, call, calls, say, stall


def said(server: ModelServer, number: int = -1) -> list[tuple[str, str]]:
    """Roles and texts of the messages that a request to the model had."""
    found: list[tuple[str, str]] = []
    for item in server.calls[number].body["input"]:
        if "role" in item:
            content = item["content"]
            text = content if isinstance(content, str) else "".join(p["text"] for p in content)
            found.append((item["role"], text))
    return found


# --- pause and resume


async def test_a_pause_holds_the_next_step_and_resume_goes_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    await run.pause("lunch")
    gate.left.set()
    await until_state(run, RunState.PAUSED)
    assert len(model_server.calls) == 1
    await run.resume("back")
    events = await all_events(run)
    assert one(events, e.PauseRequested).reason == "lunch"
    assert one(events, e.ResumeRequested).reason == "back"
    assert [c.state for c in only(events, e.StateChanged)] == [RunState.PAUSED, RunState.RUNNING]
    assert one(events, e.RunEnded).state is RunState.COMPLETED


async def test_pause_and_resume_before_it_is_noticed(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    for _ in range(3):
        await run.pause()
        await run.resume()
    gate.left.set()
    assert (await run.result()).output == "Held."


# --- hints


async def test_a_hint_is_taken_up_by_the_next_call(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    await run.hint("with both hands")
    assert (await run.status()).hints == 1
    gate.left.set()
    events = await all_events(run)
    assert said(model_server)[-1] == ("user", "with both hands")
    hint = one(events, e.HintReceived)
    assert (hint.text, hint.interrupt) == ("with both hands", False)
    assert hint.by


async def test_a_hint_during_the_last_call_is_answered_too(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("It is big.", delay=0.1), say("It is big and red."))
    run = await harness.start(Agent(name), "How is it?")
    await model_server.called()
    await run.hint("say the colour")
    assert (await run.result()).output == "It is big and red."
    assert said(model_server)[-2:] == [("assistant", "It is big."), ("user", "say the colour")]


async def test_a_hint_that_interrupts_keeps_what_had_been_said(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(stall("First half. Second half."), say("In short."))
    run = await harness.start(Agent(name), "Tell me all.")
    async for event in run.events():
        if isinstance(event, e.OutputDelta):
            break
    await run.hint("be brief", interrupt=True)
    events = await all_events(run)
    await model_server.disconnected()
    cut, whole = only(events, e.ModelReplied)
    assert cut.interrupted
    assert cut.message.origin == "interrupted"
    assert cut.message.text.startswith("First")
    assert "Second half." not in cut.message.text
    assert whole.message.text == "In short."
    assert said(model_server)[-2:] == [("assistant", cut.message.text), ("user", "be brief")]
    assert one(events, e.RunEnded).output == "In short."


async def test_a_hint_that_interrupts_before_the_first_token(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(Hang(), say("Here."))
    run = await harness.start(Agent(name), "Answer.")
    await model_server.called()
    await run.hint("now", interrupt=True)
    assert (await run.result()).output == "Here."
    assert said(model_server) == [("user", "Answer."), ("user", "now")]


# --- abort


async def test_abort_in_a_model_call_closes_the_stream_and_keeps_the_text(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(stall("First half. Second half."))
    run = await harness.start(Agent(name), "Tell me all.")
    async for event in run.events():
        if isinstance(event, e.OutputDelta):
            break
    await run.abort("enough")
    await model_server.disconnected()
    result = await run.result()
    assert (result.state, result.reason) == (RunState.ABORTED, "enough")
    assert result.output.startswith("First")
    assert result.head is not None
    await valid_transcript(harness, result.head)


async def test_abort_in_a_tool(harness: Harness, model_server: ModelServer, name: str) -> None:
    gate = Gate()
    model_server.script(calls(("hold", {"what": "a"}), ("add", {"a": 1, "b": 2})))
    run = await harness.start(Agent(name, tools=[gate.tool, add]), "Hold it.")
    await gate.entered.wait()
    await run.abort("enough")
    events = await all_events(run)
    assert gate.cancelled == 1
    cut, unrun = only(events, e.ToolCallFinished)
    assert (cut.ok, cut.unrun, unrun.ok, unrun.unrun) == (False, None, False, True)
    ended = one(events, e.RunEnded)
    assert (ended.state, ended.reason) == (RunState.ABORTED, "enough")
    await valid_transcript(harness, ended.head)


async def test_abort_in_tools_side_by_side(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(calls(("hold", {"what": "a"}), ("hold", {"what": "b"})))
    run = await harness.start(Agent(name, tools=[gate.tool], parallel=True), "Hold both.")
    await eventually(_value(lambda: gate.calls), lambda count: count == 2)
    await run.abort()
    ended = one(await all_events(run), e.RunEnded)
    assert ended.state is RunState.ABORTED
    await valid_transcript(harness, ended.head)


async def test_abort_while_it_waits(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(call("send", to="ann", text="hi"))
    run = await harness.start(Agent(name, tools=[send]), "Write to Ann.")
    (pending,) = await waiting(run)
    await run.abort("not any more")
    ended = one(await all_events(run), e.RunEnded)
    assert ended.state is RunState.ABORTED
    await valid_transcript(harness, ended.head)
    with pytest.raises(SteeringError) as over:
        await run.approve(pending.id)
    assert over.value.code == "steering.run_over"
    assert (await run.status()).pending == ()


async def test_abort_while_paused(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(say("It is big.", delay=0.1))
    run = await harness.start(Agent(name), "How is it?")
    await model_server.called()
    await run.pause()
    await run.hint("one more")
    await until_state(run, RunState.PAUSED)
    await run.abort()
    ended = one(await all_events(run), e.RunEnded)
    assert (ended.state, ended.output) == (RunState.ABORTED, "It is big.")


async def test_the_first_reason_counts(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(Hang())
    run = await harness.start(Agent(name), "Answer.")
    await model_server.called()
    await run.abort("first")
    try:
        await run.abort("second")
    except SteeringError as error:
        assert error.code == "steering.run_over"  # it was that quick
    assert (await run.outcome()).reason == "first"


# --- before the first task, and after the end


async def test_steering_without_a_worker_is_kept_for_it(
    remote: Harness,
    harness: Harness,
    model_server: ModelServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.runs.query.ANSWER_S", 0.5)
    model_server.script(say("Yes."))
    agent = Agent(name)
    run = await remote.start(agent, "Are you there?")
    await run.hint("answer in one word")
    await run.pause()
    with pytest.raises(RunError) as nobody:
        await run.status()
    assert nobody.value.code == "run.no_worker"
    assert "harness worker" in nobody.value.fix
    await run.resume()
    assert kinds(await run.trace()) == [
        "run_started", "hint_received", "pause_requested", "resume_requested",
    ]  # fmt: skip
    await harness.serve(agent)
    assert (await run.result()).output == "Yes."
    assert said(model_server) == [("user", "Are you there?"), ("user", "answer in one word")]


async def test_abort_before_the_first_task_calls_no_model(
    remote: Harness, harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)
    run = await remote.start(agent, "Are you there?")
    await run.abort("never mind")
    await harness.serve(agent)
    result = await run.result()
    assert (result.state, result.reason) == (RunState.ABORTED, "never mind")
    assert model_server.calls == []
    assert result.head is not None  # the question is kept for the session


async def test_after_the_end_steering_is_refused(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Done."))
    run = await harness.start(Agent(name), "Do it.")
    await run.result()
    for steer in (run.abort, run.pause, run.resume, lambda: run.hint("more"), run.approve):
        with pytest.raises(SteeringError) as over:
            await steer()
        assert over.value.code == "steering.run_over"
    assert (await run.status()).state is RunState.COMPLETED
    with pytest.raises(RunError) as missing:
        await harness.get_run(f"{name}-no").hint("hello")
    assert missing.value.code == "run.not_found"


def _value(look: Any) -> Any:
    async def answer() -> Any:
        return look()

    return answer
