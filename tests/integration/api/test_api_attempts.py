"""The failed attempts of a run, without its events."""

from __future__ import annotations

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import fail, say
from tests.integration.api.conftest import Api


async def test_failed_attempts_are_listed_for_who_may_see_the_run(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)
    await harness.serve(agent)
    model_server.script(fail(503, "Too many.", retry_after=0.02), say("Done."))
    body = {"agent": name, "prompt": "Go."}
    run = (await api.operator.post("/api/v1/runs", json=body)).json()["id"]
    url = f"/api/v1/runs/{run}/attempts"

    async def look() -> list[dict[str, object]]:
        return (await api.viewer.get(url)).json()["attempts"]

    (failed,) = await eventually(look, bool)
    assert (failed["kind"], failed["turn"], failed["attempt"]) == ("call_model", 1, 1)
    assert failed["code"] == "provider.overloaded"
    refused = await api.stranger.get(url)
    assert (refused.status_code, refused.json()["code"]) == (404, "run.not_found")
