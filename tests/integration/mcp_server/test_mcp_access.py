"""Whose token may do what over MCP, and what hostile clients send."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError

from harness import Agent, Harness
from harness.access.client import create_token, revoke_token
from harness.mcp_server import server
from harness.mcp_server.tools import TOOLS
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Hang
from tests.integration.api.conftest import Api
from tests.integration.mcp_server.conftest import LEGACY, MODERN, Connect, refuse, use

ACCEPT = {"Accept": "application/json, text/event-stream"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "hint_run": {"text": "x"},
    "decide_run": {"verdict": "approve"},
}


def envelope(method: str, **params: Any) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}


async def post(client: httpx.AsyncClient, message: Any, **headers: str) -> httpx.Response:
    body = json.dumps(message).encode()  # escapes what is not Unicode, unlike httpx
    kind = {"Content-Type": "application/json"}
    return await client.post("/mcp", content=body, headers={**ACCEPT, **kind, **headers})


async def call(client: httpx.AsyncClient, tool: str, **arguments: Any) -> httpx.Response:
    message = envelope("tools/call", name=tool, arguments=arguments)
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": tool}
    return await post(client, message, **headers)


async def open_session(client: httpx.AsyncClient) -> dict[str, str]:
    answer = await post(client, INITIALIZE)
    assert answer.status_code == 200, answer.text
    return {
        "mcp-session-id": answer.headers["mcp-session-id"],
        "mcp-protocol-version": "2025-11-25",
    }


async def test_ids_of_others_are_not_found(
    connect: Connect, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    async with connect() as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
    async with connect("stranger") as client:
        of_runs = [name for name, tool in TOOLS.items() if "run" in tool.body.model_fields]
        assert len(of_runs) == 9
        for tool in of_runs:
            more = ARGUMENTS.get(tool, {})
            assert await refuse(client, tool, run=run, **more) == "run.not_found", tool
            assert await refuse(client, tool, run="no-such-run", **more) == "run.not_found"
            assert await refuse(client, tool, run="\x00", **more) == "run.not_found"
        assert run not in json.dumps(await use(client, "list_runs"))
        for uri in (f"harness://runs/{run}", f"harness://runs/{run}/events", "harness://x", "a:b"):
            with pytest.raises(MCPError, match="Resource not found"):
                await client.read_resource(uri)
    async with connect("viewer") as client:
        offered = {each.name for each in (await client.list_tools()).tools}
        assert offered == {name for name, tool in TOOLS.items() if tool.role.value == "viewer"}
        for tool in TOOLS.keys() - offered - {"start_run"}:
            more = ARGUMENTS.get(tool, {})
            assert await refuse(client, tool, run=run, **more) == "access.not_allowed"
        assert await refuse(client, "start_run", agent=name, prompt="x") == "access.not_allowed"
        assert (await use(client, "get_run", run=run))["state"] == "running"


async def test_a_session_belongs_to_its_token(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.mcp_server.sessions.MOST_SESSIONS", 2)
    session = await open_session(api.operator)
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    assert (await post(api.operator, listing, **session)).status_code == 200
    for other in (api.stranger, api.admin, api.viewer):  # the viewer is the same user
        answer = await post(other, listing, **session)
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Session not found")
        assert (await other.get("/mcp", headers=session)).status_code == 404
        assert (await other.delete("/mcp", headers=session)).status_code == 404
    assert (await post(api.operator, listing, **session)).status_code == 200
    await open_session(api.operator)
    assert (await post(api.operator, INITIALIZE)).status_code == 503  # one too many, of one token
    await open_session(api.stranger)
    assert (await api.operator.delete("/mcp", headers=session)).status_code == 200
    assert (await post(api.operator, listing, **session)).status_code == 404


async def test_revoking_a_token_ends_its_sessions(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    row, secret = await create_token(harness.connection, user=api.user)
    run = (await api.operator.post("/api/v1/runs", json={"agent": name, "prompt": "x"})).json()
    headers = {"Authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=api.daemon.url, headers=headers, timeout=30) as client:
        session = await open_session(client)

        async def listen() -> bytes:
            async with client.stream("GET", "/mcp", headers={**session, **ACCEPT}) as stream:
                opened.set()
                return await stream.aread()

        opened = asyncio.Event()
        streams = [
            asyncio.create_task(listen()),
            asyncio.create_task(call(client, "wait_for_run", run=run["id"], seconds=600)),
        ]
        await opened.wait()
        await model_server.called()
        await revoke_token(harness.connection, row.id)
        await asyncio.wait(streams)
        assert (await post(client, INITIALIZE)).status_code == 401
        assert streams[1].result().status_code == 401
        assert b"end" not in streams[0].result()
    card = (await api.operator.get(f"/api/v1/runs/{run['id']}")).json()
    assert card["state"] == "running"


async def test_a_client_that_leaves_does_not_stop_the_run(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    run = (await api.operator.post("/api/v1/runs", json={"agent": name, "prompt": "x"})).json()
    waiting = asyncio.create_task(call(api.operator, "wait_for_run", run=run["id"], seconds=600))
    await model_server.called()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    answer = await call(api.operator, "wait_for_run", run=run["id"], seconds=0)
    assert answer.json()["result"]["structuredContent"] == {
        "run": run["id"], "state": "running", "waiting": [],
    }  # fmt: skip


async def test_what_hostile_clients_send(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = b"[" * 100_000
    modern = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "get_run"}
    for headers in (ACCEPT, {**ACCEPT, **modern}):
        kind = {"Content-Type": "application/json"}
        for body in (b"{{{", deep, b"null", b"[]", b'{"id": 1}', b"\xff" * 100):
            answer = await api.operator.post("/mcp", content=body, headers={**headers, **kind})
            assert 400 <= answer.status_code < 500, (body[:20], answer.text)
        huge = await api.operator.post("/mcp", content=b"x" * 10_000_001, headers=headers | kind)
        assert (huge.status_code, huge.json()["code"]) == (413, "api.too_large")
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert (await post(api.operator, INITIALIZE, **headers)).status_code == 403
    assert (await post(api.nobody, INITIALIZE)).status_code == 401
    nested: Any = "x"
    for _ in range(500):
        nested = [nested]
    for arguments in (
        {"run": 7},
        {"run": "x", "more": 1},
        {"run": "\ud800"},
        {"run": "x" * 251},
        {"run": nested},
        {},
    ):
        answer = await call(api.operator, "get_run", **arguments)
        assert answer.json()["result"]["isError"], (arguments, answer.text)
    prompt = await call(api.operator, "start_run", agent="\ud800", prompt="\udfff")
    assert prompt.json()["result"]["structuredContent"]["status"] < 500, prompt.text
    unknown = await call(api.operator, "no_such_tool")
    assert unknown.json()["error"]["code"] == -32602
    monkeypatch.setattr(server, "MOST_CALLS", 0)
    busy = await call(api.operator, "list_runs")
    assert busy.json()["result"]["structuredContent"]["code"] == "api.too_many_calls"


async def test_what_is_no_message_is_refused_in_one_sentence(api: Api) -> None:
    for headers in ({}, {"MCP-Protocol-Version": MODERN}):
        for message in ({}, [], None, {"jsonrpc": "2.0", "id": {}, "method": 1}, {"x": "y" * 900}):
            answer = await post(api.operator, message, **headers)
            assert answer.status_code == 400, answer.text
            refusal = answer.json()
            assert (refusal["jsonrpc"], refusal["error"]["code"]) == ("2.0", -32600), refusal
            assert len(answer.content) < 200 and "pydantic" not in answer.text


async def test_steering(
    connect: Connect, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    async with connect(mode=LEGACY) as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
        await use(client, "hint_run", run=run, text="Be brief.")
        await use(client, "pause_run", run=run, reason="a look")
        await use(client, "resume_run", run=run)
        assert (await use(client, "preview_undo", run=run))["steps"] == []
        await use(client, "abort_run", run=run, reason="enough")
        end = await use(client, "wait_for_run", run=run)
        assert (end["state"], end["end"]["reason"]) == ("aborted", "enough")
        card = await use(client, "get_run", run=run)
        assert len(card["told"]) == 4
        assert all(each["by"].startswith(card["owner"]) for each in card["told"])
