"""Who did what, over HTTP: from runs wherever they are, deletions and the tables of access."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

import httpx
import pytest

from harness import Agent, Harness
from harness.activity import merge, routes
from harness.archive.sweep import seal_run
from harness.forget.client import forget_run
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.api.conftest import api as api
from tests.integration.api.test_api_runs import start

LOG = "/api/v1/activity"


async def read(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """All pages."""
    found, cursor = list[dict[str, Any]](), None
    while True:
        params = {**query, **({"cursor": cursor} if cursor else {})}
        answer = await client.get(LOG, params=params)
        assert answer.status_code == 200, answer.text
        found += answer.json()["activity"]
        cursor = answer.json().get("next")
        if cursor is None:
            return found


async def test_a_user_reads_little_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, read_page = asyncio.Event(), routes.read_activity

    async def wait(*given: Any) -> Any:
        await gate.wait()
        return await read_page(*given)

    monkeypatch.setattr(routes, "read_activity", wait)
    slots = routes.ActivitySlots.most_each
    async with asyncio.TaskGroup() as group:
        reads = [group.create_task(api.operator.get(LOG)) for _ in range(slots + 1)]
        (refused,), _ = await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
        answer = await refused
        assert (answer.status_code, answer.json()["code"]) == (429, "api.too_many_calls")
        assert answer.headers["retry-after"] == "1"
        others = group.create_task(api.stranger.get(LOG))
        gate.set()
    assert [each.result().status_code for each in (*reads, others)].count(200) == slots + 1


async def waits(api: Api, run: str) -> bool:
    return bool((await api.operator.get(f"/api/v1/runs/{run}/pending")).json()["pending"])


async def steered_run(api: Api, harness: Harness, name: str) -> str:
    """A run that was given a hint, paused, resumed and decided about."""
    run = await start(api.operator, name)
    url = f"/api/v1/runs/{run}"
    await eventually(lambda: waits(api, run))
    for act, body in (
        ("hint", {"text": "=be brief"}),
        ("pause", {"reason": "lunch"}),
        ("resume", {}),
        ("decide", {"verdict": "reject", "note": "not now"}),
    ):
        assert (await api.operator.post(f"{url}/{act}", json=body)).is_success
    await harness.get_run(run).outcome()
    return run


async def test_the_acts_of_a_run_and_whose_they_are(
    api: Api, harness: Harness, later: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", to="Ada", text="hi"), say("Not sent."), say("Not sent."))
    run = await steered_run(api, harness, name)
    undone = await api.operator.post(f"/api/v1/runs/{run}/undo", json={})
    assert undone.status_code == 200  # nothing to undo: nobody did anything
    acts = await read(api.operator, run=run)
    kinds = [each["kind"] for each in acts]
    assert sorted(kinds) == ["decision", "hint", "pause", "resume", "run_started"]
    assert kinds[-1] == "run_started"
    assert all(each["by"].startswith(api.user) for each in acts)
    assert await read(api.operator, run=run, user=api.user) == acts
    details = {each["kind"]: each.get("detail") for each in acts}
    assert details["decision"] == "reject: not now" and details["pause"] == "lunch"
    assert await read(api.operator, run=run, limit=1) == acts, "pages cut nothing"
    assert acts == await read(api.admin, run=run)
    assert await read(api.stranger, run=run) == []
    assert await read(api.operator, run=run, kind="hint") == [acts[kinds.index("hint")]]
    assert await read(api.operator, run=run, user="nobody") == []
    assert await read(api.operator, run=run, since="2100-01-01T00:00:00Z") == []
    assert {each["run"] for each in await read(api.operator)} == {run}, "own runs alone"

    # The engine has forgotten it: the archive tells the same.
    await seal_run(harness.connection, run)
    from tests.integration.api.test_api_streams import another_daemon

    async with another_daemon(api, later) as elsewhere:
        assert await read(elsewhere, run=run) == acts

    text = await api.operator.get(LOG, params={"run": run, "format": "csv", "limit": 2})
    assert text.headers["content-type"].startswith("text/csv") and text.headers["x-next-cursor"]
    assert "attachment" in text.headers["content-disposition"]
    hint = await api.operator.get(LOG, params={"run": run, "kind": "hint", "format": "csv"})
    (row,) = csv.DictReader(io.StringIO(hint.text))
    assert row["detail"] == "'=be brief"

    await forget_run(harness.connection, run, by="ana")
    assert await read(api.operator, run=run) == []
    (gone,) = await read(api.admin, run=run)
    assert (gone["kind"], gone["by"], gone["run"]) == ("forgotten", "ana", run)


@pytest.mark.slow
async def test_users_and_tokens_are_for_admins(api: Api) -> None:
    made = await api.admin.post("/api/v1/tokens", json={"user": api.user, "name": "t"})
    token = made.json()["token"]["id"]
    await api.admin.delete(f"/api/v1/tokens/{token}")
    await api.admin.patch(f"/api/v1/users/{api.user}", json={"disabled": True})
    page = (await api.admin.get(LOG, params={"limit": 500})).json()["activity"]
    about = {(each["kind"], each.get("subject")) for each in page}
    assert {
        ("token_created", token), ("token_revoked", token), ("user_added", api.user),
        ("user_disabled", api.user),
    } <= about  # fmt: skip
    assert made.json()["secret"] not in str(page)
    assert all("run" in each for each in await read(api.stranger))


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "dance"}, {"limit": 0}, {"limit": 501}, {"since": "1"}, {"format": "html"},
        {"cursor": "x"}, {"cursor": "é.e30="}, {"user": "x" * 300},
    ],
)  # fmt: skip
async def test_what_no_log_has(api: Api, query: dict[str, Any]) -> None:
    assert (await api.admin.get(LOG, params=query)).status_code == 400


async def test_a_cursor_and_a_filter_reach_nothing_of_others(
    api: Api, harness: Harness, model_server: ModelServer, name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    await harness.serve(Agent(name))
    model_server.always(say("Hello."))
    runs = list[str]()
    for _ in range(3):
        runs.append(await start(api.operator, name))
        await harness.get_run(runs[-1]).outcome()
    admin = (await api.admin.get(LOG, params={"limit": 1})).json()
    stolen = await api.operator.get(LOG, params={"limit": 1, "cursor": admin["next"]})
    assert (stolen.status_code, stolen.json()["code"]) == (400, "api.unknown_cursor")
    for hostile in (f"{runs[0]}' OR '1'='1", "\\' OR WorkflowId != '", runs[0] + ".undo"):
        assert await read(api.stranger, run=hostile) == []
    # However little one request may read, all pages together have everything.
    monkeypatch.setattr(merge, "MOST_ITEMS", 2)
    monkeypatch.setattr(merge, "BATCH", 1)

    async def complete() -> bool:  # the index follows
        return {each["run"] for each in await read(api.operator)} == set(runs)

    await eventually(complete)
    assert (await api.nobody.get(LOG)).status_code == 401
