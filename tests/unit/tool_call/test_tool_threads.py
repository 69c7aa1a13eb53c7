"""Hanging sync functions take no other call's thread."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from harness.agent import tool
from harness.contracts.errors import ToolError
from harness_activities.tool_call.host import invoke_function
from harness_activities.tool_call.threads import KEPT_IDLE, Threads
from tests.fakes.tool_calls import calling

let_go = threading.Event()


@tool(effect="read", timeout=0.001)
def hangs() -> None:
    "Hang."
    let_go.wait(30)


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b


async def test_abandoned_calls_starve_no_others() -> None:
    let_go.clear()
    try:
        async with calling(hangs, add) as call:
            given_up = await asyncio.gather(*(call.refused("hangs") for _ in range(130)))
            assert await call("add", a=1, b=2) == "3"
    finally:
        let_go.set()
    assert {code for code, _ in given_up} == {"tool.timeout"}
    assert given_up[0][1].endswith("was abandoned; its thread may still be running.")


async def test_reaching_the_thread_limit_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    threads, go = Threads(limit=2), threading.Event()
    stuck = [asyncio.ensure_future(invoke_function(threads, go.wait, 30)) for _ in range(2)]
    await asyncio.sleep(0)
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            with pytest.raises(ToolError, match="no thread left") as caught:
                await invoke_function(threads, int)
            assert caught.value.code == "tool.temporary"
    assert len(caplog.records) == 1
    go.set()
    assert await asyncio.gather(*stuck) == [True, True]
    assert await invoke_function(threads, int, "7") == 7
    threads.close()


async def test_threads_are_used_again_and_few_are_kept() -> None:
    threads = Threads()
    first = await invoke_function(threads, threading.current_thread)
    assert isinstance(first, threading.Thread)
    go = threading.Event()
    many = [
        asyncio.ensure_future(invoke_function(threads, _held, go)) for _ in range(2 * KEPT_IDLE)
    ]
    await asyncio.sleep(0)
    go.set()
    used = await asyncio.gather(*many)
    assert first in used
    threads.close()
    for each in used:
        await asyncio.to_thread(each.join, 10)
        assert not each.is_alive()
    with pytest.raises(ToolError, match="shutting down"):
        await invoke_function(threads, int)


def _held(go: threading.Event) -> threading.Thread:
    go.wait(30)
    return threading.current_thread()
