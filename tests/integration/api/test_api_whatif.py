"""What-ifs over HTTP: whose runs, what a client that leaves means, and the same request again."""

from __future__ import annotations

import json
from typing import Any

import httpx

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import Hang, say
from tests.integration.api.conftest import Api
from tests.integration.api.test_api_runs import start, state_of

URL = "/api/v1/whatifs"


async def ask(
    client: httpx.AsyncClient, runs: list[str], key: str | None = None, **more: Any
) -> list[tuple[str, dict[str, Any]]]:
    """The events of a what-if, to its end."""
    body = {"runs": runs, "at": 0, "n": 2, "hint": "be brief", **more}
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post(URL, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    frames = [each.split("\n") for each in answer.text.split("\n\n") if each.startswith("event")]
    return [(each[0].removeprefix("event: "), json.loads(each[1][6:])) for each in frames]


async def ended_run(api: Api, client: httpx.AsyncClient, name: str) -> str:
    run = await start(client, name)
    answer = await client.get(f"/api/v1/runs/{run}/result", params={"wait": 30})
    assert answer.status_code == 200
    return run


async def test_the_same_request_joins_its_forks(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    run = await ended_run(api, api.operator, name)
    events = await ask(api.operator, [run], key="one")
    kinds = [kind for kind, _ in events]
    assert sorted(kinds[:-2]) == ["fork_ended"] * 2 + ["fork_started"] * 2
    assert kinds[-2:] == ["result", "end"]
    report = events[-2][1]
    (source,) = report["sources"]
    forks = [each["run"] for each in source["forks"]]
    assert [each["verdict"] for each in source["forks"]] == ["same", "same"]
    card = (await api.operator.get(f"/api/v1/runs/{forks[0]}")).json()
    assert (card["whatif"], card["owner"], card["by"]) == (True, api.user, api.user)
    calls = len(model_server.calls)
    again = (await ask(api.operator, [run], key="one"))[-2][1]
    assert sorted(each["run"] for each in again["sources"][0]["forks"]) == sorted(forks)
    assert len(model_server.calls) == calls
    other = (await ask(api.operator, [run], key="one", hint="be long"))[-2][1]
    assert other["sources"][0]["error"]["code"] == "run.id_taken"
    assert (await api.stranger.get(f"/api/v1/runs/{forks[0]}")).status_code == 404


async def test_a_client_that_leaves_ends_its_forks(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Hello."))
    run = await ended_run(api, api.operator, name)
    model_server.always(Hang())
    body = {"runs": [run], "at": 0, "n": 1, "hint": "x"}
    for key, left in ((None, "aborted"), ("kept", "running")):
        headers = {"Idempotency-Key": key} if key else {}
        async with api.operator.stream("POST", URL, json=body, headers=headers) as response:
            lines = [line async for line in _until(response, "data: ")]
            fork = json.loads(lines[-1][6:])["id"]

        async def has_state(fork: str = fork, left: str = left) -> bool:
            return await state_of(api.operator, fork) == left

        await eventually(has_state)


async def _until(response: httpx.Response, prefix: str):
    async for line in response.aiter_lines():
        yield line
        if line.startswith(prefix):
            return


async def test_what_is_refused(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    own = await ended_run(api, api.stranger, name)
    theirs = await ended_run(api, api.operator, name)
    for runs, more, code in (
        ([own, theirs], {}, "run.not_found"), ([own, "no-such"], {}, "run.not_found"),
        ([own, "a\u0000b"], {}, "run.not_found"), ([], {}, "api.invalid_request"),
        ([own], {"n": 0}, "api.invalid_request"), ([own], {"n": 10**9}, "api.invalid_request"),
        ([f"r{number}" for number in range(11)], {"n": 1000}, "config.invalid_value"),
        ([own], {"agent": "x"}, "api.invalid_request"), (["x" * 300], {}, "api.invalid_request"),
    ):  # fmt: skip
        body = {"runs": runs, "at": 0, **more}
        answer = await api.stranger.post(URL, json=body)
        assert answer.headers["content-type"] == "application/problem+json", (body, answer.text)
        assert answer.json()["code"] == code, (body, answer.text)
    assert (await api.viewer.post(URL, json={"runs": [own], "at": 0})).status_code == 403
