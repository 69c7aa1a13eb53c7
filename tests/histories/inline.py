"""Histories with inline calls that fail."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from harness import Agent, Budget, Harness, tool
from harness.contracts.message import ToolCall
from harness.contracts.run import WORKFLOW, Carry, Totals
from harness.runs.published import store_agent
from harness.runs.start import pin_spec
from harness.runs.start_request import Request, as_messages
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add
from tests.fakes.steps import calls, say


@tool(effect="read", inline=True)
async def stay() -> str:
    """Stay longer than an inline tool may, and than it is told to."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    await asyncio.sleep(1)
    return "late"


async def inline_timed_out(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """The SDK raises another error for it when it replays it."""
    model.script(calls(("stay", {}), ("add", {"a": 1, "b": 2})), say("Three."))
    return await harness.start(Agent(name, tools=[stay, add]), "Stay, add.", id=name)


async def inline_refused(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    """A run that nobody signed, in the middle of its calls. In inline_refused_at_once.json, of
    older code, it fails without saying so."""
    agent = Agent(name, tools=[add])
    await harness.serve(agent)
    stored = await store_agent(harness.connection, agent)
    spec = await pin_spec(harness.connection, stored, Request(messages=as_messages("Add.")))
    carry = Carry(
        origin="elsewhere", started=0.0, turn=1, totals=Totals(), messages=(), budget=Budget(),
        calls=(ToolCall(id="call_1_0", name="add", arguments={"a": 1, "b": 2}),),
    )  # fmt: skip
    by_hand = spec.model_copy(update={"carry": carry})
    temporal = harness.connection.temporal
    await temporal.start_workflow(WORKFLOW, by_hand, id=name, task_queue=agent.queue)
    return harness.get_run(name)
