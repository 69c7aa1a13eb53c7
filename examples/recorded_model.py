"""A server that answers Chat Completions from a file: to run an agent offline, over the real wire.

python examples/recorded_model.py examples/code_fixer.replies.jsonl 8099

Each line of the file has `when` (a text of the first user message) and `replies`: the messages of
the assistant in the form of the API, one for each turn. MEMORY_ID in a reply stands for the first
memory that the conversation shows, because ids of memories differ each time.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

Lines = list[dict[str, Any]]


def read_replies(file: Path) -> Lines:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]


async def serve_replies(lines: Lines, port: int = 0) -> asyncio.Server:
    """Serve the replies on this host; the port is that of `server.sockets[0]`."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while body := await read_request(reader):
                writer.write(make_answer(lines, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)


async def read_request(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    size = next(
        int(line.partition(":")[2])
        for line in head.splitlines()
        if line.startswith("content-length:")
    )
    return json.loads(await reader.readexactly(size))


def make_answer(lines: Lines, body: dict[str, Any]) -> bytes:
    asked = json.dumps([each for each in body["messages"] if each["role"] == "user"])
    turn = sum(each["role"] == "assistant" for each in body["messages"])
    for line in lines:
        if line["when"] in asked and turn < len(line["replies"]):
            reply = fill_in_memory(line["replies"][turn], body["messages"])
            content = b"".join(make_events(body["model"], reply))
            return make_head("200 OK", "text/event-stream", content)
    error = {"error": {"message": "No reply is recorded for this.", "type": "invalid_request"}}
    return make_head("400 Bad Request", "application/json", json.dumps(error).encode())


def fill_in_memory(reply: dict[str, Any], messages: Lines) -> dict[str, Any]:
    found = re.search("mem_[0-9a-f]{24}", json.dumps(messages))
    return json.loads(json.dumps(reply).replace("MEMORY_ID", found[0])) if found else reply


def make_head(status: str, kind: str, content: bytes) -> bytes:
    lines = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n"
    return lines.encode() + content


def make_events(model: str, message: dict[str, Any]) -> list[bytes]:
    """One completion, streamed."""
    calls = [{**each, "index": at} for at, each in enumerate(message.get("tool_calls", ()))]
    delta = {"role": "assistant", "content": message.get("content"), "tool_calls": calls or None}
    base = {"id": "recorded", "object": "chat.completion.chunk", "created": 0, "model": model}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    chunks: list[dict[str, Any]] = [
        {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {
            **base,
            "choices": [
                {"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}
            ],
        },
        {**base, "choices": [], "usage": usage},
    ]
    return [
        *(f"data: {json.dumps(each)}\n\n".encode() for each in chunks),
        b"data: [DONE]\n\n",
    ]


async def main() -> None:
    server = await serve_replies(read_replies(Path(sys.argv[1])), int(sys.argv[2]))
    async with server:
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
