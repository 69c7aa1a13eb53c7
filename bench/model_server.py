"""The model that all contestants call: answers at once, from a process of its own.

Chat Completions and Responses, streamed or whole. It counts the tool results it is shown: fewer
than three ask for another addition, three get the final sentence. Answers are made once and kept
as bytes, so that it is never what is measured (some 10,000 calls/s).

The name of the model asks for more: `turns-200` wants 200 additions, `turns-200-50` (Chat
Completions only) wants 50 of them in each of 4 turns, and `clock-100-50` streams
(Chat Completions only) 100 pieces of text, one each 50 ms, each being the time when it was sent.
GET /streams tells which streams are open, and when the client of the others went away.

    python -m bench.model_server [PORT]        prints its port
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from functools import cache
from typing import Any, ClassVar

from bench.work import FINAL, MODEL, ROUNDS

Json = dict[str, Any]
_ids = itertools.count(1)
ID = "@ID@"
"""Stands in the kept bytes where each answer has its own number."""


def answer(path: bytes, body: bytes) -> tuple[bytes, bytes]:
    asked: Json = json.loads(body)
    responses = b"responses" in path
    name, _, rest = asked["model"].partition("-")
    count, _, width = rest.partition("-")
    left = (int(count) if name == "turns" else ROUNDS) - _results(asked)
    done = min(ROUNDS, max(0, ROUNDS - left))
    kind, content = _made(responses, done, bool(asked.get("stream")), int(width or 1))
    return kind, content.replace(ID.encode(), b"%d" % next(_ids))


def _results(asked: Json) -> int:
    items: Any = asked.get("messages") or asked.get("input")
    if isinstance(items, str):
        return 0
    of = ("tool", "function_call_output")
    return sum(item.get("role") in of or item.get("type") in of for item in items)


@cache
def _made(responses: bool, done: int, stream: bool, width: int) -> tuple[bytes, bytes]:
    events, whole = _responses(done) if responses else _chat(done, width)
    if not stream:
        return b"application/json", json.dumps(whole).encode()
    lines: list[str] = []
    for event in events:
        if responses:
            lines.append(f"event: {event['type']}\n")
        lines.append(f"data: {json.dumps(event, separators=(',', ':'))}\n\n")
    if not responses:
        lines.append("data: [DONE]\n\n")
    return b"text/event-stream", "".join(lines).encode()


def _pieces() -> list[str]:
    first, *rest = FINAL.split(" ")
    return [first, *(f" {word}" for word in rest)]


def _chat(done: int, width: int) -> tuple[list[Json], Json]:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    base: Json = {"id": f"chatcmpl-{ID}", "created": 1700000000, "model": MODEL}
    message: Json = {"role": "assistant", "content": None, "refusal": None}
    reason = "stop"
    if done < ROUNDS:
        function = {"name": "add", "arguments": json.dumps({"a": done, "b": done + 1})}
        called: list[Json] = [
            {"id": f"call_{ID}" + (f"_{n}" if n else ""), "type": "function", "function": function}
            for n in range(width)
        ]
        message["tool_calls"] = called
        deltas: list[Json] = [
            {"role": "assistant", "content": None},
            *({"tool_calls": [{"index": n, **call}]} for n, call in enumerate(called)),
        ]
        reason = "tool_calls"
    else:
        message["content"] = FINAL
        deltas = [{"role": "assistant", "content": ""}, *({"content": p} for p in _pieces())]
    choice = {"index": 0, "finish_reason": reason, "logprobs": None, "message": message}
    whole = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
    chunk: Json = {**base, "object": "chat.completion.chunk"}
    events = [
        {**chunk, "choices": [{"index": 0, "delta": d, "finish_reason": r, "logprobs": None}]}
        for d, r in [*((delta, None) for delta in deltas), ({}, reason)]
    ]
    return [*events, {**chunk, "choices": [], "usage": usage}], whole


def _responses(done: int) -> tuple[list[Json], Json]:
    whole: Json = {
        "id": f"resp_{ID}", "object": "response", "created_at": 1700000000, "status": "completed",
        "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
        "model": MODEL, "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
        "tools": [], "top_p": 1.0, "usage": {
            "input_tokens": 100, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 120,
        },
    }  # fmt: skip
    begun: Json = {**whole, "status": "in_progress", "output": [], "usage": None}
    item, middle = _called(done) if done < ROUNDS else _said()
    bare = {**item, "status": "in_progress", **({"arguments": ""} if done < ROUNDS else {})}
    if done >= ROUNDS:
        bare["content"] = []
    whole["output"] = [item]
    events: list[Json] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": bare},
        *middle,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return [{**event, "sequence_number": n} for n, event in enumerate(events)], whole


def _called(done: int) -> tuple[Json, list[Json]]:
    arguments = json.dumps({"a": done, "b": done + 1})
    item = {
        "type": "function_call", "id": f"fc_{ID}", "call_id": f"call_{ID}", "name": "add",
        "arguments": arguments, "status": "completed",
    }  # fmt: skip
    at = {"item_id": item["id"], "output_index": 0}
    kind = "response.function_call_arguments"
    return item, [
        {"type": f"{kind}.delta", **at, "delta": arguments},
        {"type": f"{kind}.done", **at, "name": "add", "arguments": arguments},
    ]


def _said() -> tuple[Json, list[Json]]:
    part: Json = {"type": "output_text", "text": FINAL, "annotations": [], "logprobs": []}
    item: Json = {"type": "message", "id": f"msg_{ID}", "role": "assistant", "status": "completed"}
    at = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    kind = "response.output_text"
    begun: Json = {**part, "text": ""}
    events: list[Json] = [{"type": "response.content_part.added", **at, "part": begun}]
    events += ({"type": f"{kind}.delta", **at, "delta": p, "logprobs": []} for p in _pieces())
    events.append({"type": f"{kind}.done", **at, "text": FINAL, "logprobs": []})
    events.append({"type": "response.content_part.done", **at, "part": part})
    return {**item, "content": [part]}, events


class Clock:
    """A slow stream, one for each prompt; remembers when its client went away."""

    all: ClassVar[dict[str, Clock]] = {}

    def __init__(self, asked: Json, transport: Any) -> None:
        _, pieces, every = asked["model"].split("-")
        self.gone: float | None = None
        self.done = False
        self.begun = time.monotonic()
        said = [m["content"] for m in asked["messages"] if m["role"] == "user"]
        Clock.all[said[-1]] = self
        self._transport = transport
        self.task = asyncio.create_task(self._run(int(pieces), int(every) / 1000))

    async def _run(self, pieces: int, every: float) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        self._delta({"role": "assistant", "content": ""})
        for _ in range(pieces):
            await asyncio.sleep(every)
            self._delta({"content": f"{time.time():.4f} "})
        self._delta({}, "stop")
        self._chunk(b"data: [DONE]\n\n")
        self._transport.write(b"0\r\n\r\n")
        self.done = True

    def _delta(self, delta: Json, reason: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        event = {"id": "chatcmpl-0", "model": "clock", "choices": [choice]}
        self._chunk(b"data: %b\n\n" % json.dumps(event).encode())

    def _chunk(self, data: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def leave(self) -> None:
        if not self.done:
            self.gone = time.monotonic()
            self.task.cancel()


def _streams() -> bytes:
    kept = {p: {"begun": c.begun, "gone": c.gone, "done": c.done} for p, c in Clock.all.items()}
    return json.dumps(kept).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as the clients of the contestants need it."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.buffer = bytearray()
        self.clock: Clock | None = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self.clock:
            self.clock.leave()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end])
            size = _length(head)
            if len(self.buffer) < end + 4 + size:
                return
            body = bytes(self.buffer[end + 4 : end + 4 + size])
            del self.buffer[: end + 4 + size]
            self.respond(head.split(b" ", 2)[1], body)

    def respond(self, path: bytes, body: bytes) -> None:
        if path == b"/streams":
            kind, content = b"application/json", _streams()
        elif b'"clock-' in body:
            self.clock = Clock(json.loads(body), self.transport)
            return
        else:
            kind, content = answer(path, body)
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b"
            % (kind, len(content), content)
        )


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
