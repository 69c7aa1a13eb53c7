"""Callers of the child processes take turns."""

from __future__ import annotations

import pytest

from harness.agent import tool
from harness.commons.children.turns import MAX_OF_CALLER, MAX_WAITING, Turns, caller
from harness.contracts.errors import ToolError, ToolFailed
from harness.contracts.message import ToolCall
from harness.contracts.tool import RunTool
from harness_activities.tool_call.toolbox import Toolbox
from tests.fakes.tool_calls import calling


def test_a_caller_with_many_calls_delays_another_by_one() -> None:
    turns = Turns[str]()
    for item in ("a1", "a2", "a3"):
        turns.put("a", item)
    assert turns.take() == "a1"
    turns.put("b", "b1")
    turns.put("c", "c1")
    turns.put("b", "b2")
    assert len(turns) == 5
    assert [turns.take() for _ in range(5)] == ["a2", "b1", "c1", "a3", "b2"]
    assert not turns


def test_a_caller_that_fills_its_queue_leaves_room_for_others() -> None:
    turns = Turns[int]()
    for who in range(MAX_WAITING // MAX_OF_CALLER):
        turns.put("other", who)
        turns.take()
        for item in range(MAX_OF_CALLER):
            turns.put(f"{who}", item)
        with pytest.raises(ToolError, match="64 calls of this run") as caught:
            turns.put(f"{who}", 0)
        assert caught.value.retryable
    with pytest.raises(ToolError, match="and 256 in all"):
        turns.put("other", 0)


@tool(effect="read")
async def who() -> str:
    "Tell on whose behalf a child would be asked for."
    return caller.get()


@tool(effect="read")
def who_in_thread() -> str:
    "Tell the same from a thread."
    return caller.get()


async def test_a_tool_asks_on_behalf_of_its_run() -> None:
    async with calling(who, who_in_thread) as call:
        call.info(workflow_id="run-7")
        assert await call("who") == await call("who_in_thread") == "run-7"


@pytest.mark.parametrize("activity", ["run_tool", "check_edit"])
async def test_each_activity_takes_turns_for_its_run(
    activity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[str] = []

    async def read_call(self: Toolbox, request: RunTool) -> None:
        turns.append(caller.get())
        raise ToolFailed("looked")

    monkeypatch.setattr(Toolbox, "read_call", read_call)
    async with calling() as call:
        call.info(workflow_id="mine")
        request = RunTool(call=ToolCall(id="c", name="any", arguments={}), turn=1)
        await call.env.run(getattr(call.activities, activity), request)
    assert turns == ["mine"]
