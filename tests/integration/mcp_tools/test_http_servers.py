"""MCP servers over HTTP, on real sockets: one made with the SDK, and some that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from harness.agent import Agent, McpServer
from harness.config.settings import settings_model
from harness.contracts.errors import McpUnavailable
from harness.mcp_tools.servers import open_servers
from tests.fakes.mcp_server import make_server
from tests.fakes.stack import until
from tests.fakes.tool_calls import calling


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@asynccontextmanager
async def serving_sdk(folder: Path, seen: list[dict[str, str]]) -> AsyncIterator[str]:
    """The SDK's server; takes note of the headers of each request."""
    app = make_server(folder).streamable_http_app()

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append({k.decode(): v.decode() for k, v in scope["headers"]})
        await app(scope, receive, send)

    config = uvicorn.Config(noting, port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def serving_raw(answer: Callable[[str], bytes]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that answers every request with bytes; its address, and the requests it got."""
    seen: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            seen.append(head)
            writer.write(answer(head))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        server.close()


def reply(body: bytes, kind: str = "application/json", status: str = "200 OK", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", f"content-type: {kind}"]
    return "\r\n".join([*lines, "connection: close", *more, "", ""]).encode() + body


async def load(server: McpServer, folder: Path) -> Agent[Any, Any]:
    async with open_servers(settings_model().model_validate({}), folder) as servers:
        return await servers.complete_agent(Agent("tested", tools=[server]))


async def failure(url: str, folder: Path, **options: Any) -> str:
    with pytest.raises(McpUnavailable) as caught:
        await load(McpServer(name="bad", url=url, allow_private=True, **options), folder)
    return caught.value.message


async def test_tools_are_called_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES_TOKEN", "tok-123456")
    (tmp_path / "a.txt").write_text("hello")
    seen: list[dict[str, str]] = []
    async with (
        serving_sdk(tmp_path, seen) as url,
        open_servers(settings_model().model_validate({}), tmp_path) as servers,
    ):
        server = McpServer(
            name="notes", url=url, auth="env:NOTES_TOKEN", allow_private=True, trusted=True
        )
        agent = await servers.complete_agent(Agent("tested", tools=[server]))
        async with calling(*agent.tools.values()) as call:
            pin = call.box.get_tool("notes__read_note").policy.pin
            outcome = await call.request("notes__read_note", {"name": "a"}, pin=pin)
            assert outcome.result is not None
            assert outcome.result.content == "hello"
            pin = call.box.get_tool("notes__draw").policy.pin
            outcome = await call.request("notes__draw", {}, pin=pin)
            assert outcome.result is not None
            assert "[image image/png: 70 bytes in artifact " in outcome.result.content
    assert {each.get("authorization") for each in seen} == {"Bearer tok-123456"}
    assert all("cookie" not in each for each in seen)


async def test_private_addresses_must_be_allowed(tmp_path: Path) -> None:
    async with serving_raw(lambda _: reply(b"{}")) as (place, seen):
        port = place.rpartition(":")[2]
        with pytest.raises(McpUnavailable, match="an address that is not public"):
            await load(McpServer(name="bad", url=f"https://localhost:{port}/mcp"), tmp_path)
    assert seen == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/mcp", "expected https"),
        ("https://user:secret@example.org/mcp", "no user name or password"),
        ("file:///etc/passwd", "expected an address"),
    ],
)
def test_other_addresses_are_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        McpServer(name="bad", url=url)


async def test_redirects_to_other_places_are_not_followed(tmp_path: Path) -> None:
    async with serving_raw(lambda _: reply(b"{}")) as (target, reached):
        away = reply(b"", "text/plain", "307 Moved", f"location: http://{target}/mcp")
        async with serving_raw(lambda _: away) as (place, _):
            words = await failure(f"http://{place}/mcp", tmp_path, auth="tok-123456")
    assert "307, a redirect that is not followed" in words
    assert reached == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (reply(b"", status="401 Unauthorized"), "answered 401: check its auth"),
        (reply(b"", status="503 Busy"), "answered 503"),
        (reply(b"<html>", "text/html"), "answered with text/html, which is not MCP"),
        (reply(b"x" * 9_000_000), "a message of more than 8,388,608 bytes"),
        (reply(b"[" + b"1," * 300_000 + b"1]"), "more than 200,000 values"),
        (reply(gzip.compress(b"x" * 100), "application/json", "200 OK", "content-encoding: gzip"),
         "compressed"),
    ],
)  # fmt: skip
async def test_a_broken_server_ends_in_a_clear_error(
    answer: bytes, why: str, tmp_path: Path
) -> None:
    async with serving_raw(lambda _: answer) as (place, _):
        assert why in await failure(f"http://{place}/mcp", tmp_path, auth="tok-123456")


async def test_deep_answers_are_refused(tmp_path: Path) -> None:
    deep = b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    async with serving_raw(lambda _: reply(deep)) as (place, _):
        assert "failed" in await failure(f"http://{place}/mcp", tmp_path)


async def test_a_server_that_closes_its_streams_at_once_is_left_alone(tmp_path: Path) -> None:
    """The SDK would connect again and again, as fast as the server says."""
    events = reply(b"retry: 0\nid: 1\ndata:\n\n", "text/event-stream")
    seen: list[str] = []

    def answer(head: str) -> bytes:
        seen.append(head.partition(" ")[0])
        return events

    async with serving_raw(answer) as (place, _):
        assert "failed" in await failure(f"http://{place}/mcp", tmp_path)
    assert seen.count("GET") <= 21


async def test_a_closed_port_is_named(tmp_path: Path) -> None:
    async with serving_raw(lambda _: b"") as (place, _):
        pass
    assert "The MCP server bad failed" in await failure(f"http://{place}/mcp", tmp_path)


async def test_a_header_cannot_be_smuggled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIL", "x\r\nX-Admin: 1")
    words = await failure("http://127.0.0.1:1/mcp", tmp_path, auth="env:EVIL")
    assert "characters that a header cannot have" in words
    assert "X-Admin" not in json.dumps(words)
