"""Words for tests of runs: tools that agents get, and looking at what a run says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from temporalio.exceptions import ApplicationError

from harness import Harness, ToolContext, tool
from harness.contracts.errors import NoWorker
from harness.contracts.event import DurableEvent, Event
from harness.contracts.message import Message, ToolResult
from harness.contracts.run import RunState
from harness.sdk.handle import RunHandle
from harness.store import Transcripts
from tests.conformance.order import Order
from tests.fakes.model_server import ModelServer

T = TypeVar("T")
MOST_PAUSE_S = 0.1


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(effect="read")
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


@tool(effect="write", approval="always")
def send(to: str, text: str) -> str:
    """Send a message."""
    return f"sent {text!r} to {to}"


class Gate:
    """A tool that stays in the middle until the test lets it go."""

    def __init__(self, **policy: Any) -> None:
        self.entered = asyncio.Event()
        self.left = asyncio.Event()
        self.calls = 0
        self.cancelled = 0

        @tool(**{"effect": "read", **policy})
        async def hold(what: str, context: ToolContext[None]) -> str:
            """Hold something."""
            self.calls += 1
            self.entered.set()
            try:
                await self.left.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            return f"held {what}"

        self.tool = hold


async def give_up(harness: Harness, run: RunHandle[Any]) -> None:
    """As the engine does when no attempt ever reported back."""
    temporal = harness.connection.temporal
    handle: Any = temporal.get_workflow_handle(run.id)
    [pending] = (await handle.describe()).raw_description.pending_activities
    activity = temporal.get_async_activity_handle(
        workflow_id=run.id, run_id=None, activity_id=pending.activity_id
    )
    await activity.fail(ApplicationError("activity Heartbeat timeout", non_retryable=True))


async def eventually(
    look: Callable[[], Awaitable[T]], test: Callable[[T], bool] = bool, seconds: float = 30.0
) -> T:
    """What `look` returns, once `test` holds of it. It looks less and less often: what it looks at
    works faster when it is not asked all the time."""
    value: Any = None
    pause = 0.01
    try:
        async with asyncio.timeout(seconds):
            while not test(value := await look()):
                await asyncio.sleep(pause)
                pause = min(pause * 1.3, MOST_PAUSE_S)
    except TimeoutError:
        raise AssertionError(f"not in {seconds:g} s; at the end: {value!r}") from None
    return value


async def until_state(run: RunHandle[Any], state: RunState, seconds: float = 30.0) -> None:
    await eventually(run.status, lambda status: status.state is state, seconds)


async def waiting(run: RunHandle[Any], count: int = 1) -> list[Any]:
    """What waits for a decision, once `count` things do."""

    async def look() -> list[Any]:
        try:
            return list(await run.pending())
        except NoWorker:  # busy: a query waits for its turn
            return []

    return await eventually(look, lambda pending: len(pending) == count, seconds=20.0)


async def all_events(run: RunHandle[Any], seconds: float = 20.0) -> list[Event]:
    """What a follower sees, which is in order."""
    order, events = Order(), list[Event]()
    async with asyncio.timeout(seconds):
        async for event in run.events():
            order.feed(event)
            events.append(event)
    order.close()
    return events


def sent_results(server: ModelServer) -> list[str]:
    """What the model was told of its calls, with the newest request."""
    items = server.calls[-1].body["input"]
    return [item["output"] for item in items if item.get("type") == "function_call_output"]


def kinds(events: Iterable[Event]) -> list[str]:
    """Types of the durable ones, in order."""
    return [event.type for event in events if event.cursor is not None]


def only(events: Iterable[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def one(events: Iterable[Event], kind: type[T]) -> T:
    found = only(events, kind)
    assert len(found) == 1, f"{len(found)} of {kind.__name__} in {kinds(events)}"
    return found[0]


def cursors(events: Iterable[DurableEvent | Event]) -> list[str]:
    return [str(event.cursor) for event in events if event.cursor is not None]


async def valid_transcript(harness: Harness, head: str | None) -> list[Message]:
    """The messages up to `head`, each call in them with its result right after it."""
    assert head is not None
    transcripts = Transcripts(harness.connection.database)
    messages = await transcripts.load(head)
    await transcripts.close()
    for place, message in enumerate(messages):
        assert message.parts, f"message {place} is empty"
        if message.calls:
            after = messages[place + 1]
            assert [part.call for part in after.parts if isinstance(part, ToolResult)] == [
                call.id for call in message.calls
            ]
    return messages
