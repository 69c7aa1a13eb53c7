"""A run that goes on in a fresh history loses nothing on the way.

The engine suggests it at 4 MB of history: signals that mean nothing to the run fill it up.
"""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.client import Client

from harness import Agent, Budget, Harness, ToolContext, tool
from harness.agent import idempotency_key
from harness.contracts import event as e
from harness.contracts.run import RunState
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import (
    Gate,
    all_events,
    kinds,
    one,
    only,
    send,
    until_state,
    valid_transcript,
    waiting,
)
from tests.fakes.steps import call, say


async def fill(harness: Harness, run: RunHandle[Any]) -> None:
    """Make the engine suggest a fresh history at the next step."""
    # A plain client: ours would store large payloads elsewhere.
    client = await Client.connect(harness.connection.endpoints.temporal_address)
    for _ in range(3):
        await client.get_workflow_handle(run.id).signal("nothing", "x" * 1_500_000)


def texts(server: ModelServer) -> str:
    return "\n".join(str(item.get("content")) for item in server.calls[-1].body["input"])


async def test_counters_hints_and_the_chain_go_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate, keys = Gate(), list[str]()

    @tool(effect="write")
    def note(text: str, context: ToolContext[None]) -> str:
        """Note something."""
        keys.append(context.idempotency_key)
        return "noted"

    model_server.script(call("hold", what="it"), call("note", text="a"), say("Done."))
    agent = Agent(name, tools=[gate.tool, note], budget=Budget(turns=10))
    run = await harness.start(agent, "Hold and note.")
    following = asyncio.create_task(all_events(run))
    await gate.entered.wait()
    await fill(harness, run)
    hints = [f"hint {n}" for n in range(50)]
    await asyncio.gather(*(run.hint(text) for text in hints[:25]))
    gate.left.set()
    await asyncio.gather(*(run.hint(text) for text in hints[25:]))
    events = await following
    first, second = only(events, e.RunStarted)
    assert (first.continued, second.continued) == (None, True)
    assert [text for text in hints if text not in texts(model_server)] == []
    assert texts(model_server).count("hint 7\n") == 1
    assert [called.turn for called in only(events, e.ModelCalled)] == [1, 2, 3]
    assert len({event.trace for event in events}) == 1
    ended = one(events, e.RunEnded)
    assert ended.totals is not None
    assert (ended.totals.turns, ended.totals.tool_calls) == (3, 2)
    assert ended.totals.usage.input == 300
    assert first.cursor is not None
    assert keys == [idempotency_key(first.cursor.run_id, 2, "note", {"text": "a"}, 1)]
    messages = await valid_transcript(harness, ended.head)
    assert [m.role for m in messages][:3] == ["user", "assistant", "tool"]
    places = [str(event.cursor) for event in events if event.cursor]
    assert len(set(places)) == len(places)
    assert (await run.result()).output == "Done."


async def test_decisions_and_pauses_outlive_it(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(
        call("send", to="ann", text="a"), call("send", to="ann", text="b"), say(".")
    )
    agent = Agent(name, tools=[send], budget=Budget(turns=1, ask=True))
    run = await harness.start(agent, "Write twice.")
    await waiting(run)
    await fill(harness, run)
    await run.pause()
    await run.approve()  # the decision is made before the history ends, its effect after
    await until_state(run, RunState.PAUSED)
    await run.resume()
    await _granted(run)
    (pending,) = await waiting(run)
    assert (pending.tool, pending.turn) == ("send", 2)
    await run.approve()
    await _granted(run)
    events = await all_events(run)
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    assert kinds(events).count("run_started") == 2
    asked = [request.need for request in only(events, e.DecisionRequested)]
    assert asked == ["approval", "budget", "approval", "budget"]


async def _granted(run: RunHandle[Any]) -> None:
    while True:
        (pending,) = await waiting(run)
        if pending.need == "budget":
            await run.approve("budget")
            return


async def test_an_abort_meanwhile_ends_it(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Done."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold it.")
    await gate.entered.wait()
    await fill(harness, run)
    await run.pause()
    gate.left.set()
    await until_state(run, RunState.PAUSED)
    await run.abort("enough")
    ended = one(await all_events(run), e.RunEnded)
    assert (ended.state, ended.reason) == (RunState.ABORTED, "enough")
    await valid_transcript(harness, ended.head)
