"""No server, broken or hostile, costs more than one bounded attempt where another cannot help."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import socket
import sys
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from harness.commons.headers import MAX_HEADER
from harness.contracts.errors import ProviderError
from harness.providers import limits
from harness.providers.limits import MEBIBYTE
from tests.fakes.asking import HOSTILE_KINDS, KINDS, WHOLE_CALLS, Asker, asker
from tests.fakes.fixtures import model_server
from tests.fakes.loop_lag import Cost, measure
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Raw, Say, Stream, Used, fail, say

__all__ = ["model_server"]

MEMORY = 150 * MEBIBYTE
"""What one answer may cost at its peak; the hostile ones below would take gigabytes."""
ENOUGH = Cost(lag_ms=50, memory_mb=150)
EVENTS = "text/event-stream"


@pytest.fixture(params=HOSTILE_KINDS)
async def ask(request: pytest.FixtureRequest, model_server: ModelServer) -> AsyncIterator[Asker]:
    made = asker(model_server, request.param)
    yield made
    await made.models.close()


def delta(kind: str, text: str) -> bytes:
    """One event that carries a piece of text."""
    value: dict[str, Any] = {
        "openai": {"type": "response.output_text.delta", "delta": text},
        "anthropic": {
            "type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": text},
        },
        "gemini": {"candidates": [{"content": {"parts": [{"text": text}]}}]},
        "ollama": {"message": {"content": text}},
    }.get(kind) or {"choices": [{"delta": {"content": text}}]}  # fmt: skip
    return (b"" if kind == "ollama" else b"data: ") + json.dumps(value).encode() + b"\n\n"


BEGIN = dict.fromkeys(KINDS, b"") | {
    "anthropic": b'data: {"type":"content_block_start","content_block":{"type":"text"}}\n\n',
}
IGNORED = dict.fromkeys(KINDS, b"nothing") | {
    "openai": b"response.in_progress",
    "anthropic": b"ping",
}
EMPTY = b'{"message": {"content": ""}}\n'
"""What an Ollama that is alive but does nothing could send: its lines have no names or comments."""


def silent(kind: str) -> bytes:
    if kind == "ollama":
        return EMPTY
    return b"event: %b\ndata: {}\n\n" % IGNORED[kind]


def flood(piece: Callable[[str], bytes]) -> Callable[[str], Stream]:
    return lambda kind: Stream(BEGIN[kind], piece(kind))


FLOODS: list[tuple[str, Callable[[str], Stream], str]] = [
    ("one line without an end", flood(lambda _: b"data: " + b"x" * 65_536), "too_large"),
    ("text without an end", flood(lambda kind: delta(kind, "x" * 65_536)), "too_large"),
    ("one character an event", flood(lambda kind: delta(kind, "x") * 500), "too_large"),
    ("silent events", flood(lambda kind: silent(kind) * 2000), "too_large"),
    ("lines of one event", flood(lambda _: b"data:x\n" * 9000), "too_large"),
    ("an object without an end", flood(lambda _: b'{"a": "' + b"x" * 65_536), "too_large"),
    ("zeros, compressed", lambda _: Stream(gzip.compress(bytes(64 * MEBIBYTE)), b"", "gzip"),
     "protocol"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("make", "category"), [f[1:] for f in FLOODS], ids=[f[0] for f in FLOODS])
async def test_memory_is_bounded(
    ask: Asker,
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[str], Stream],
    category: str,
) -> None:
    monkeypatch.setattr(limits, "MAX_BODY", 12 * MEBIBYTE)  # of 64: the rest takes a minute
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model_server.script(make(ask.kind))
    with pytest.raises(ProviderError) as caught:
        await ask.ask()
    assert caught.value.code == f"provider.{category}"
    assert not caught.value.retryable
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < MEMORY


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_error_bodies_are_bounded(
    ask: Asker, model_server: ModelServer, encoding: str | None
) -> None:
    body = b"x" * (32 * MEBIBYTE)
    packed = gzip.compress(body) if encoding else body
    model_server.script(Stream(packed, b"", encoding, status=500))
    tracemalloc.start()
    try:
        with pytest.raises(ProviderError) as caught:
            await ask.ask()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert caught.value.code == "provider.server"
    assert peak - len(packed) * 3 < 8 * MEBIBYTE  # the server's own copies are in it


async def wait_refused(ask: Asker) -> None:
    with pytest.raises(ProviderError) as caught:
        await ask.ask()
    assert caught.value.code == "provider.server"


@pytest.mark.skipif(sys.platform != "linux", reason="measured by /proc")
@pytest.mark.parametrize("kind", ["text/plain; charset=punycode", 'a/b;"' + ";" * 8_000])
async def test_the_type_of_an_error_does_not_block_the_loop(
    ask: Asker, model_server: ModelServer, kind: str
) -> None:
    model_server.always(Raw(b"-" + b"9" * 60_000, status=500, content_type=kind))
    cost = await measure(lambda: wait_refused(ask), ENOUGH)
    assert cost.lag_ms <= ENOUGH.lag_ms, cost


async def test_headers_of_any_length_are_cut() -> None:
    """Where aiohttp, which has a limit of its own, is not installed."""
    sent = [("content-type", 'a/b;"' + ";" * 90_000), ("X-Request-Id", "i" * 90_000)]
    response = httpx2.Response(500, headers=sent, stream=httpx2.ByteStream(b"{}"))
    await limits.bound_response(response)
    assert response.headers["content-type"] == "a/b"
    assert response.headers["x-request-id"] == "i" * MAX_HEADER


SILENT: list[tuple[str, Callable[[str], bytes]]] = [
    ("comments", lambda kind: b": keep-alive\n\n" if kind != "ollama" else EMPTY),
    ("blank lines", lambda _: b"\n"),
    ("pings", lambda kind: b'event: %b\ndata: {"type":"%b"}\n\n' % (IGNORED[kind], IGNORED[kind])
     if kind != "ollama" else EMPTY),
    ("empty objects", lambda kind: b"data: {}\n\n" if kind != "ollama" else EMPTY),
]  # fmt: skip


@pytest.mark.parametrize("silence", [s[1] for s in SILENT], ids=[s[0] for s in SILENT])
async def test_what_says_nothing_does_not_keep_a_request_open(
    model_server: ModelServer, silence: Callable[[str], bytes]
) -> None:
    for kind in KINDS:
        made = asker(model_server, kind, idle_seconds=0.2)
        model_server.script(Stream(b"", silence(kind), delay=0.02))
        with pytest.raises(ProviderError) as caught:
            await made.ask()
        assert caught.value.code == "provider.timeout"
        assert "idle_seconds" in caught.value.message
        await made.models.close()


async def test_an_answer_that_goes_on_has_a_limit(model_server: ModelServer) -> None:
    for kind in KINDS:
        made = asker(model_server, kind, timeout_seconds=0.5, idle_seconds=30)
        model_server.script(Stream(BEGIN[kind], delta(kind, "x"), delay=0.02))
        with pytest.raises(ProviderError) as caught:
            await made.ask()
        assert caught.value.code == "provider.timeout"
        assert "timeout_seconds" in caught.value.message
        await made.models.close()


async def test_events_after_the_end_are_not_read(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(say("hello there", again=True))
    answer = await ask.ask()
    assert answer.reply.message.text == "hello there"
    assert "".join(ask.heard) == "hello there"


WHOLE: dict[str, dict[str, Any]] = {
    "openai": {
        "object": "response", "status": "completed", "model": "model-1",
        "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "hello"}]},
            {"type": "function_call", "call_id": "c1", "name": "add", "arguments": '{"a": 1}'},
        ],
        "usage": {"input_tokens": 7, "output_tokens": 3},
    },
    "anthropic": {
        "type": "message", "model": "model-1", "stop_reason": "tool_use",
        "content": [
            {"type": "text", "text": "hello"},
            {"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}},
        ],
        "usage": {"input_tokens": 7, "output_tokens": 3},
    },
    "gemini": {
        "modelVersion": "model-1",
        "candidates": [{
            "content": {"parts": [
                {"text": "hello"}, {"functionCall": {"name": "add", "args": {"a": 1}}},
            ]},
            "finishReason": "STOP",
        }],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 3},
    },
    "ollama": {
        "model": "model-1", "done": True, "done_reason": "stop",
        "message": {
            "content": "hello",
            "tool_calls": [{"function": {"name": "add", "arguments": {"a": 1}}}],
        },
        "prompt_eval_count": 7, "eval_count": 3,
    },
    "chat": {
        "model": "model-1",
        "choices": [{
            "message": {"content": "hello", "tool_calls": [
                {"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}},
            ]},
            "finish_reason": "tool_calls",
        }],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    },
}  # fmt: skip
WHOLE["groq"] = WHOLE["mistral"] = WHOLE["chat"]


@pytest.mark.parametrize("content_type", ["application/json", EVENTS])
async def test_a_complete_answer_that_is_not_streamed(
    ask: Asker, model_server: ModelServer, content_type: str
) -> None:
    model_server.script(Raw(json.dumps(WHOLE[ask.kind]).encode(), content_type=content_type))
    reply = (await ask.ask()).reply
    assert reply.message.text == "hello"
    assert [(made.name, made.arguments) for made in reply.message.calls] == [("add", {"a": 1})]
    assert reply.finish == "tool_calls"
    assert (reply.usage.input, reply.usage.output, reply.usage.estimated) == (7, 3, None)
    assert "".join(ask.heard) == "hello"


async def test_a_stream_with_another_content_type(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(say("hello", content_type="text/plain"))
    assert (await ask.ask()).reply.message.text == "hello"


@pytest.mark.parametrize(
    ("body", "category"),
    [
        (b"<!doctype html><title>Sign in</title>", "protocol"),
        (b"upstream connect error", "protocol"),
        (b'{"choices": [{"message": {"content": "no end"}}]}', "protocol"),
        (b'{"status": "in_progress", "output": []}', "protocol"),
        (b'{"half": ', "protocol"),
        (b"[1, 2]", "protocol"),
        (b'{"error": {"code": "insufficient_quota", "message": "pay"}}', "quota"),
        (b"", "cut_stream"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html", EVENTS])
async def test_a_body_that_is_no_answer(
    ask: Asker, model_server: ModelServer, body: bytes, category: str, content_type: str
) -> None:
    if ask.kind == "ollama" and body.startswith(b'{"half'):
        category = "cut_stream"  # half of a line can be half of an answer
    model_server.script(Raw(body, content_type=content_type))
    with pytest.raises(ProviderError) as caught:
        await ask.ask()
    assert caught.value.code == f"provider.{category}"
    assert caught.value.retryable == (category == "cut_stream")


async def test_half_a_character(ask: Asker, model_server: ModelServer) -> None:
    """What comes in is shown with U+FFFD, what goes out is sent so; neither fails."""
    event = delta(ask.kind, "a@b").replace(b"@", b"\\ud800")
    model_server.script(say("ignored", before=BEGIN[ask.kind] + event))
    await ask.ask(instructions="Be \udc80 brief.")
    assert "".join(ask.heard).startswith("a\ufffdb")
    assert "\ufffd" in json.dumps(model_server.calls[0].body, ensure_ascii=False)


# --- truncated answers


async def test_a_call_that_was_cut_off_has_no_arguments_to_run_with(
    ask: Asker, model_server: ModelServer
) -> None:
    if ask.kind in WHOLE_CALLS:
        pytest.skip("its calls are whole or absent")
    for cut in ("", '{"a": 1, "b"'):
        model_server.script(Say(calls=(("add", {"a": 1}), ("add", cut)), finish="length"))
        reply = (await ask.ask()).reply
        assert reply.finish == "length"
        assert [made.arguments for made in reply.message.calls] == [{"a": 1}, cut]


async def test_usage_that_nobody_tells_is_estimated(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(Say(text="word " * 100, used=Used(0, 0)))
    usage = (await ask.ask(instructions="Be brief. " * 40)).reply.usage
    assert usage.estimated
    assert usage.input >= 100
    assert usage.output >= 100


# --- servers that cannot be reached


@asynccontextmanager
async def answering(first: bytes, *, reset: bool = False) -> AsyncGenerator[int]:
    """A port that sends `first` to whoever connects, whatever they say."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(first)
        if reset:
            await writer.drain()
            linger = b"\x01\0\0\0\0\0\0\0"  # close with RST
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
PORTS: list[tuple[str, str, bytes, bool, str, str]] = [
    ("plain http where TLS is expected", "https", b"HTTP/1.1 400 Bad\r\n\r\n", False, "tls", "TLS"),
    ("not HTTP at all", "http", b"SSH-2.0-OpenSSH_9.6\r\n\r\n", False, "protocol", "HTTP"),
    ("reset at once", "http", b"", True, "network", "127.0.0.1"),
    ("reset in the middle", "http", HEAD + b"data: {", True, "cut_stream", ""),
]


@pytest.mark.parametrize(
    ("scheme", "first", "reset", "category", "told"),
    [p[1:] for p in PORTS],
    ids=[p[0] for p in PORTS],
)
async def test_ports_that_do_not_answer(
    model_server: ModelServer, scheme: str, first: bytes, reset: bool, category: str, told: str
) -> None:
    async with answering(first, reset=reset) as port:
        for kind in KINDS:
            made = asker(model_server, kind, base_url=f"{scheme}://127.0.0.1:{port}")
            with pytest.raises(ProviderError) as caught:
                await made.ask()
            assert caught.value.code == f"provider.{category}", caught.value.message
            assert told in caught.value.message
            assert "timed out" not in caught.value.message.lower()
            await made.models.close()


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("http://127.0.0.1:1/v1", "connection refused by 127.0.0.1:1"),
        ("http://localhost:1/v1", "connection refused by localhost:1"),
        ("http://nowhere.invalid/v1", "cannot resolve the host of nowhere.invalid:80"),
    ],
)
async def test_an_address_that_nobody_has(model_server: ModelServer, base: str, told: str) -> None:
    for kind in KINDS:
        made = asker(model_server, kind, base_url=base)
        with pytest.raises(ProviderError) as caught:
            await made.ask()
        assert caught.value.code == "provider.network"
        assert told in caught.value.message
        await made.models.close()


async def test_the_key_does_not_follow_a_redirect(ask: Asker, model_server: ModelServer) -> None:
    model_server.script(fail(307, headers={"location": model_server.url + "/v1/messages"}))
    with pytest.raises(ProviderError) as caught:
        await ask.ask()
    assert len(model_server.calls) == 1
    assert not caught.value.retryable
