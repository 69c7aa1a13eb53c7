"""A run and the runs below it end together, and what they did is undone together."""

from __future__ import annotations

from typing import Any

from harness import Agent, Harness, ToolContext, tool
from harness.contracts import event as e
from harness.contracts.effect import UndoReport
from harness.contracts.run import RunState
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, all_events, one
from tests.fakes.steps import call, say


class Notes:
    """What agents wrote, and in which order it was taken back."""

    def __init__(self) -> None:
        self.removed: list[str] = []

        @tool
        async def note(text: str) -> str:
            """Write a note."""
            return text

        @note.undo
        async def remove(ctx: ToolContext[Any], receipt: Any) -> str:
            self.removed.append(ctx.run)
            return "removed"

        self.tool = note


def make_family(name: str, notes: Notes, gate: Gate) -> tuple[Agent[Any, Any], Agent[Any, Any]]:
    clerk = Agent(
        f"{name}-clerk", instructions=instructions_of("clerk"), tools=[notes.tool, gate.tool]
    )
    asks = clerk.as_tool(name="ask", description="Writes notes.")
    boss = Agent(f"{name}-boss", instructions=instructions_of("boss"), tools=[notes.tool, asks])
    return boss, clerk


async def test_an_abort_reaches_the_child_and_undoes_the_newest_effect_first(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    notes, gate = Notes(), Gate()
    boss, _ = make_family(name, notes, gate)
    model_server.always(
        by_agent(
            boss=(call("note", text="mine"), call("ask", prompt="Write."), say("Done.")),
            clerk=(call("note", text="yours"), call("hold", what="it"), say("Held.")),
        )
    )
    run = await harness.start(boss, "Write.")
    await gate.entered.wait()
    await run.abort("enough", undo=True)
    result = await run.outcome()
    assert (result.state, result.reason) == (RunState.ABORTED, "enough")
    events = await all_events(run)
    child = one(events, e.ChildStarted).child
    ended = one(events, e.ChildEnded)
    assert (ended.child, ended.state) == (child, RunState.ABORTED)
    assert result.undone is not None
    assert (result.undone.count, result.undone.error) == (2, None)
    assert notes.removed == [child, run.id]
    # 2 calls of each agent, of 120 tokens.
    assert result.totals.usage.total == 480


async def test_temporals_cancel_reaches_the_child(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    notes, gate = Notes(), Gate()
    boss, clerk = make_family(name, notes, gate)
    model_server.always(
        by_agent(
            boss=(call("ask", prompt="Hold."), say("Done.")),
            clerk=(call("hold", what="it"), say("Held.")),
        )
    )
    run = await harness.start(boss, "Hold.")
    await gate.entered.wait()
    await harness.connection.temporal.get_workflow_handle(run.id).cancel()
    result = await run.outcome()
    assert result.state is RunState.ABORTED
    ended = one(await all_events(run), e.ChildEnded)
    assert ended.state is RunState.ABORTED
    child = await harness.get_run(ended.child, clerk).outcome()
    assert child.state is RunState.ABORTED


async def test_an_undo_back_to_a_turn_leaves_what_children_did_before(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    notes, gate = Notes(), Gate()
    boss, _ = make_family(name, notes, gate)
    model_server.always(
        by_agent(
            boss=(call("ask", prompt="Write."), call("ask", prompt="Write."), say("Done.")),
            clerk=(call("note", text="a"), say("Done."), call("note", text="b"), say("Done.")),
        )
    )
    run = await harness.start(boss, "Write.")
    await run.result()
    children = [each.child for each in await all_events(run) if isinstance(each, e.ChildStarted)]
    assert [row.run for row in await run.effects()] == children
    report: UndoReport = await run.undo(1)
    assert [step.state for step in report.steps] == ["undone"]
    assert notes.removed == [children[1]]
    assert len((await run.undo()).undone) == 1
    assert notes.removed == [children[1], children[0]]
