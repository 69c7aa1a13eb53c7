"""Output types that are not a single model."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from harness import Agent, Harness
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import say


class Person(BaseModel):
    name: str
    age: int


class Unknown(BaseModel):
    why: str


@pytest.mark.parametrize(
    ("kind", "answer", "data", "value"),
    [
        (Person | Unknown, '{"value": {"why": "dark"}}', {"why": "dark"}, Unknown(why="dark")),
        (int, '{"value": 7}', 7, 7),
        (list[Person], '{"value": []}', [], []),
        (Person | None, '{"value": null}', None, None),
    ],
    ids=["union", "int", "list", "optional"],
)
async def test_output_types_that_are_not_one_model(
    harness: Harness, model_server: ModelServer, name: str,
    kind: Any, answer: str, data: Any, value: Any,
) -> None:  # fmt: skip
    agent: Agent[None, Any] = Agent(name, output=kind)
    model_server.script(say('{"value": {"neither": 1}}'), say(answer))
    run = await harness.start(agent, "Who?")
    outcome = await run.outcome()
    assert outcome.data == data
    assert agent.parse_output(outcome.data) == value
    schema = model_server.calls[0].body["text"]["format"]["schema"]
    assert schema["type"] == "object"
