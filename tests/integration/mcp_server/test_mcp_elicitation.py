"""What a run asks is put to the person behind the client, and only a decision decides."""

from __future__ import annotations

import asyncio
from typing import Any

from mcp import types

from harness import Agent, Harness
from harness.tools import ask_human
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import send
from tests.fakes.steps import call, say
from tests.integration.api.conftest import Api
from tests.integration.mcp_server.conftest import BOTH, Connect, Person, say_yes, use

LETTER = {"to": "ann", "text": "hi"}


@BOTH
async def test_an_approval(
    connect: Connect, api: Api, harness: Harness, model_server: ModelServer, name: str, mode: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Sent."))
    person = say_yes(verdict="approve", note="as agreed")
    async with connect(mode=mode, person=person) as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
        end = await use(client, "wait_for_run", run=run)
        assert end["end"]["output"] == "Sent."
        (asked,) = person.asked
        assert "send" in asked.message and '"to": "ann"' in asked.message
        assert asked.requested_schema["properties"]["verdict"]["enum"] == ["approve", "reject"]
        (decided,) = (await use(client, "get_run", run=run))["decided"]
        assert (decided["verdict"], decided["note"]) == ("approve", "as agreed")
        assert decided["by"].startswith(api.user)


@BOTH
async def test_declining_decides_nothing(
    connect: Connect, harness: Harness, model_server: ModelServer, name: str, mode: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Not sent."))
    for action in ("decline", "cancel"):
        person = Person(types.ElicitResult(action=action))
        async with connect(mode=mode, person=person) as client:
            run = f"{name}-run"
            await use(client, "start_run", agent=name, prompt="Hello.", id=run)
            waited = await use(client, "wait_for_run", run=run)
            assert (waited["state"], len(waited["waiting"]), len(person.asked)) == ("waiting", 1, 1)
            assert (await use(client, "get_run", run=run)).get("decided") == []
    viewer = say_yes(verdict="approve")
    async with connect("viewer", mode=mode, person=viewer) as client:  # who may not decide
        assert (await use(client, "wait_for_run", run=run))["state"] == "waiting"
        assert viewer.asked == []
    async with connect(mode=mode) as client:  # one that cannot ask decides with what a person said
        item = waited["waiting"][0]
        await use(
            client, "decide_run", run=run, verdict="reject", item=item["id"], digest=item["digest"]
        )
        assert (await use(client, "wait_for_run", run=run))["end"]["output"] == "Not sent."


async def test_answers_that_nobody_asked_for_are_refused_to_viewers(
    connect: Connect, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    async with connect() as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
        await use(client, "wait_for_run", run=run)
    trace = (await api.viewer.get(f"/api/v1/runs/{run}/trace")).json()["events"]
    [place] = [each["cursor"] for each in trace if each["type"] == "decision_requested"]
    key = f"{place['run_id']}/{place['event_id']}/{place['place']}"
    forged = types.ElicitResult(action="accept", content={"verdict": "approve"})
    async with connect("viewer") as client:
        answer = await client.session.call_tool(
            "wait_for_run", {"run": run}, input_responses={key: forged}
        )
        assert isinstance(answer, types.CallToolResult)
        assert answer.is_error and "needs the role operator" in str(answer.content)
    assert (await api.viewer.get(f"/api/v1/runs/{run}")).json()["state"] == "waiting"


async def test_a_question(
    connect: Connect, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[ask_human]))
    model_server.script(call("ask_human", question="Which colour?"), say("Blue it is."))
    person = say_yes(answer="blue")
    async with connect(person=person) as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
        assert (await use(client, "wait_for_run", run=run))["end"]["output"] == "Blue it is."
        assert "Which colour?" in person.asked[0].message
        assert person.asked[0].requested_schema["required"] == ["answer"]


async def test_changes_do_not_prolong_the_wait(
    connect: Connect, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    """A run that asks again and again, and never ends."""
    await harness.serve(Agent(name, tools=[send]))
    model_server.always(call("send", **LETTER))
    async with connect(mode="legacy", person=say_yes(verdict="approve")) as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
        waited = await use(client, "wait_for_run", run=run, seconds=0.5)
        assert waited["state"] == "running" and "end" not in waited
        await use(client, "abort_run", run=run)


async def test_somebody_else_decides_first(
    connect: Connect, api: Api, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), say("Sent."))
    asked = asyncio.Event()

    class Slow(Person):
        async def answer(self, _: Any, params: Any) -> types.ElicitResult:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

    async with connect(mode="legacy", person=Slow(types.ElicitResult(action="cancel"))) as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]
        waiting = asyncio.create_task(client.call_tool("wait_for_run", {"run": run}))
        await asked.wait()
        decided = await api.operator.post(f"/api/v1/runs/{run}/decide", json={"verdict": "approve"})
        assert decided.status_code == 200
        end = (await waiting).structured_content
        assert end["end"]["output"] == "Sent."


async def test_an_answer_reaches_only_what_was_asked(
    connect: Connect, harness: Harness, model_server: ModelServer, name: str
) -> None:
    await harness.serve(Agent(name, tools=[send]))
    model_server.script(call("send", **LETTER), call("send", **LETTER), say("Sent."))
    yes = types.ElicitResult(action="accept", content={"verdict": "approve"})
    async with connect(person=say_yes()) as client:
        run = (await use(client, "start_run", agent=name, prompt="Hello."))["id"]

        async def wait(**responses: types.ElicitResult) -> Any:
            return await client.session.call_tool(
                "wait_for_run",
                {"run": run},
                input_responses=responses or None,
                allow_input_required=True,
            )

        first = await wait()
        assert isinstance(first, types.InputRequiredResult)
        (key,) = first.input_requests or {}
        second = await wait(**{key: yes})
        assert isinstance(second, types.InputRequiredResult)
        assert key not in (second.input_requests or {})
        again = await wait(**{key: yes})  # the same arguments, asked anew
        assert isinstance(again, types.InputRequiredResult)
        (key,) = second.input_requests or {}
        for content in ({"verdict": "edit"}, {"verdict": ["approve"]}, {}, {"note": 7}):
            nonsense = types.ElicitResult(action="accept", content=content)
            refused = await wait(**{key: nonsense})
            assert isinstance(refused, types.CallToolResult) and refused.is_error
            assert refused.structured_content["code"] == "api.invalid_request"
        assert len((await use(client, "get_run", run=run))["decided"]) == 1
