"""Instructions from deps, and output validators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from harness import Agent, Harness, ModelRetry, RunContext
from harness.config.settings import settings_model
from harness.contracts.errors import (
    AgentFunctionFailed,
    InvalidOutput,
    ToolFailed,
    ToolUnavailable,
)
from harness.contracts.run import RunState
from harness.history.recording import record_run
from harness.replay.check import check
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate, look
from tests.fakes.steps import call, say


@dataclass
class Shop:
    city: str
    asked: list[str] = field(default_factory=list[str])

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Shop]:
        yield cls("Oslo")


async def tell_city(ctx: RunContext[Shop]) -> str:
    ctx.deps.asked.append(ctx.run)
    return f"You serve a shop in {ctx.deps.city}."


def told(server: ModelServer) -> list[str]:
    return [each.body["instructions"] for each in server.calls]


class Person(BaseModel):
    name: str
    age: int


class Even(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def is_even(cls, number: int) -> int:
        if number % 2:
            raise ValueError("not even")
        return number


# --- instructions


async def test_instructions_are_written_once_from_the_deps(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    shop = Shop("Bergen")
    agent = Agent(name, instructions=tell_city, tools=[look], deps=shop)
    model_server.script(call("look", place="north"), say("Nothing."))
    run = await harness.start(agent, "Look.")
    assert (await run.outcome()).output == "Nothing."
    assert told(model_server) == ["You serve a shop in Bergen."] * 2
    assert "Bergen" not in str([each.body["input"] for each in model_server.calls])
    assert shop.asked == [run.id]
    await check(await record_run(harness.connection, run.id, at=0))


async def test_deps_may_be_opened_for_a_plain_function(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    def tell(ctx: RunContext[Shop]) -> str:
        return f"""
            City: {ctx.deps.city}
        """

    model_server.script(say("Hello."))
    run = await harness.start(Agent(name, instructions=tell, deps=Shop.open), "Hello.")
    await run.outcome()
    assert told(model_server) == ["City: Oslo"]


async def test_instructions_outlive_the_worker(
    options: dict[str, Any], tmp_path: Path, model_server: ModelServer, name: str
) -> None:
    settings = settings_model().model_validate(options)
    before, after, gate = Shop("Oslo"), Shop("Bergen"), Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        agent = Agent(name, instructions=tell_city, tools=[gate.tool], deps=before)
        run = await harness.start(agent, "Hold it.")
        await gate.entered.wait()
    gate.left.set()
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        agent = Agent(name, instructions=tell_city, tools=[gate.tool], deps=after)
        await harness.serve(agent)
        assert (await harness.get_run(run.id).outcome()).output == "Held."
    assert told(model_server) == ["You serve a shop in Oslo."] * 2
    assert after.asked == []


async def test_a_fork_keeps_the_instructions_or_replaces_them(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    shop = Shop("Oslo")
    agent = Agent(name, instructions=tell_city, tools=[look], deps=shop)
    model_server.script(call("look", place="north"), say("Nothing."), *[say("Again.")] * 3)
    run = await harness.start(agent, "Look.")
    await run.outcome()
    shop.city = "Bergen"
    for at in (0, 1):
        await (await run.fork(at)).outcome()
    assert set(told(model_server)) == {"You serve a shop in Oslo."}
    await (await run.fork(1, instructions="Be brief.")).outcome()
    assert told(model_server)[-1] == "Be brief."
    assert shop.asked == [run.id]


async def test_each_run_of_a_session_has_its_own_instructions(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    shop = Shop("Oslo")
    moving = Agent(name, instructions=tell_city, deps=shop)
    fixed = Agent(f"{name}-fixed", instructions="Be brief.")
    model_server.script(*[say("Yes.")] * 3)
    session = harness.session()
    await (await session.start(moving, "One.")).outcome()
    await (await session.start(fixed, "Two.")).outcome()
    shop.city = "Bergen"
    await (await session.start(moving, "Three.")).outcome()
    assert told(model_server) == [
        "You serve a shop in Oslo.", "Be brief.", "You serve a shop in Bergen.",
    ]  # fmt: skip


async def test_a_run_is_aborted_while_its_instructions_are_written(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    entered, left = asyncio.Event(), asyncio.Event()

    async def wait(ctx: RunContext[None]) -> str:
        entered.set()
        await left.wait()
        return "Too late."

    run = await harness.start(Agent(name, instructions=wait), "Hello.")
    await entered.wait()
    await run.abort("enough")
    outcome = await run.outcome()
    assert (outcome.state, outcome.reason) == (RunState.ABORTED, "enough")
    assert model_server.calls == []
    await check(await record_run(harness.connection, run.id, at=0))


async def test_instructions_that_cannot_be_written_fail_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    def refuse(ctx: RunContext[None]) -> str:
        raise ToolFailed("The shop is closed.")

    run = await harness.start(Agent(name, instructions=refuse), "Hello.")
    with pytest.raises(ToolFailed, match=r"The shop is closed\."):
        await run.result()
    assert model_server.calls == []


async def test_a_bug_in_the_instructions_function_fails_the_run_at_once(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    tries: list[str] = []

    def write_prices(ctx: RunContext[None]) -> str:
        tries.append(ctx.run)
        raise KeyError("prices")

    run = await harness.start(Agent(name, instructions=write_prices), "Hello.")
    with pytest.raises(
        AgentFunctionFailed,
        match=rf"function write_prices of agent {name} failed: KeyError: 'prices'",
    ):
        await run.result()
    assert tries == [run.id]
    assert model_server.calls == []
    await check(await record_run(harness.connection, run.id, at=0))


async def test_an_instructions_function_may_ask_for_a_retry(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    tries: list[str] = []

    def write(ctx: RunContext[None]) -> str:
        tries.append(ctx.run)
        if len(tries) == 1:
            raise ToolUnavailable("The shop is busy.")
        return "Be brief."

    model_server.script(say("Hello."))
    run = await harness.start(Agent(name, instructions=write), "Hello.")
    assert (await run.result()).output == "Hello."
    assert (len(tries), told(model_server)) == (2, ["Be brief."])


async def test_instructions_must_be_a_text(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, instructions=lambda ctx: 7)  # type: ignore[arg-type, return-value]
    run = await harness.start(agent, "Hello.")
    with pytest.raises(AgentFunctionFailed, match="returned int, not str"):
        await run.result()


# --- output validators


async def test_a_validator_has_the_model_answer_again(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, output=Person, deps=Shop("Oslo"))

    @agent.output_validator
    async def is_grown_up(ctx: RunContext[Shop], person: Person) -> Person:
        if person.age < 18:
            raise ModelRetry(f"{person.name} of {ctx.deps.city} is too young.")
        return person

    model_server.script(say('{"name": "Bo", "age": 4}'), say('{"name": "Ann", "age": 40}'))
    run = await harness.start(agent, "Who?")
    assert (await run.outcome()).data == {"name": "Ann", "age": 40}
    assert "Bo of Oslo is too young." in str(model_server.calls[-1].body["input"][-1])
    await check(await record_run(harness.connection, run.id, at=0))


async def test_validators_change_the_output_one_after_the_other(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, output=Person)

    @agent.output_validator
    def older(person: Person) -> Person:
        return person.model_copy(update={"age": person.age + 1})

    @agent.output_validator
    def louder(person: Person) -> Person:
        return person.model_copy(update={"name": person.name.upper() + str(person.age)})

    model_server.script(say('{"name": "Ann", "age": 40}'))
    run = await harness.start(agent, "Who?")
    assert (await run.outcome()).data == {"name": "ANN41", "age": 41}


async def test_a_validator_of_text(harness: Harness, model_server: ModelServer, name: str) -> None:
    agent = Agent(name, tools=[look])

    @agent.output_validator
    def is_polite(text: str) -> str:
        if "please" not in text:
            raise ModelRetry("Say please.")
        return text.strip()

    model_server.script(call("look", place="a"), say("Go."), say(" Go, please. "))
    run = await harness.start(agent, "Where?")
    assert (await run.outcome()).output == "Go, please."


async def test_answers_that_never_pass_end_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)

    @agent.output_validator
    def never(text: str) -> str:
        raise ModelRetry("No.")

    model_server.always(say("Yes."))
    run = await harness.start(agent, "Yes?")
    with pytest.raises(InvalidOutput):
        await run.result()
    assert len(model_server.calls) == 6


async def test_a_run_is_cancelled_while_its_output_is_checked(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent, entered, left = Agent(name), asyncio.Event(), asyncio.Event()

    @agent.output_validator
    async def wait(text: str) -> str:
        entered.set()
        await left.wait()
        return text

    model_server.script(say("Yes."))
    run = await harness.start(agent, "Yes?")
    await entered.wait()
    await harness.connection.temporal.get_workflow_handle(run.id).cancel()
    outcome = await run.outcome()
    assert (outcome.state, outcome.output) == (RunState.ABORTED, "Yes.")
    await check(await record_run(harness.connection, run.id, at=0))


async def test_a_validator_that_fails_ends_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name)
    tries: list[str] = []

    @agent.output_validator
    def broken(text: str) -> str:
        tries.append(text)
        raise KeyError("prices")

    model_server.script(say("Yes."))
    run = await harness.start(agent, "Yes?")
    with pytest.raises(AgentFunctionFailed, match=r"validator broken failed: KeyError: 'prices'"):
        await run.result()
    assert tries == ["Yes."]
    assert len(model_server.calls) == 1


async def test_a_validator_must_return_the_output(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, output=Person)

    @agent.output_validator  # type: ignore[arg-type]
    def wrong(person: Person) -> str:
        return person.name

    model_server.script(say('{"name": "Ann", "age": 40}'))
    run = await harness.start(agent, "Who?")
    with pytest.raises(InvalidOutput, match="'Ann' does not fit Person"):
        await run.result()
    assert len(model_server.calls) == 1


async def test_what_pydantic_alone_can_check_is_mended_too(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    """A JSON schema says nothing of functions; the worker has them."""
    agent = Agent(name, output=Even)
    agent.output_validator(lambda even: even)
    model_server.script(say('{"number": 3}'), say('{"number": 4}'))
    run = await harness.start(agent, "Which?")
    assert (await run.outcome()).data == {"number": 4}
    assert "number: Value error, not even" in str(model_server.calls[-1].body["input"][-1])


async def test_a_whatif_runs_no_validator(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent, seen = Agent(name, tools=[look]), list[str]()

    @agent.output_validator
    def note(text: str) -> str:
        seen.append(text)
        return text

    model_server.script(call("look", place="a"), say("Real."), say("If."))
    run = await harness.start(agent, "Look.")
    await run.outcome()
    report = await run.whatif(1, n=1)
    assert report.sources[0].error is None
    assert seen == ["Real."]
