"""Evaluations over HTTP: whose they are, and what is refused."""

from __future__ import annotations

import json

import pytest

from harness import Agent, Harness
from harness.api.caller import Caller, Role
from harness.evals.client import find_eval
from harness.runs.published import publish_agent
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import say
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


FILE = """
name = "greetings"
agents = ["@NAME"]
repeats = 2
threshold = 0.5

[[checks]]
kind = "contains"
"""
CASES = '{"input": "hi", "expected": "Hello"}\n{"input": "bye", "expected": "Goodbye"}'


async def test_an_evaluation_started_over_http_belongs_to_its_caller(
    api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Hello!"))
    agent = Agent(name)
    await harness.serve(agent)
    await publish_agent(harness.connection, agent, "a-build")
    body = {"file": FILE.replace("NAME", name), "cases": CASES}
    started = await api.operator.post(PATH, json=body)
    assert started.status_code == 201, started.text
    id = started.json()["id"]
    assert started.headers["location"] == f"{PATH}/{id}"
    assert (started.json()["owner"], started.json()["items"]) == (api.user, 4)

    async def read() -> dict[str, object]:
        return (await api.operator.get(f"{PATH}/{id}")).json()

    report = await eventually(read, lambda found: found["state"] != "running", 45)
    assert (report["state"], report["done"]) == ("done", 4)
    results = (await api.operator.get(f"{PATH}/{id}/results")).json()["results"]
    assert sum(each["result"]["passed"] for each in results) == 2
    runs = (await api.operator.get("/api/v1/runs")).json()["runs"]
    assert {each["result"]["run"] for each in results} <= {each["id"] for each in runs}
    assert (await api.stranger.get(f"{PATH}/{id}")).status_code == 404


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"file": "name = "}, "cannot be read"),
        ({"file": "a" * 100_001}, "100000"),
        ({"file": "x = " + "[" * 50_000}, "nested too deeply"),
        ({"file": FILE + '[[checks]]\nkind = "function"\nfunction = "/etc/x.py:f"'}, "'function'"),
        ({"file": FILE + '[[checks]]\nkind = "judge"\nrubric = "polite"'}, "'judge'"),
        ({"file": FILE.replace("@NAME", "evil.py:agent")}, "must be published"),
        ({"file": 'workspace = "/etc"' + FILE}, "workspace"),
        ({"file": 'dataset = "/etc/passwd"' + FILE}, "dataset"),
        ({"file": 'owner = "bob"' + FILE}, "owner"),
        ({"file": FILE.replace("greetings", "a\\u202eb")}, "printable"),
        ({"file": FILE.replace("repeats = 2", "repeats = 101")}, "repeats"),
        ({"cases": "[" * 100_000}, "nested too deeply"),
        ({"cases": "\n"}, "has no case"),
        ({"cases": '{"input": "a"}\n' * 10_001}, "more than 10,000"),
        ({"cases": json.dumps({"input": "a\0b"})}, "NUL"),
        ({"owner": "bob"}, "owner"),
        ({"file": FILE.replace("repeats = 2", "max_cost_usd = inf")}, "max_cost_usd"),
        ({"file": FILE.replace("repeats = 2", "max_cost_usd = 1e305")}, "max_cost_usd"),
        ({"file": FILE + "[limits]\ncost_usd = inf"}, "cost_usd"),
        ({"file": FILE + "[limits]\nseconds = nan"}, "seconds"),
        ({"file": FILE + "[limits]\ntokens = 1" + "0" * 5_000}, "file"),
    ],
)
async def test_what_cannot_be_started_over_http(
    api: Api, change: dict[str, str], problem: str
) -> None:
    answer = await api.operator.post(PATH, json={"file": FILE, "cases": CASES, **change})
    assert answer.status_code in (400, 422), answer.text
    assert problem in answer.text
    assert (await api.operator.get(PATH)).json()["evals"] == []


async def test_who_may_start_one_and_of_which_agents(api: Api) -> None:
    body = {"file": FILE, "cases": CASES}
    assert (await api.viewer.post(PATH, json=body)).status_code == 403
    assert (await api.nobody.post(PATH, json=body)).status_code == 401
    for agent in ("@NAME", "@a\\u0000b", "@", "@" + "a" * 5_000):
        body["file"] = FILE.replace("@NAME", agent)
        assert (await api.operator.post(PATH, json=body)).status_code in (400, 404), agent
    content = '{"file": "a", "cases": "\\ud800"}'
    assert (await api.operator.post(PATH, content=content)).status_code in (400, 415, 422)
