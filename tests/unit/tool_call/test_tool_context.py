"""What a tool knows about its call, what it may report, and what its agent gives it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from harness.agent import ToolContext, idempotency_key, tool
from harness.contracts.errors import ToolUnavailable
from harness.contracts.tool import Workspace
from tests.fakes.tool_calls import calling


@tool
async def flaky(ctx: ToolContext[None]) -> None:
    "Fail for now."
    raise ToolUnavailable("The line is busy.")


@tool(effect="read")
def inspect(ctx: ToolContext[dict[str, int]], n: int) -> dict[str, Any]:
    "Look at the context."
    ctx.progress("half way")
    ctx.heartbeat({"page": 3})
    ctx.logger.debug("seen")
    return {
        "deps": ctx.deps, "run": ctx.run, "turn": ctx.turn, "call": ctx.call_id, "n": n,
        "key": ctx.idempotency_key, "attempt": ctx.attempt, "tool": ctx.tool,
        "last": ctx.last_heartbeat, "cancelled": ctx.cancelled.is_set(),
    }  # fmt: skip


async def test_the_context_describes_the_call() -> None:
    async with calling(inspect, deps={"limit": 5}) as call:
        call.info(attempt=2, heartbeat_details=[{"left": {"page": 2}}])
        outcome = await call.request("inspect", {"n": 1}, turn=4, ordinal=2, origin="origin")
        assert outcome.result
        key = idempotency_key("origin", 4, "inspect", {"n": 1}, 2)
        assert outcome.result.content == (
            '{"deps":{"limit":5},"run":"test","turn":4,"call":"c1","n":1,"key":"' + key + '",'
            '"attempt":2,"tool":"inspect","last":{"page":2},"cancelled":false}'
        )
        assert call.said == ["test/4/c1: half way"]
        assert call.beats == [({"left": {"page": 3}},)]
        outcome = await call.request("inspect", {"n": 1})
        assert outcome.result
        assert idempotency_key("first", 1, "inspect", {"n": 1}) in outcome.result.content


async def test_a_heartbeat_must_be_json() -> None:
    @tool(effect="read")
    async def beats(ctx: ToolContext[None]) -> None:
        "Beat."
        ctx.heartbeat(object())

    async with calling(beats) as call:
        assert "Unable to serialize" in (await call.refused("beats"))[1]
        assert call.beats == []


async def test_a_tool_that_outlives_its_call_is_ignored() -> None:
    go, said = threading.Event(), threading.Event()

    @tool(effect="read", timeout=0.01)
    def late(ctx: ToolContext[None]) -> None:
        "Report late."
        go.wait(10)
        ctx.progress("late")
        ctx.heartbeat(1)
        said.set()

    async with calling(late) as call:
        assert (await call.refused("late"))[0] == "tool.timeout"
        go.set()
        assert await asyncio.to_thread(said.wait, 10)
        await asyncio.sleep(0)
        assert (call.said, call.beats) == ([], [])


async def test_a_long_call_sends_heartbeats() -> None:
    beaten = asyncio.Event()

    @tool(effect="read")
    async def long_(ctx: ToolContext[None], leave: bool) -> None:
        "Take long."
        if leave:
            ctx.heartbeat("left")
        beaten.clear()
        await beaten.wait()

    async with calling(long_) as call:
        call.info(heartbeat_timeout=timedelta(seconds=0.03))

        def beat(*details: Any) -> None:
            call.beats.append(details)
            beaten.set()

        call.env.on_heartbeat = beat
        await call("long_", leave=False)
        assert set(call.beats) == {()}
        call.beats.clear()
        await call("long_", leave=True)
        assert call.beats[:2] == [({"left": "left"},)] * 2


async def test_local_activities_do_not_beat() -> None:
    async with calling(flaky) as call:
        call.info(is_local=True, heartbeat_timeout=timedelta(seconds=0.001))
        with pytest.raises(ApplicationError):
            await call.request("flaky", {})
        assert call.beats == []


@tool(effect="read", workspace=True)
def root_of(ctx: ToolContext[None]) -> str:
    "Tell the root."
    return str(ctx.workspace)


@tool(effect="read")
def undeclared(ctx: ToolContext[None]) -> str:
    "Tell the root without the right to."
    return str(ctx.workspace)


async def test_the_workspace_is_for_tools_that_declare_it_on_its_host(tmp_path: Path) -> None:
    async with calling(root_of, undeclared, root=tmp_path) as call:
        assert await call("root_of") == str(tmp_path)
        assert "has no workspace" in (await call.refused("undeclared"))[1]
        elsewhere = Workspace(host="elsewhere", root="/")
        outcome = await call.request("root_of", {}, workspace=elsewhere)
        assert outcome.failure and outcome.failure.code == "tool.wrong_host"
        outcome = await call.request("root_of", {}, workspace=None)
        assert outcome.failure and "started without one" in outcome.failure.message


class Connection:
    def __init__(self) -> None:
        self.open = False

    async def __aenter__(self) -> Connection:
        self.open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open = False


@tool(effect="read")
async def uses(ctx: ToolContext[Any]) -> bool:
    "Use the deps."
    return ctx.deps.open


async def test_deps_are_made_once_and_closed_at_the_end() -> None:
    made: list[Connection] = []

    def connect() -> Connection:
        made.append(Connection())
        return made[-1]

    async with calling(uses, deps=connect) as call:
        assert made == []
        assert await asyncio.gather(call("uses"), call("uses"), call("uses")) == ["true"] * 3
        assert len(made) == 1
    assert not made[0].open


@asynccontextmanager
async def managed() -> AsyncIterator[Connection]:
    async with Connection() as connection:
        yield connection


async def made_async() -> Connection:
    connection = Connection()
    connection.open = True
    return connection


@pytest.mark.parametrize("deps", [managed, made_async, Connection])
async def test_deps_may_be_made_in_many_ways(deps: Any) -> None:
    async with calling(uses, deps=deps) as call:
        assert await call("uses") == "true"


async def test_a_value_as_deps_is_taken_as_it_is() -> None:
    value = Connection()
    async with calling(uses, deps=value) as call:
        assert await call("uses") == "false"


async def test_failing_deps_fail_the_call_and_are_retried() -> None:
    tries: list[int] = []

    def connect() -> Connection:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("no route")
        return Connection()

    async with calling(uses, deps=connect) as call:
        assert "deps could not be made: OSError: no route" in (await call.refused("uses"))[1]
        assert await call("uses") == "true"
