"""Runs whose agents call other agents as tools."""

from __future__ import annotations

from typing import Any

from harness import Agent, Budget, Harness
from harness.sdk.handle import RunHandle
from harness_workflows.run import progress
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, add, eventually
from tests.fakes.steps import call, calls, fail, say


def _make_boss(name: str, clerk: Agent[Any, Any], **options: Any) -> Agent[Any, Any]:
    asks = clerk.as_tool(name="ask", description="Adds.", budget=Budget(tokens=10_000))
    return Agent(name, instructions=instructions_of("boss"), tools=[asks], **options)


async def subagents(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """Two children side by side, and one that fails."""
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"), tools=[add])
    both = calls(("ask", {"prompt": "1 + 1?"}), ("ask", {"prompt": "2 + 2?"}))
    model.always(
        by_agent(
            boss=(both, call("ask", prompt="Fail."), say("Done.")),
            clerk=(say("Two."), say("Four."), fail(400, "odd")),
        )
    )
    boss = _make_boss(name, clerk, parallel=True, budget=Budget(tokens=100_000))
    return await harness.start(boss, "Add.", id=name)


async def subagent_aborted(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    run, gate = await _hold(harness, model, name)
    await gate.entered.wait()
    await run.abort("enough", undo=True)
    return run


async def subagent_continued(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The second execution of a run: it waits for a child that the first one started."""
    run, gate = await _hold(harness, model, name)
    await gate.entered.wait()
    await _begin_fresh_history(harness, run)
    gate.left.set()
    return run


async def handed_over(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A run whose conversation another agent continues, after a call beside the hand-over."""
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"))
    both = calls(("add", {"a": 1, "b": 1}), ("hand_over", {"reason": "A sum."}))
    model.always(by_agent(desk=(both,), clerk=(say("Two."),)))
    desk = _make_desk(name, clerk, budget=Budget(turns=9))
    return await harness.start(desk, "1 + 1?", id=name)


async def handover_continued(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The second execution of a run: another agent has taken over, and is paused and aborted."""
    gate = Gate()
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"), tools=[gate.tool])
    over, hold = call("hand_over", reason="Hold."), call("hold", what="it")
    model.always(by_agent(desk=(over,), clerk=(hold, say("Held."))))
    run = await harness.start(_make_desk(name, clerk), "Hold.", id=name)
    await gate.entered.wait()
    await _begin_fresh_history(harness, run)
    await run.pause()
    await run.abort("enough")
    return run


def _make_desk(name: str, clerk: Agent[Any, Any], **options: Any) -> Agent[Any, Any]:
    over = clerk.as_handover(name="hand_over", description="Does it.")
    return Agent(name, instructions=instructions_of("desk"), tools=[add, over], **options)


async def _begin_fresh_history(harness: Harness, run: RunHandle[Any]) -> None:
    handle: Any = harness.connection.temporal.get_workflow_handle(run.id)
    first = (await handle.describe()).run_id
    many, progress.MAX_SIGNALS = progress.MAX_SIGNALS, 1
    await run.hint("be brief")

    async def newest() -> str:
        return (await handle.describe()).run_id

    await eventually(newest, lambda found: found != first)
    progress.MAX_SIGNALS = many


async def _hold(harness: Harness, model: ModelServer, name: str) -> tuple[RunHandle[Any], Gate]:
    gate = Gate()
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"), tools=[gate.tool])
    model.always(
        by_agent(
            boss=(call("ask", prompt="Hold."), say("Done.")),
            clerk=(call("hold", what="it"), say("Held.")),
        )
    )
    return await harness.start(_make_boss(name, clerk), "Hold.", id=name), gate
