"""Start, follow, steer and trace runs with the official MCP client."""

from __future__ import annotations

import json

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say
from tests.integration.api.conftest import Api
from tests.integration.mcp_server.conftest import BOTH, Connect, use

LETTER = {"to": "ann", "text": "hi"}


@BOTH
async def test_start_follow_and_trace(
    connect: Connect, api: Api, harness: Harness, model_server: ModelServer, name: str, mode: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Hello there."))
    told: list[str] = []

    async def on_progress(_: float, __: float | None, message: str | None) -> None:
        told.append(message or "")

    async with connect(mode=mode) as client:
        agents = (await use(client, "list_agents"))["agents"]
        assert name in [each["name"] for each in agents]
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
        waited = await client.call_tool("wait_for_run", {"run": run}, progress_callback=on_progress)
        end = waited.structured_content
        assert (end["state"], end["end"]["output"]) == ("completed", "Hello there.")
        card = await use(client, "get_run", run=run)
        assert (card["owner"], card["by"]) == (api.user, api.user)
        first = await use(client, "read_events", run=run, limit=2)
        rest = await use(client, "read_events", run=run, after=first["cursor"])
        assert (len(first["events"]), first["more"], rest["more"]) == (2, True, False)
        resource = await client.read_resource(f"harness://runs/{run}/events")
        trace = json.loads(resource.contents[0].text)["events"]
        assert trace == first["events"] + rest["events"]
        assert f"harness://runs/{run}" in [
            str(each.uri) for each in (await client.list_resources()).resources
        ]
