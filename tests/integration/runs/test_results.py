"""Results as users hold them: typed, with their text, in time or with a clear error."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import harness as public
from harness import Agent, Harness
from harness.contracts.errors import InvalidOutput, InvalidUsage, RunUnfinished
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import Gate
from tests.fakes.steps import call, say
from tests.integration.conftest import Engine


class Person(BaseModel):
    name: str
    age: int


async def test_run_returns_the_typed_value_and_the_text(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say('{"name": "Ann", "age": 40}'))
    result = await harness.run(Agent(name, output=Person), "Who?")
    assert result.output == Person(name="Ann", age=40)
    assert result.output is result.output
    assert (result.text, result.data) == ('{"name": "Ann", "age": 40}', {"name": "Ann", "age": 40})
    assert str(result) == 'completed: {"name": "Ann", "age": 40}'
    untyped: Any = await harness.get_run(result.run).result()
    assert untyped.output == {"name": "Ann", "age": 40}
    assert untyped == result


async def test_without_an_output_type_the_output_is_the_text(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("Ann."))
    result = await harness.run(Agent(name), "Who?")
    assert result.output == result.text == "Ann."
    assert result.usage == result.totals.usage
    assert result.cost is not None and result.cost > 0


async def test_run_stops_waiting_in_time_and_the_run_continues(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."), call("hold", what="it"), say("Yes."))
    agent = Agent(name, tools=[gate.tool])
    with pytest.raises(RunUnfinished) as caught:
        await harness.run(agent, "Hold.", id=name, timeout=0.01)
    assert isinstance(caught.value, TimeoutError)
    assert f"harness.get_run('{name}', agent)" in caught.value.fix
    assert f"harness watch {name}" in caught.value.fix
    gate.left.set()
    assert (await harness.get_run(name).result(timeout=50)).output == "Held."
    session = harness.session()
    assert (await session.run(agent, "Hold.", timeout=50)).output == "Yes."


async def test_waiting_for_a_result_ends_in_time_and_the_run_goes_on(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"), say("Held."))
    run = await harness.start(Agent(name, tools=[gate.tool]), "Hold.")
    await gate.entered.wait()
    for wait in (run.result, run.outcome):
        with pytest.raises(RunUnfinished, match=f"{run.id}' had not ended after 0.01 s") as caught:
            await wait(timeout=0.01)
        assert isinstance(caught.value, TimeoutError)
    gate.left.set()
    assert (await run.result(timeout=50)).output == "Held."


async def test_an_aborted_run_has_text_and_no_typed_value(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="it"))
    run = await harness.start(Agent(name, tools=[gate.tool], output=Person), "Hold.")
    await gate.entered.wait()
    await run.abort("enough")
    gate.left.set()
    result = await run.result()
    assert (result.state, result.reason) == (RunState.ABORTED, "enough")
    assert str(result) == "aborted (enough)"
    with pytest.raises(InvalidOutput, match="is aborted and has no Person"):
        _ = result.output


async def test_a_script_runs_an_agent_and_opens_the_run_again(
    options: dict[str, Any],
    engine: Engine,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "harness.toml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMPORAL_ADDRESS", engine.address)
    monkeypatch.setenv("DATABASE_URL", options["database"]["url"])
    monkeypatch.setenv("HARNESS_SIGNING__KEY", options["signing"]["key"])
    await engine.back()
    agent = Agent(name, model="offline/demo")
    with pytest.raises(InvalidUsage, match="event loop"):
        public.run_sync(agent, "Hello")
    result = await public.run(agent, "Hello", id=f"{name}-a")
    assert result.output
    async with public.get_run(f"{name}-a", agent) as run:
        assert await run.result() == result
    again = await asyncio.to_thread(public.run_sync, agent, "Hello", id=f"{name}-a")
    assert again == result
