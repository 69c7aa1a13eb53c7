"""Start, follow and steer runs over HTTP."""

from __future__ import annotations

import json
from typing import Any

import httpx

from harness import Agent, Harness
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import Hang, call, say
from tests.integration.api.conftest import Api, follow

LETTER = {"to": "ann", "text": "hi"}


async def start(client: httpx.AsyncClient, agent: str, **more: Any) -> str:
    answer = await client.post("/api/v1/runs", json={"agent": agent, "prompt": "Hello.", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def state_of(client: httpx.AsyncClient, run: str) -> str:
    return (await client.get(f"/api/v1/runs/{run}")).json()["state"]


async def test_start_and_follow(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Hello there."))
    run = await start(api.operator, name)
    events = await follow(api.operator, f"/api/v1/runs/{run}/events")
    kinds = [kind for kind, _, _ in events]
    assert (kinds[0], kinds[-2:]) == ("run_started", ["run_ended", "end"])
    assert json.loads(events[-2][2])["output"] == "Hello there."
    started = json.loads(events[0][2])
    assert started["owner"] == api.user
    card = (await api.operator.get(f"/api/v1/runs/{run}")).json()
    assert (card["state"], card["said"]) == ("completed", "Hello there.")
    trace = (await api.operator.get(f"/api/v1/runs/{run}/trace")).json()["events"]
    assert [each["type"] for each in trace] == [kind for kind, id, _ in events if id]


async def test_a_stream_resumes_after_every_cursor(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Sent."))
    run = await start(api.operator, name)
    await eventually(lambda: _waits(api, run))
    (pending,) = (await api.operator.get(f"/api/v1/runs/{run}/pending")).json()["pending"]
    decided = await api.operator.post(
        f"/api/v1/runs/{run}/decide",
        json={"verdict": "approve", "item": pending["id"], "digest": pending["digest"]},
    )
    assert (decided.status_code, decided.json()["by"]) == (200, api.user)
    whole = await follow(api.operator, f"/api/v1/runs/{run}/events")
    durable = [event for event in whole if event[1]]
    for number, (_, cursor, _) in enumerate(durable):
        headers = {"Last-Event-ID": cursor}
        rest = await follow(api.operator, f"/api/v1/runs/{run}/events", headers=headers)
        assert [event for event in rest if event[1]] == durable[number + 1 :]
        assert rest[-1][0] == "end"


async def _waits(api: Api, run: str) -> bool:
    return await state_of(api.operator, run) == RunState.WAITING


async def test_the_same_request_starts_one_run(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    body = {"agent": name, "prompt": "Hello."}
    keyed = {"Idempotency-Key": "key-1"}
    answers = [await api.operator.post("/api/v1/runs", json=body, headers=keyed) for _ in range(3)]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await api.operator.post(
        "/api/v1/runs", json={**body, "prompt": "Something else."}, headers=keyed
    )
    assert (other.status_code, other.json()["code"]) == (409, "run.id_taken")
    foreign = await api.stranger.post("/api/v1/runs", json=body, headers=keyed)
    assert foreign.json()["id"] != answers[0].json()["id"]


async def test_abort_says_who(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(Hang())
    run = await start(api.operator, name)
    answer = await api.operator.post(f"/api/v1/runs/{run}/abort", json={"reason": "enough"})
    assert answer.status_code == 202
    events = await follow(api.operator, f"/api/v1/runs/{run}/events")
    aborted = next(json.loads(data) for kind, _, data in events if kind == "abort_requested")
    assert aborted["reason"] == "enough"
    assert aborted["by"].startswith(f"{api.user} (sent by ")
    assert await state_of(api.operator, run) == "aborted"
    again = await api.operator.post(f"/api/v1/runs/{run}/hint", json={"text": "more"})
    assert (again.status_code, again.json()["code"]) == (409, "steering.run_over")


async def test_the_list_has_pages_and_only_own_runs(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    runs = list[str]()
    for _ in range(5):
        runs.append(await start(api.operator, name))
        # Temporal's index sorts ended runs by their end.
        ended = await api.operator.get(f"/api/v1/runs/{runs[-1]}/result", params={"wait": 30})
        assert ended.status_code == 200
    foreign = await start(api.stranger, name)

    async def listed(client: httpx.AsyncClient) -> list[str]:
        found, cursor = list[str](), None
        while True:
            query = {"agent": name, "limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/api/v1/runs", params=query)).json()
            found += [row["id"] for row in page["runs"]]
            cursor = page.get("next")
            if cursor is None:
                return found

    async def all_indexed() -> bool:
        return len(await listed(api.admin)) == 6

    await eventually(all_indexed)
    assert await listed(api.operator) == runs[::-1]
    assert await listed(api.stranger) == [foreign]
    first = await api.operator.get("/api/v1/runs", params={"agent": name, "limit": 2})
    other_list = {"agent": "other", "cursor": first.json()["next"]}
    wrong = await api.operator.get("/api/v1/runs", params=other_list)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "api.unknown_cursor")


async def test_an_approval_is_in_the_inbox(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(call("send", **LETTER))
    run = await start(api.operator, name)

    async def inbox(client: httpx.AsyncClient) -> list[dict[str, Any]]:
        return (await client.get("/api/v1/approvals")).json()["waiting"]

    async def arrived() -> bool:
        return bool(await inbox(api.operator))

    await eventually(arrived)
    (waiting,) = await inbox(api.operator)
    assert (waiting["run"], waiting["pending"][0]["arguments"]) == (run, LETTER)
    assert await inbox(api.stranger) == []


async def test_an_id_with_a_slash(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name))
    model_server.script(say("Hello."))
    body = {"agent": name, "prompt": "Hello.", "id": f"{name}/日 b%2Fc"}
    started = await api.operator.post("/api/v1/runs", json=body)
    run = started.json()["id"]
    assert (await api.operator.get(started.headers["Location"])).json()["run"] == run
    card = await api.operator.get(f"/api/v1/runs/{name}%2F%E6%97%A5%20b%252Fc")
    assert (card.status_code, card.json()["run"]) == (200, run)


async def test_an_agent_that_nobody_published(api: Api) -> None:
    answer = await api.operator.post("/api/v1/runs", json={"agent": "nope", "prompt": "Hello."})
    assert answer.status_code == 404
    assert "nope" in answer.json()["detail"]
