"""Calls in a what-if, at the activity: played back or refused, whatever the tool is."""

from __future__ import annotations

from typing import Any

from harness.agent import Ask, tool
from harness.agent.read_result import read_result
from harness.contracts.errors import ErrorInfo, ToolFailed
from harness.contracts.tool import Playback
from harness.contracts.whatif import Record, Recorded, RecordedCall
from tests.fakes.tool_calls import Caller, Memory, calling

ran: list[str] = []


@tool(effect="write")
def write(what: str) -> str:
    "Write."
    ran.append(what)
    return f"wrote {what}"


@tool(effect="read")
def look(place: str) -> str:
    "Look."
    return f"saw {place}"


@tool(effect="read", approval="always")
def peek(place: str) -> str:
    "Look where one may not."
    return f"saw {place}"


@tool(effect="read")
def ask(question: str) -> Ask:
    "Ask."
    return Ask(question)


def failed(message: str) -> ErrorInfo:
    return ToolFailed(message).info


async def recorded(memory: Memory, *calls: RecordedCall, live: bool = False) -> Playback:
    id = await memory.put(Record(calls=calls).wire())
    return Playback(record=id, live_reads=True if live else None)


async def code(call: Caller, name: str, arguments: Any, playback: Playback) -> str:
    outcome = await call.request(name, arguments, playback=playback)
    assert outcome.need is None
    assert outcome.failure is not None
    assert outcome.played is None
    return outcome.failure.code


async def test_results_are_played_back_in_their_order() -> None:
    memory = Memory()
    results = (
        Recorded(content="one", artifact="x"),
        Recorded(content="two", error=True, failure=failed("two")),
    )
    playback = await recorded(
        memory, RecordedCall(name="write", arguments={"what": "a"}, results=results)
    )
    async with calling(write, artifacts=memory) as call:
        told = [
            await call.request("write", {"what": "a"}, playback=playback, nth=nth)
            for nth in (None, 2, 3)
        ]
        assert call.effects.rows == {}
    assert [each.result.content for each in told if each.result] == ["one", "two", "two"]
    assert [each.result.error for each in told if each.result] == [None, True, True]
    assert told[0].result is not None
    assert (told[0].result.artifact, told[0].played) == ("x", True)
    assert told[1].failure == failed("two")
    assert ran == []


async def test_what_is_not_recorded_is_refused() -> None:
    memory = Memory()
    playback = await recorded(memory)
    async with calling(write, look, artifacts=memory) as call:
        assert await code(call, "write", {"what": "a"}, playback) == "tool.not_recorded"
        assert await code(call, "look", {"place": "a"}, playback) == "tool.not_recorded"
        assert await code(call, "lock", {}, playback) == "tool.unknown"
        assert await code(call, "look", {"plaice": "a"}, playback) == "tool.invalid_arguments"
        assert await code(call, "look", "{", playback) == "tool.invalid_arguments"


async def test_live_reads_run_without_questions_or_writes() -> None:
    memory = Memory()
    playback = await recorded(memory, live=True)
    async with calling(write, look, peek, ask, artifacts=memory) as call:
        seen = await call.request("look", {"place": "a"}, playback=playback)
        assert seen.result is not None
        assert (seen.result.content, seen.played) == ("saw a", None)
        for name, arguments in (
            ("write", {"what": "a"}), ("peek", {"place": "a"}), ("ask", {"question": "a"}),
        ):  # fmt: skip
            assert await code(call, name, arguments, playback) == "tool.not_recorded"
    assert ran == []


async def test_a_removed_tool_is_played_back() -> None:
    memory = Memory()
    call_ = RecordedCall(name="gone", arguments={}, results=(Recorded(content="it was there"),))
    playback = await recorded(memory, call_)
    async with calling(look, artifacts=memory) as call:
        told = await call.request("gone", {}, playback=playback)
    assert told.result is not None
    assert told.result.content == "it was there"


async def test_what_is_stored_can_be_read_on() -> None:
    memory = Memory()
    playback = await recorded(memory)
    whole = await memory.put(b"the whole of it")
    async with calling(read_result, artifacts=memory) as call:
        told = await call.request("read_result", {"artifact": whole}, playback=playback)
    assert told.result is not None
    assert told.result.content.startswith("the whole of it")


async def test_a_record_that_cannot_be_read() -> None:
    memory = Memory()
    playback = Playback(record=await memory.put(b"no record"))
    async with calling(write, artifacts=memory) as call:
        assert await code(call, "write", {"what": "a"}, playback) == "store.corrupt"
    assert ran == []
