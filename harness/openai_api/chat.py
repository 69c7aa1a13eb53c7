"""Chat completions: an answer as one object, or as chunks while it is written."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from pydantic_core import to_json

from harness.api.context import ApiContext
from harness.api.live_text import RESTARTED, LiveText
from harness.api.stream_event import DONE, Chunk, StreamEvent
from harness.contracts.errors import HarnessError, from_info
from harness.contracts.errors.openai_api import RunWasAborted
from harness.contracts.event import (
    LIVE,
    ChildEnded,
    ModelCalled,
    OutputDelta,
    OutputGap,
    OutputReset,
    RunEnded,
)
from harness.contracts.run import RunState
from harness.openai_api.answer import SEPARATOR, Answer, ReplyReader
from harness.openai_api.follow import find_held, read_answer_so_far
from harness.openai_api.ids import completion_id
from harness.openai_api.problems import describe_openai_error
from harness.openai_api.usage import completion_usage
from harness.runs.holds import HoldWatch


def find_failure(answer: Answer) -> HarnessError | None:
    """Why there is no answer, if the run failed or was aborted."""
    end = answer.end
    if end is None or end.state is RunState.COMPLETED or answer.spent:
        return None
    if end.error is not None:
        return from_info(end.error)
    return RunWasAborted(f"Run {answer.run!r} was aborted: {end.reason or 'no reason given'}.")


def make_completion(answer: Answer) -> dict[str, Any]:
    """A chat completion. Of an answer that is complete, only the final text."""
    content = answer.end.output if answer.end else _held_text(answer)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": content,
        "refusal": None,
        "annotations": [],
    }
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": _finish_reason(answer),
    }
    return {
        "id": completion_id(answer.run),
        "object": "chat.completion",
        "created": int(answer.started),
        "model": answer.agent,
        "choices": [choice],
        "usage": completion_usage(answer.usage),
    }


def _held_text(answer: Answer) -> str:
    return f"{answer.text}{SEPARATOR}{answer.note}" if answer.text else answer.note


def _finish_reason(answer: Answer) -> str:
    """`length` is all that the protocol has for an answer that is not complete."""
    complete = answer.end is not None and not answer.end.truncated and not answer.spent
    return "stop" if complete else "length"


async def stream_completion(
    context: ApiContext, run: str, *, with_usage: bool
) -> AsyncGenerator[StreamEvent]:
    """The chunks of a chat completion, until the run ends or waits for a person."""
    try:
        answer = await read_answer_so_far(context.connection, run)
        writer = _ChunkWriter(answer, with_usage=with_usage)
        yield writer.make_chunk({"role": "assistant", "content": "", "refusal": None})
        watch = HoldWatch(context.connection, run)
        async with aclosing(context.feeds.follow_all(run)) as events:
            async for event in events:
                if isinstance(event, RunEnded):
                    final = await read_answer_so_far(context.connection, run)
                    for chunk in writer.end(final):
                        yield chunk
                    break
                if held := await find_held(watch, event):
                    for chunk in writer.end(held):
                        yield chunk
                    break
                if text := writer.take(event):
                    yield writer.make_chunk({"content": text})
    except HarnessError as error:
        yield Chunk("error", to_json(describe_openai_error(error)))
    yield DONE


class _ChunkWriter:
    """Turns the events of a run into the chunks of one completion."""

    def __init__(self, answer: Answer, *, with_usage: bool) -> None:
        self._with_usage = with_usage
        self._reader = ReplyReader()
        self._live = LiveText()
        self._written = False
        """Whether an earlier reply had text."""
        self._fields: dict[str, Any] = {
            "id": completion_id(answer.run),
            "object": "chat.completion.chunk",
            "created": int(answer.started),
            "model": answer.agent,
        }

    def take(self, event: Any) -> str:
        """Take the next event; returns the text to send."""
        match event:
            case ModelCalled() | ChildEnded(answer=str()):
                self._written = self._written or self._live.length > 0
                self._live = LiveText()
            case OutputDelta():
                return self._separate(self._live.add, event.text)
            case OutputReset():
                self._live.restart()
            case OutputGap():
                self._live.miss()
            case _:
                pass
        if isinstance(event, LIVE) or (reply := self._reader.take(event)) is None:
            return ""
        rest = self._separate(self._live.finish, reply.text)
        return RESTARTED + reply.text if rest is None else rest

    def end(self, answer: Answer) -> list[StreamEvent]:
        """The last chunks."""
        if (failure := find_failure(answer)) is not None:
            return [Chunk("error", to_json(describe_openai_error(failure)))]
        chunks: list[StreamEvent] = []
        if answer.end is None:
            begun = self._written or self._live.length > 0
            chunks.append(self.make_chunk({"content": (SEPARATOR if begun else "") + answer.note}))
        chunks.append(self.make_chunk({}, finish=_finish_reason(answer)))
        if self._with_usage:
            usage: dict[str, Any] = {
                **self._fields,
                "choices": [],
                "usage": completion_usage(answer.usage),
            }
            chunks.append(Chunk("chunk", to_json(usage)))
        return chunks

    def make_chunk(self, delta: dict[str, Any], finish: str | None = None) -> StreamEvent:
        """A chunk with a delta."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": None} if self._with_usage else {}
        return Chunk("chunk", to_json({**self._fields, "choices": [choice], **usage}))

    def _separate(self, add: Any, text: str) -> Any:
        """Put an empty line before the first text of a reply after another one."""
        first = self._live.length == 0
        piece = add(text)
        return SEPARATOR + piece if piece and first and self._written else piece
