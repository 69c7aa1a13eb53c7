"""Sessions, idempotent starts, and typed results."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from harness import Agent, Budget, Harness
from harness.contracts import event as e
from harness.contracts.errors import RunError
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, add, all_events, kinds, one, only, valid_transcript
from tests.fakes.steps import Hang, Say, call, fail, say


def texts(body: dict[str, Any]) -> list[str]:
    return [str(item["content"]) for item in body["input"] if "role" in item]


# --- sessions


async def test_a_session_is_one_conversation(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Hello Ann."), call("add", a=1, b=2), say("Three."), say("Ann."))
    agent, session = Agent(name, tools=[add]), harness.session(f"{name}-s")
    for prompt in ("I am Ann.", "What is 1 + 2?", "Who am I?"):
        run = await session.start(agent, prompt)
        await run.result()
    assert await session.list_runs() == [f"{name}-s.{n}" for n in (1, 2, 3)]
    sent = "\n".join(texts(model_server.calls[-1].body))
    for said in ("I am Ann.", "Hello Ann.", "What is 1 + 2?", "Three.", "Who am I?"):
        assert said in sent
    # Another process that only knows the session's id goes on with it.
    model_server.script(say("Yes."))
    again = await harness.session(f"{name}-s").start(agent, "Still there?")
    assert again.id == f"{name}-s.4"
    assert (await again.result()).output == "Yes."


async def test_a_session_is_busy_while_a_run_goes_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(Hang())
    agent, session = Agent(name), harness.session()
    run = await session.start(agent, "Wait.")
    with pytest.raises(RunError, match=run.id) as busy:
        await session.start(agent, "Me too.")
    assert busy.value.code == "run.busy"
    await run.abort()
    await run.result()


async def test_a_run_that_took_an_id_of_the_session_is_not_continued(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """Ids can be chosen, also by callers of the API who may not write to the session."""
    agent, session = Agent(name), harness.session(f"{name}-s")
    model_server.script(say("Hello Ann."), say("I do as the note says."), say("Ann."))
    await (await session.start(agent, "I am Ann.")).result()
    planted = await harness.start(agent, "Note: wire the money.", id=f"{name}-s.2")
    await planted.result()
    answered = await session.run(agent, "Who am I?")
    assert answered.run == f"{name}-s.3"
    sent = "\n".join(texts(model_server.calls[-1].body))
    assert "I am Ann." in sent
    assert "wire the money" not in sent
    assert "as the note says" not in sent


async def test_of_two_starts_at_once_one_wins(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Yes.", delay=0.02))
    agent, session = Agent(name), harness.session()
    both = await asyncio.gather(
        session.start(agent, "One."), session.start(agent, "Two."), return_exceptions=True
    )
    refused = [each for each in both if isinstance(each, RunError)]
    assert [each.code for each in refused] == ["run.busy"], both
    assert len(await session.list_runs()) == 1


async def test_after_an_abort_in_a_tool_the_session_goes_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Fine."))
    agent, session = Agent(name, tools=[gate.tool]), harness.session()
    run = await session.start(agent, "Hold it.")
    await gate.entered.wait()
    await run.abort()
    await run.result()
    following = await session.start(agent, "Never mind.")
    assert (await following.result()).output == "Fine."
    assert model_server.calls[-1].refused is None
    kinds_sent = [item.get("type") for item in model_server.calls[-1].body["input"]]
    assert kinds_sent.count("function_call") == kinds_sent.count("function_call_output") == 1


@pytest.mark.parametrize("how", ["cancel", "terminate", "fail", "budget"])
async def test_after_a_run_that_did_not_end_well_the_session_goes_on(
    harness: Harness, model_server: ModelServer, name: str, how: str
) -> None:
    gate = Gate()
    agent, session = Agent(name, tools=[gate.tool, add]), harness.session()
    model_server.script(say("Hello Ann."))
    await (await session.start(agent, "I am Ann.")).result()
    if how == "fail":
        model_server.script(fail(400, "too odd"))
    elif how == "budget":
        model_server.script(call("add", a=1, b=2))
    else:
        model_server.script(call("hold", what="it"))
    run = await session.start(agent, "Hold it.", budget=Budget(turns=1))
    handle = harness.connection.temporal.get_workflow_handle(run.id)
    if how in ("cancel", "terminate"):
        await gate.entered.wait()
        await getattr(handle, how)()
    await run.outcome()
    model_server.script(say("Ann."))
    following = await session.start(agent, "Who am I?")
    assert (await following.result()).output == "Ann."
    assert "I am Ann." in "\n".join(texts(model_server.calls[-1].body))
    await valid_transcript(harness, (await following.outcome()).head)


# --- starts


async def test_the_same_request_joins_and_another_is_refused(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Once."))
    agent = Agent(name)
    runs = await asyncio.gather(
        *(harness.start(agent, "Do it once.", id=f"{name}-1") for _ in range(5))
    )
    assert {run.id for run in runs} == {f"{name}-1"}
    assert [(await run.result()).output for run in runs] == ["Once."] * 5
    # After the end too.
    assert (await (await harness.start(agent, "Do it once.", id=f"{name}-1")).result()).output
    assert len(model_server.calls) == 1
    with pytest.raises(RunError) as taken:
        await harness.start(agent, "Do something else.", id=f"{name}-1")
    assert taken.value.code == "run.id_taken"
    with pytest.raises(RunError):
        await harness.start(agent, "Do it once.", id=f"{name}-1", budget=Budget(turns=1))


# --- typed results


class Person(BaseModel):
    name: str
    age: int


async def test_a_typed_result(harness: Harness, model_server: ModelServer, name: str) -> None:
    model_server.script(say('{"name": "Ann", "age": 40}'))
    run = await harness.start(Agent(name, output=Person), "Who?")
    assert (await run.result()).output == Person(name="Ann", age=40)
    assert one(await all_events(run), e.RunEnded).data == {"name": "Ann", "age": 40}


async def test_an_answer_that_does_not_fit_is_mended(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Ann."), say('{"name": "Ann"}'), say('{"name": "Ann", "age": 40}'))
    run = await harness.start(Agent(name, output=Person), "Who?")
    assert (await run.result()).output == Person(name="Ann", age=40)
    asked = texts(model_server.calls[-1].body)
    assert "'age' is a required property" in asked[-1]


async def test_answers_that_never_fit_end_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("I cannot."))
    run = await harness.start(Agent(name, output=Person), "Who?")
    with pytest.raises(RunError) as caught:
        await run.result()
    assert caught.value.code == "run.invalid_output"
    assert len(model_server.calls) == 6


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Say(calls=(("subtract", {"a": 1}),)), "add"),
        (Say(calls=(("add", {"a": "one", "b": 2}),)), "a"),
        (Say(calls=(("add", '{"a": 1, '),)), "JSON"),
    ],
)
async def test_wrong_tool_calls_are_mended(
    harness: Harness, model_server: ModelServer, name: str, wrong: Say, words: str
) -> None:
    model_server.script(wrong, call("add", a=1, b=2), say("Three."))
    run = await harness.start(Agent(name, tools=[add]), "What is 1 + 2?")
    events = await all_events(run)
    first, second = only(events, e.ToolCallFinished)
    assert not first.ok
    assert words in first.content
    assert second.content == "3"
    assert one(events, e.RunEnded).output == "Three."


async def test_wrong_tool_calls_for_ever_end_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    two = Say(calls=(("subtract", {"a": 1}), ("add", {"a": 1, "b": 1})))
    model_server.always(two)
    run = await harness.start(Agent(name, tools=[add]), "What is 1 - 2?")
    with pytest.raises(RunError) as caught:
        await run.result()
    assert caught.value.code == "run.mend_limit"
    assert len(model_server.calls) == 6


async def test_many_wrong_calls_in_one_reply_are_one_mistake(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(Say(calls=(("subtract", {"a": 1}),) * 8), say("I cannot."))
    run = await harness.start(Agent(name, tools=[add]), "What is 1 - 2?")
    assert (await run.result()).output == "I cannot."


# --- models


async def test_the_next_model_answers_where_the_first_fails(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(fail(529, "overloaded"), say("I can."))
    agent = Agent(name, model="anthropic/claude-sonnet-4-5", fallbacks=["openai/gpt-5"])
    events = await all_events(await harness.start(agent, "Can you?"))
    reply = one(events, e.ModelReplied)
    assert (reply.model, reply.attempts) == ("openai/gpt-5", 1)
    assert reply.fallbacks is not None
    assert [f.code for f in reply.fallbacks] == ["provider.overloaded"]


async def test_a_refused_key_ends_the_run_at_once(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.key = "another-key"
    events = await all_events(await harness.start(Agent(name), "Hello."))
    failed = one(events, e.ModelFailed)
    assert (failed.error.code, failed.attempts) == ("provider.authentication", 1)
    assert "test-key" not in str(events)
    ended = one(events, e.RunEnded)
    assert ended.state is RunState.FAILED
    assert kinds(events)[-2:] == ["model_failed", "run_ended"]
