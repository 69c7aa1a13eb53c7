"""Evaluations over HTTP: whose they are, and what is refused."""

from __future__ import annotations

from harness import Agent
from harness.api.caller import Caller, Role
from harness.evals.client import find_eval
from tests.integration.api.conftest import Api
from tests.integration.evals.conftest import add, cases

PATH = "/api/v1/evals"


async def test_an_evaluation_belongs_to_who_started_it(api: Api, name: str) -> None:
    connection = api.daemon.connection
    id = await add(connection, Agent(name), cases("a"), owner=api.user)
    await add(connection, Agent(name), cases("a"))
    [listed] = (await api.operator.get(PATH)).json()["evals"]
    assert (listed["id"], listed["state"], listed["items"]) == (id, "interrupted", 1)
    assert len((await api.admin.get(PATH)).json()["evals"]) >= 2
    report = (await api.operator.get(f"{PATH}/{id}")).json()
    assert (report["cells"][0]["agent"], report["done"]) == (name, 0)
    assert (await api.operator.get(f"{PATH}/{id}/results")).json()["results"] == []
    stopped = await api.operator.post(f"{PATH}/{id}/stop")
    assert stopped.json()["state"] == "interrupted"
    assert (await api.viewer.post(f"{PATH}/{id}/stop")).status_code == 403
    for method, where in (("GET", ""), ("GET", "/results"), ("POST", "/stop")):
        for path in (f"{PATH}/{id}{where}", f"{PATH}/eval-0{where}", f"{PATH}/a%00b{where}"):
            answer = await api.stranger.request(method, path)
            assert answer.status_code == 404, path
            assert answer.json()["code"] == "evals.not_found"


async def test_the_owner_in_the_database_gives_no_access(api: Api, name: str) -> None:
    """Who can write to the database cannot read what it holds: the signed plan names the owner."""
    connection = api.daemon.connection
    id = await add(connection, Agent(name), cases("a"), owner="bob")
    await connection.database.fetch(
        "UPDATE harness_evals.eval SET owner = %s, name = 'forged', items = 7 WHERE id = %s",
        (api.user, id),
    )
    for where in ("", "/results"):
        assert (await api.operator.get(f"{PATH}/{id}{where}")).status_code == 404
    assert (await api.operator.post(f"{PATH}/{id}/stop")).status_code == 404
    listed = (await api.operator.get(PATH)).json()["evals"]
    assert id not in [each["id"] for each in listed]
    [row] = [e for e in (await api.admin.get(f"{PATH}?limit=200")).json()["evals"] if e["id"] == id]
    assert (row["owner"], row["items"], row["name"]) == ("bob", 1, name)
    bob = Caller("bob", Role.VIEWER, "")
    assert (await find_eval(connection, id, by=bob)).id == id


async def test_what_is_refused(api: Api, name: str) -> None:
    id = await add(api.daemon.connection, Agent(name), cases("a"), owner=api.user)
    for query in ("limit=0", "limit=201", "cursor=x", "cursor=99999999999", "failed=7"):
        answer = await api.operator.get(f"{PATH}/{id}/results?{query}")
        assert answer.status_code in (400, 422), query
    answer = await api.operator.get(f"{PATH}/{id}?baseline=last")
    assert answer.json()["code"] == "evals.not_found"
