"""The agent that a run pinned, over HTTP."""

from __future__ import annotations

from urllib.parse import quote

from harness import Agent, Harness
from harness.archive.sweep import seal_run
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import start


async def test_an_edit_is_made_by_the_pinned_schema(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send], instructions="Be polite."))
    model_server.script(call("send", to="Ada", text="hi"), say("Sent."))
    run = await start(api.operator, name)
    url = f"/api/v1/runs/{run}"

    async def pending() -> list[dict[str, str]]:
        return (await api.operator.get(f"{url}/pending")).json()["pending"]

    (item,) = await eventually(pending)
    spec = (await api.viewer.get(f"{url}/spec")).json()
    assert (spec["name"], spec["instructions"], spec["models"]) == (
        name,
        "Be polite.",
        ["openai/gpt-5"],
    )
    tool = next(each for each in spec["tools"] if each["name"] == item["tool"])
    assert tool["policy"]["effect"] == "write"
    assert set(tool["parameters"]["properties"]) == {"to", "text"}
    for wrong in ({"to": 1}, {"cc": "x"}):
        edit = {"verdict": "edit", "item": item["id"], "arguments": wrong}
        refused = await api.operator.post(f"{url}/decide", json=edit)
        assert (refused.status_code, refused.json()["code"]) == (400, "steering.bad_payload")
    edit = {"verdict": "edit", "item": item["id"], "arguments": {"to": "Bob"}}
    assert (await api.operator.post(f"{url}/decide", json=edit)).status_code == 200
    await harness.get_run(run).outcome()
    await seal_run(harness.connection, run)
    assert (await api.viewer.get(f"{url}/spec")).json() == spec, "it never changes"


async def test_the_spec_of_others_is_not_found(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    run = await start(api.operator, name)
    for client, id in ((api.stranger, run), (api.operator, "none"), (api.operator, "%00")):
        answer = await client.get(f"/api/v1/runs/{quote(id, safe='%')}/spec")
        assert (answer.status_code, answer.json()["code"]) == (404, "run.not_found")
    talk = (await api.operator.post("/api/v1/conversations", json={"agent": name})).json()["id"]
    session = quote(f"session/{talk}", safe="")  # a workflow that is no run of an agent
    assert (await api.admin.get(f"/api/v1/runs/{session}/spec")).status_code == 404
