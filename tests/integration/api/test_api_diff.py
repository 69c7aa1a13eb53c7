"""Two runs aligned over HTTP, and what a seal says of itself."""

from __future__ import annotations

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import look
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import start


async def test_rows_name_the_events_of_both_sides(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[look]))
    model_server.script(call("look", place="here"), say("Nothing."))
    one = await start(api.operator, name)
    await harness.get_run(one).result()
    model_server.script(say("Nothing."))
    other = await start(api.operator, name)
    await harness.get_run(other).result()
    url = f"/api/v1/runs/{one}/diff"
    diff = (await api.viewer.get(url, params={"other": other})).json()
    left, right = diff["sides"]
    assert [row["left"] for row in diff["rows"] if "left" in row] == [*range(len(left["events"]))]
    assert [row["right"] for row in diff["rows"] if "right" in row] == [
        *range(len(right["events"]))
    ]
    alone = [left["events"][row["left"]]["type"] for row in diff["rows"] if "right" not in row]
    assert "tool_call_finished" in alone
    (end,) = [row for row in diff["rows"] if row["same"] and "left" in row][-1:]
    assert left["events"][end["left"]]["type"] == right["events"][end["right"]]["type"]
    same = (await api.viewer.get(url, params={"other": one})).json()
    assert same["rows"] == []


async def test_a_seal_says_when_and_by_which_code(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Hello."))
    run = await start(api.operator, name)
    await harness.get_run(run).result()
    sealed = (await api.operator.post(f"/api/v1/runs/{run}/seal")).json()
    found = (await api.viewer.get(f"/api/v1/runs/{run}/verify")).json()
    assert (found["unchanged"], found["token"], found["seq"]) == (
        True,
        sealed["token"],
        sealed["seq"],
    )
    assert found["code"] and found["by"] and found["sealed"] > 1e9
