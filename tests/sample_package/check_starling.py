"""Run the conformance suite of harness against the sample package's provider, where both are
installed: a server that plays steps in its protocol, and its adapter."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from harness_notes.starling import Starling
from pydantic import SecretStr

from harness.extensions import Adapter, ProviderSettings
from harness.testing.conformance import (
    KEY,
    PROVIDER_CASES,
    Fail,
    Hang,
    Say,
    Step,
    check_adapter,
)


class Played:
    """A server that answers each request with the next step."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.adapter: Adapter
        self._steps: list[Step] = []
        self._closed = asyncio.Event()
        self._open = set[asyncio.Task[None]]()

    def play(self, *steps: Step) -> None:
        self._steps += steps

    async def wait_until_closed(self) -> None:
        await self._closed.wait()

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(asyncio.create_task(self._answer(reader, writer)))

    async def close(self) -> None:
        await self.adapter.close()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            size = 0
            while (head := await reader.readline()).strip():
                if head.lower().startswith(b"content-length:"):
                    size = int(head.partition(b":")[2])
            self.received.append((await reader.readexactly(size)).decode())
            step = self._steps.pop(0)
            if isinstance(step, Fail):
                body = json.dumps({"error": step.message}).encode()
                heads = "".join(f"{name}: {value}\r\n" for name, value in step.headers.items())
                size_line = f"content-length: {len(body)}\r\n"
                writer.write(f"HTTP/1.1 {step.status} no\r\n{heads}{size_line}\r\n".encode() + body)
            elif not await self._say(step, reader, writer):
                break
        writer.close()

    async def _say(
        self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Play an answer; False if the connection is over."""
        lines = _lines(step) if isinstance(step, Say) else []
        then = step.then if isinstance(step, Say) else "hang"
        if not isinstance(step, Hang):
            writer.write(b"HTTP/1.1 200 ok\r\ntransfer-encoding: chunked\r\n\r\n")
        for line in lines if then == "end" else lines[: len(lines) // 2]:
            writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        if then == "hang":
            await reader.read()
            self._closed.set()
        if then in ("end", "stop"):
            writer.write(b"0\r\n\r\n")
        return then in ("end", "stop")


def _lines(step: Say) -> list[bytes]:
    size = max(1, -(-len(step.text) // step.pieces))
    texts = [step.text[at : at + size] for at in range(0, len(step.text), size)]
    end = {"finish": step.finish or "stop", "input": step.used.input, "output": step.used.output}
    said = [
        *({"text": text} for text in texts),
        *(
            {"call": {"id": f"c{number}", "name": name, "arguments": arguments}}
            for number, (name, arguments) in enumerate(step.calls)
        ),
        {"end": end},
    ]
    return [json.dumps(each).encode() + b"\n" for each in said]


@asynccontextmanager
async def open_starling() -> AsyncGenerator[Played]:
    played = Played()
    server = await asyncio.start_server(played.connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = ProviderSettings(
        kind="starling", base_url=f"http://127.0.0.1:{port}", api_key=SecretStr(KEY)
    )
    played.adapter = Starling("starling", settings)
    yield played
    await played.close()
    server.close()


if __name__ == "__main__":
    passed = sum(check_adapter(case, open_starling) for case in PROVIDER_CASES)
    print(f"{passed} of {len(PROVIDER_CASES)} cases")
