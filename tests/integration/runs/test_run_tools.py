"""Runs with tools: inline and as activities, one after another and side by side."""

from __future__ import annotations

import asyncio

from harness import Agent, Harness, ToolContext, tool
from harness.contracts import event as e
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add, all_events, kinds, look, one, only
from tests.fakes.steps import call, calls, say


async def test_an_inline_tool_and_the_answer(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("add", a=1, b=2), say("Three."))
    run = await harness.start(Agent(name, tools=[add]), "What is 1 + 2?")
    events = await all_events(run)
    assert kinds(events) == [
        "run_started", "model_called", "model_replied", "tool_call_requested",
        "tool_call_finished", "model_called", "model_replied", "run_ended",
    ]  # fmt: skip
    assert one(events, e.ToolCallFinished).content == "3"
    asked, answered = (event for event in events if isinstance(event, e.ModelReplied))
    assert asked.first_ms is None, "no text came"
    # One is measured by the worker, the other by the engine.
    assert answered.first_ms is not None and answered.first_ms <= answered.ms + 10
    result = await run.result()
    assert (result.state, result.output) == (RunState.COMPLETED, "Three.")
    assert result.totals.turns == 2
    assert result.totals.tool_calls == 1
    assert result.totals.usage.input == 200
    assert result.totals.cost_micros


async def test_a_tool_as_an_activity(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("look", place="north"), say("Nothing there."))
    run = await harness.start(Agent(name, tools=[look]), "Look north.")
    events = await all_events(run)
    started, finished = one(events, e.ToolCallStarted), one(events, e.ToolCallFinished)
    assert (started.name, started.arguments) == ("look", {"place": "north"})
    assert (finished.ok, finished.content, finished.attempts) == (True, "nothing at north", 1)
    assert (await run.outcome()).output == "Nothing there."


async def test_reads_run_side_by_side_and_answer_in_the_order_of_the_calls(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    both = asyncio.Barrier(2)

    @tool(effect="read")
    async def meet(who: str) -> str:
        """Wait for the other call."""
        await both.wait()
        return f"met {who}"

    model_server.script(calls(("meet", {"who": "a"}), ("meet", {"who": "b"})), say("Done."))
    run = await harness.start(Agent(name, tools=[meet], parallel=True), "Meet.")
    assert (await run.result()).output == "Done."
    results = [m for m in (await run.transcript()).unsaved if m.role == "tool"]
    contents = [part.content for m in results for part in m.parts]
    asked = model_server.calls[1].body["input"]
    sent = [item["output"] for item in asked if item.get("type") == "function_call_output"]
    assert sent == ["met a", "met b"]
    assert contents in ([], ["met a", "met b"])


async def test_writes_run_one_after_another(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    inside, most = 0, 0

    @tool(effect="write")
    async def write(what: str) -> str:
        """Write something."""
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        return what

    model_server.script(calls(("write", {"what": "a"}), ("write", {"what": "b"})), say("Done."))
    run = await harness.start(Agent(name, tools=[write], parallel=True), "Write.")
    events = await all_events(run)
    assert most == 1
    order = [k for k in kinds(events) if k.startswith(("tool_call_s", "tool_call_f"))]
    assert order == ["tool_call_started", "tool_call_finished"] * 2


async def test_equal_calls_have_keys_of_their_own(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    keys: list[str] = []

    @tool(effect="write")
    def pay(amount: int, context: ToolContext[None]) -> str:
        """Pay."""
        keys.append(context.idempotency_key)
        return "paid"

    model_server.script(calls(("pay", {"amount": 5}), ("pay", {"amount": 5})), say("Paid."))
    await (await harness.start(Agent(name, tools=[pay]), "Pay twice.")).result()
    assert len(set(keys)) == 2


async def test_a_failing_tool_is_reported_to_the_model(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    @tool(effect="read")
    def broken() -> str:
        """Fail."""
        raise ValueError("no such shelf")

    model_server.script(call("broken"), say("It failed."))
    run = await harness.start(Agent(name, tools=[broken]), "Try.")
    events = await all_events(run)
    finished = one(events, e.ToolCallFinished)
    assert not finished.ok
    assert "no such shelf" in finished.content
    assert finished.error is not None
    assert finished.error.code == "tool.failed"
    assert one(events, e.RunEnded).state is RunState.COMPLETED


async def test_ten_megabytes_of_result(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    @tool(effect="read")
    def dump() -> str:
        """Return a lot."""
        return "0123456789" * 1_000_000

    model_server.script(call("dump"), say("That is a lot."))
    run = await harness.start(Agent(name, tools=[dump]), "Dump.")
    events = await all_events(run)
    finished = one(events, e.ToolCallFinished)
    assert finished.artifact is not None
    assert len(finished.content) < 20_000
    assert len(await harness.connection.stores.artifacts.get(finished.artifact)) == 10_000_000
    assert one(events, e.RunEnded).state is RunState.COMPLETED


async def test_temporary_failures_are_tried_again_and_counted(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    from harness.contracts.errors import ToolUnavailable

    tries = 0

    @tool(effect="read")
    def flaky() -> str:
        """Fail once."""
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ToolUnavailable("not yet", retry_after=0.02)
        return "now"

    model_server.script(call("flaky"), say("Done."))
    run = await harness.start(Agent(name, tools=[flaky]), "Try.")
    finished = one(await all_events(run), e.ToolCallFinished)
    assert (finished.ok, finished.content, finished.attempts) == (True, "now", 2)
    assert "not yet" in (finished.last_failure or "")


async def test_every_event_has_the_runs_trace_and_rising_cursors(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(calls(("look", {"place": "a"}), ("add", {"a": 1, "b": 1})), say("Two."))
    run = await harness.start(Agent(name, tools=[add, look]), "Do both.")
    events = await all_events(run)
    assert len({event.trace for event in events}) == 1
    places = [(c.event_id, c.place) for event in events if (c := event.cursor)]
    assert places == sorted(set(places))
    assert await run.trace() == [event for event in events if event.cursor]
    assert all(reply.queued_ms is not None for reply in only(events, e.ModelReplied))
