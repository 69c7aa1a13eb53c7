"""A model server that answers from a script: OpenAI Responses, Anthropic Messages and Chat
Completions over a real socket, as strict about requests as the real ones.

    async with ModelServer() as server:
        server.script(call("add", a=1, b=2), say("Three."))   # one step per call, in order
        server.always(say("Hello."))                          # for every call beyond the script
        ... point a provider's base_url at server.openai / server.anthropic / server.chat ...
        server.calls[0].body                                  # what was asked

As a process: python -m tests.fakes.model_server --port 0 --mode calculator
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from tests.fakes import (
    calculator,
    wire_chat,
    wire_gemini,
    wire_groq,
    wire_messages,
    wire_mistral,
    wire_ollama,
    wire_responses,
)
from tests.fakes.http import Connection, Exchange
from tests.fakes.steps import Drop, Fail, Frame, Hang, Raw, Say, Script, Step, Stream
from tests.fakes.wire_embeddings import EMBEDDINGS

Wire = Any
"""A module or object with `check`, `frames`, `error_body` and `error_frame`."""
WIRES: dict[str, Wire] = {
    "/v1/embeddings": EMBEDDINGS["openai"],
    "/mistral/v1/embeddings": EMBEDDINGS["mistral"],
    "/ollama/api/embed": EMBEDDINGS["ollama"],
    "/gemini/v1beta/models/embed-1:batchEmbedContents": EMBEDDINGS["gemini"],
    "/v1/responses": wire_responses,
    "/v1/messages": wire_messages,
    "/v1/chat/completions": wire_chat,
    "/groq/openai/v1/chat/completions": wire_groq,
    "/mistral/v1/chat/completions": wire_mistral,
    "/ollama/api/chat": wire_ollama,
}
BASES = {
    "anthropic": "", "groq": "/groq/openai/v1", "mistral": "/mistral/v1", "ollama": "/ollama/v1",
    "gemini": "/gemini",
}  # fmt: skip
GEMINI = re.compile(r"/gemini/v1beta/models/([^/:]+):streamGenerateContent")


@dataclass
class Call:
    """One request as it came in, and what became of its answer."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    """time.monotonic() when it came."""
    exchange: Exchange
    refused: str | None = None
    """Why the server answered 400 by itself."""
    done_at: float | None = None
    gone_at: float | None = None
    """When the client closed the connection before the answer was over."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def sent(self) -> int:
        """Bytes of the answer that were written."""
        return self.exchange.sent

    @property
    def disconnected(self) -> bool:
        return self.gone_at is not None

    @property
    def last(self) -> dict[str, Any]:
        """The newest message or item that was sent."""
        items: Any = self.body.get("input") or self.body.get("messages")
        return items[-1] if isinstance(items, list) else {"role": "user", "content": items}


class ModelServer:
    def __init__(self, *, key: str | None = None, strict: bool = True) -> None:
        self.calls: list[Call] = []
        self.key = key
        """The only key that is let in. None: any."""
        self.strict = strict
        self.port = 0
        self.connections = 0
        """How many were opened so far."""
        self._steps: deque[Step | Script] = deque()
        self._default: Step | Script = Fail(400, "The script of the fake model server is empty.")
        self._open: set[Connection] = set()
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._telling: set[asyncio.Task[None]] = set()

    # --- what it answers

    def script(self, *steps: Step | Script) -> None:
        """Answer the next calls with these, one each. A function is given the request's body."""
        self._steps.extend(steps)

    def always(self, step: Step | Script) -> None:
        """Answer so whenever the script is empty."""
        self._default = step

    # --- where it is

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai(self) -> str:
        """base_url of a provider of kind openai or chat."""
        return f"{self.url}/v1"

    chat = openai

    @property
    def anthropic(self) -> str:
        return self.url

    def base_url(self, kind: str) -> str:
        """base_url of a provider of any kind."""
        return self.url + BASES.get(kind, "/v1")

    # --- what it saw

    async def wait_for(self, test: Callable[[], bool], timeout: float = 10) -> None:
        """Until `test` holds; looked at whenever something happened here."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(test)

    async def called(self, count: int = 1, timeout: float = 10) -> Call:
        """The call with this number, from 1, once it has come in."""
        await self.wait_for(lambda: len(self.calls) >= count, timeout)
        return self.calls[count - 1]

    async def disconnected(self, count: int = 1, timeout: float = 10) -> Call:
        """The same, once its client has closed the connection before the answer was over."""
        seen = await self.called(count, timeout)
        await self.wait_for(lambda: seen.disconnected, timeout)
        return seen

    # --- its life

    async def start(self, port: int = 0) -> ModelServer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def _connect(self) -> Connection:
        self.connections += 1
        return Connection(self._handle, self._open)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._open):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def __aenter__(self) -> ModelServer:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- one call

    async def _handle(self, exchange: Exchange) -> None:
        path = exchange.path.partition("?")[0]
        named = GEMINI.fullmatch(path)
        wire = wire_gemini if named else WIRES.get(path)
        if exchange.method != "POST" or wire is None:
            return exchange.answer(404, "application/json", b'{"error":"no such path"}', {})
        try:
            body = from_json(exchange.body)
        except ValueError:
            body = {}
        if named:
            body["model"] = named[1]  # the others name it in the body
        call = Call(exchange.path, body, exchange.headers, time.monotonic(), exchange)
        self.calls.append(call)
        await self._tell()
        step = self._refusal(wire, call) or self._step(body)
        try:
            await self._perform(step, wire, call)
            call.done_at = time.monotonic()
        except asyncio.CancelledError:
            call.gone_at = time.monotonic()
            raise
        finally:
            call.ended.set()
            # A task of its own: this one may be cancelled, and may not wait any more.
            task = asyncio.ensure_future(self._tell())
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        return None

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _refusal(self, wire: Wire, call: Call) -> Fail | None:
        sent = (
            call.headers.get("x-api-key")
            or call.headers.get("x-goog-api-key")
            or call.headers.get("authorization", "")
        )
        key = sent.removeprefix("Bearer ")
        if (not key and "/ollama/" not in call.path) or (self.key is not None and key != self.key):
            return Fail(401, f"Incorrect API key provided: {key}.")
        refusal: Fail | None = wire.check(call.body) if self.strict else None
        if refusal is not None:
            call.refused = refusal.message
        return refusal

    def find_call(self, body: dict[str, Any]) -> Call:
        """The call with this body, for a script."""
        return next(call for call in reversed(self.calls) if call.body is body)

    def _step(self, body: dict[str, Any]) -> Step:
        step = self._steps.popleft() if self._steps else self._default
        return step(body) if callable(step) else step

    async def _perform(self, step: Step, wire: Wire, call: Call) -> None:
        exchange = call.exchange
        number = f"req_{len(self.calls)}"
        headers = {"x-request-id": number, "request-id": number}
        if isinstance(step, Hang):
            await asyncio.Event().wait()
        elif isinstance(step, Drop):
            exchange.drop()
        elif isinstance(step, Raw):
            exchange.answer(step.status, step.content_type, step.body, headers)
        elif isinstance(step, Fail):
            content = step.body if step.body is not None else to_json(wire.error_body(step))
            exchange.answer(step.status, "application/json", content, headers | step.headers)
        elif isinstance(step, Stream):
            await _repeat(step, exchange)
        else:
            if step.wait:
                await asyncio.sleep(step.wait)
            exchange.begin(headers, content_type=step.content_type)
            await _stream(step, _changed(step, wire.frames(step, call.body), wire), exchange)


async def _repeat(step: Stream, exchange: Exchange) -> None:
    encoding = {"content-encoding": step.encoding} if step.encoding else {}
    exchange.begin(encoding, status=step.status)
    if step.start:
        exchange.chunk(step.start)
    while step.piece:
        await asyncio.sleep(step.delay)
        exchange.chunk(step.piece)
        await exchange.drained()
    exchange.end()


def _changed(say: Say, frames: list[Frame], wire: Wire) -> list[Frame]:
    """The events with what is to go wrong with them."""
    half = len(frames) // 2
    if say.then != "end" or say.error:
        ends = {"first": 0, "half": half, "last": len(frames) - 1, "all": len(frames)}
        frames = frames[: ends[say.after]]
    if say.garbage:
        named = frames[half].data.partition(b"data:")[0]
        frames[half] = Frame(named + b'data: {"type": oops\n\n')
    if say.before:
        frames = [Frame(say.before), *frames]
    if say.again:
        frames = [*frames, *frames]
    if say.error:
        frames = [*frames, wire.error_frame(say.error)]
    if say.split:
        whole = b"".join(frame.data for frame in frames)
        frames = [Frame(whole[i : i + say.split]) for i in range(0, len(whole), say.split)]
    return frames


async def _stream(say: Say, frames: list[Frame], exchange: Exchange) -> None:
    if say.split:
        for frame in frames:
            exchange.chunk(frame.data)
            await asyncio.sleep(0)
    elif say.until:
        half = len(frames) // 2
        exchange.chunk(b"".join(frame.data for frame in frames[:half]))
        await say.until.wait()
        exchange.chunk(b"".join(frame.data for frame in frames[half:]))
    elif not say.delay:
        exchange.chunk(b"".join(frame.data for frame in frames))
    else:
        for frame in frames:
            if frame.delta:
                await asyncio.sleep(say.delay)
            exchange.chunk(frame.data)
    if say.then == "cut":
        exchange.drop()
    elif say.then == "hang":
        await asyncio.Event().wait()
    else:
        exchange.end()


async def _serve(port: int, delay: float) -> None:
    server = ModelServer(strict=False)
    server.always(lambda body: calculator.answer(body, delay))
    await server.start(port)
    print(server.port, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=["calculator"], default="calculator")
    parser.add_argument("--delay", type=float, default=0.0, help="milliseconds before each delta")
    chosen = parser.parse_args()
    with suppress(ImportError):
        import uvloop

        uvloop.install()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(chosen.port, chosen.delay / 1000))


if __name__ == "__main__":
    main()
