"""An undo over HTTP that is followed as it goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from harness import Agent, Harness, ToolContext, tool
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api
from tests.integration.api.test_api_runs import start

EVENTS = {"Accept": "text/event-stream"}


async def iterate(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    kind = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


async def test_each_step_arrives_as_it_ends(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = asyncio.Event()

    @tool
    async def note(text: str) -> str:
        """Note."""
        return text

    @note.undo
    async def remove(ctx: ToolContext[None], receipt: None) -> str:
        if ctx.turn == 1:
            await gate.wait()
        return "removed"

    await harness.serve(Agent(name, tools=[note]))
    model_server.script(call("note", text="first"), call("note", text="second"), say("Noted."))
    run = await start(api.operator, name)
    await harness.get_run(run).outcome()
    url = f"/api/v1/runs/{run}/undo"

    for client, status in ((api.viewer, 403), (api.stranger, 404)):
        assert (await client.post(url, json={}, headers=EVENTS)).status_code == status
    plan = (await api.operator.post(url, json={"dry_run": True})).json()
    assert [step["state"] for step in plan["steps"]] == ["would_undo"] * 2

    async with api.operator.stream("POST", url, json={}, headers=EVENTS) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = iterate(response)
        kind, first = await anext(events)
        assert (kind, first["done"], first["total"]) == ("progress", 1, 2)
        assert (first["step"]["turn"], first["step"]["state"]) == (2, "undone")
        gate.set()
        rest = [each async for each in events]
    assert [kind for kind, _ in rest] == ["progress", "result", "end"]
    assert [step["said"] for step in rest[1][1]["steps"]] == ["removed", "removed"]
    assert rest[0][1]["step"] == rest[1][1]["steps"][1], "each step once"

    log = (await api.operator.get("/api/v1/activity", params={"run": run, "kind": "undo"})).json()
    assert [each["by"] for each in log["activity"]] == [api.user], "not the dry run"


async def test_a_reader_that_leaves_stops_no_undo(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    @tool
    async def note(text: str) -> str:
        """Note."""
        return text

    @note.undo
    async def remove(ctx: ToolContext[None], receipt: None) -> None:
        entered.set()
        await gate.wait()

    await harness.serve(Agent(name, tools=[note]))
    model_server.script(call("note", text="one"), say("Noted."))
    run = await start(api.operator, name)
    await harness.get_run(run).outcome()
    url = f"/api/v1/runs/{run}/undo"
    async with api.operator.stream("POST", url, json={}, headers=EVENTS):
        await entered.wait()
    other = api.operator.post(url, json={"to_turn": 0}, headers=EVENTS)
    refused = await other  # another undo is in progress: the stream says so
    assert "event: error" in refused.text and "run.busy" in refused.text
    gate.set()
    joined = (await api.operator.post(url, json={})).json()
    assert all(step["state"] == "undone" for step in joined["steps"])
    effects = (await api.operator.get(f"/api/v1/runs/{run}/effects")).json()["effects"]
    assert [each["state"] for each in effects] == ["undone"]
