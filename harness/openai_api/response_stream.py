"""Streams a response: OpenAI's events, in their order.

Sequence numbers depend on what the run's history records alone, never on how the text was cut into
pieces: each model call has its own range, in which a delta has the number of its last character.
So any daemon resumes after any number.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from pydantic_core import to_json

from harness.api.context import ApiContext
from harness.api.live_text import LiveText
from harness.api.stream_event import DONE, StreamEvent
from harness.contracts.errors import HarnessError
from harness.contracts.event import (
    LIVE,
    ChildEnded,
    ModelCalled,
    OutputDelta,
    OutputGap,
    OutputReset,
    RunEnded,
)
from harness.openai_api.answer import Answer, Reply, ReplyReader
from harness.openai_api.follow import find_held, read_answer_so_far
from harness.openai_api.ids import item_id
from harness.openai_api.problems import describe_openai_error
from harness.openai_api.response import (
    NOTE,
    Facts,
    make_item,
    make_message,
    make_part,
    make_response,
)
from harness.runs.holds import HoldWatch

RANGE = 100_000_000
"""Numbers for each model call: more than a reply has characters."""
TEXT_DONE = RANGE - 10
"""The number of the first event after the text of a reply, in its range."""
FIRST_TEXT = 2
"""The number before the first character of a reply."""
TERMINAL = {"completed": "response.completed", "failed": "response.failed"}


async def stream_response(
    context: ApiContext, run: str, facts: Facts, after: int | None = None
) -> AsyncGenerator[StreamEvent]:
    """The events of a response after the number `after`, until the run ends or waits for a
    person."""
    writer = _EventWriter(run, facts, -1 if after is None else after)
    try:
        begun = await read_answer_so_far(context.connection, run)
        for event in writer.begin(begun):
            yield event
        watch = HoldWatch(context.connection, run)
        async with aclosing(context.feeds.follow_all(run)) as events:
            async for event in events:
                last = await _find_last(context, run, watch, event)
                for each in writer.end(last) if last else writer.take(event):
                    yield each
                if last:
                    break
    except HarnessError as error:
        yield writer.fail(error)
    yield DONE


async def _find_last(context: ApiContext, run: str, watch: HoldWatch, event: Any) -> Answer | None:
    """The answer, if the event is its end."""
    if isinstance(event, RunEnded):
        return await read_answer_so_far(context.connection, run)
    return await find_held(watch, event)


class _EventWriter:
    """Turns the events of a run into the events of one response."""

    def __init__(self, run: str, facts: Facts, after: int) -> None:
        self._run = run
        self._facts = facts
        self._last = after
        self._reader = ReplyReader()
        self._live = LiveText()
        self._open = False
        """Whether the item of the current reply was added."""
        self._items = 0

    def begin(self, answer: Answer) -> Iterator[StreamEvent]:
        """The first events."""
        fields: dict[str, Any] = {"status": "in_progress", "output": [], "usage": None}
        cleared = {"completed_at": None, "error": None, "incomplete_details": None}
        response = make_response(answer, self._facts) | fields | cleared
        yield from self._send(0, "response.created", response=response)
        yield from self._send(1, "response.in_progress", response=response)

    def take(self, event: Any) -> Iterator[StreamEvent]:
        """Take the next event of the run."""
        match event:
            case ModelCalled() | ChildEnded(answer=str()):
                self._live, self._open = LiveText(), False
            case OutputDelta():
                yield from self._send_text(self._live.add(event.text))
            case OutputReset():
                self._live.restart()
            case OutputGap():
                self._live.miss()
            case _:
                pass
        if not isinstance(event, LIVE) and (reply := self._reader.take(event)) is not None:
            yield from self._close_item(reply)

    def end(self, answer: Answer) -> Iterator[StreamEvent]:
        """The last events. They are sent to every reader, whatever it has read before."""
        number = self._reader.calls * RANGE + TEXT_DONE + 4
        if answer.held:
            item = make_message(item_id(self._run, NOTE), answer.note, "incomplete")
            for kind, fields in _item_events(item, len(answer.replies), answer.note):
                yield from self._send(max(number, self._last + 1), kind, **fields)
        response = make_response(answer, self._facts)
        kind = TERMINAL.get(response["status"], "response.incomplete")
        yield from self._send(max(number, self._last + 1), kind, response=response)

    def fail(self, error: HarnessError) -> StreamEvent:
        """The stream cannot go on; its reader resumes it."""
        described = describe_openai_error(error)["error"]
        data = described | {
            "type": "error", "sequence_number": self._last + 1, "error": described,
        }  # fmt: skip
        return StreamEvent("error", to_json(data))

    def _send_text(self, text: str) -> Iterator[StreamEvent]:
        if not text:
            return
        yield from self._open_item()
        number = self._number(FIRST_TEXT + self._live.length)
        if number <= self._last:
            return
        begins = number - len(text)  # the reader may have a part of it
        delta = text[max(0, self._last - begins) :]
        yield from self._send(
            number, "response.output_text.delta", **self._where, delta=delta, logprobs=[]
        )

    def _open_item(self) -> Iterator[StreamEvent]:
        if self._open:
            return
        self._open = True
        item = make_message(self._where["item_id"], None, "in_progress")
        yield from self._send(
            self._number(0), "response.output_item.added", output_index=self._items, item=item
        )
        yield from self._send(
            self._number(1), "response.content_part.added", **self._where, part=make_part("")
        )

    def _close_item(self, reply: Reply) -> Iterator[StreamEvent]:
        """The whole text, which counts if a part that was sent turned out to be void."""
        yield from self._send_text(self._live.finish(reply.text) or "")
        yield from self._open_item()
        item = make_item(self._run, reply)
        for place, (kind, fields) in enumerate(_done_events(item, self._items, reply.text)):
            yield from self._send(self._number(TEXT_DONE + place), kind, **fields)
        self._items += 1

    @property
    def _where(self) -> dict[str, Any]:
        id = item_id(self._run, str(self._reader.calls))
        return {"item_id": id, "output_index": self._items, "content_index": 0}

    def _number(self, place: int) -> int:
        return self._reader.calls * RANGE + place

    def _send(self, number: int, kind: str, **fields: Any) -> Iterator[StreamEvent]:
        """Send an event, unless its reader has it."""
        if number > self._last:
            self._last = number
            data = {"type": kind, "sequence_number": number, **fields}
            yield StreamEvent(kind, to_json(data))


def _item_events(
    item: dict[str, Any], index: int, text: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of an item that is sent as a whole."""
    where = {"item_id": item["id"], "output_index": index, "content_index": 0}
    begun: dict[str, Any] = {**item, "status": "in_progress", "content": []}
    yield "response.output_item.added", {"output_index": index, "item": begun}
    yield "response.content_part.added", {**where, "part": make_part("")}
    yield "response.output_text.delta", {**where, "delta": text, "logprobs": []}
    yield from _done_events(item, index, text)


def _done_events(
    item: dict[str, Any], index: int, text: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    where = {"item_id": item["id"], "output_index": index, "content_index": 0}
    yield "response.output_text.done", {**where, "text": text, "logprobs": []}
    yield "response.content_part.done", {**where, "part": make_part(text)}
    yield "response.output_item.done", {"output_index": index, "item": item}
