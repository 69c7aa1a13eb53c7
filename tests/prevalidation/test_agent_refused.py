"""A wrong declaration is refused where it is made, with a fix."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from harness.agent import Agent, ToolContext, tool
from harness.contracts.errors import ConfigError
from harness.contracts.model import Candidate, ModelParams, ModelPlan


@tool(effect="read", inline=True)
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b


other_add = tool(effect="read", name="add")(add.fn)


class Point(BaseModel):
    x: int


class Calls(BaseModel):
    """Has no JSON form."""

    back: Callable[[], int]


@tool(on_unknown="probe")
def unprobed() -> None:
    "Declares no probe."


@tool(on_unknown="ask")
def asks() -> None:
    "Asks, whatever a probe would find."


PLAN = ModelPlan(candidates=(Candidate(model="openai/gpt-5"),))


def plain(a: int) -> int:
    "Not decorated."
    return a


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Agent(""), "cannot name a task queue"),
        (lambda: Agent(7), "name=7 is not a str"),  # type: ignore[call-overload]
        (lambda: Agent("a b"), "'a b' cannot name"),
        (lambda: Agent("-a"), "'-a' cannot name"),
        (lambda: Agent("x" * 65), "cannot name"),
        (lambda: Agent("a", model="gpt-5"), "'gpt-5' is not of the form provider/model"),
        (lambda: Agent("a", model="openai/m", fallbacks=["m"]), "model 'm' is not of the form"),
        (lambda: Agent("a", fallbacks=["openai/m"]), "fallbacks but no model"),
        (lambda: Agent("a", model=PLAN, params=ModelParams()), "has a model plan as well as"),
        (lambda: Agent("a", tools=[plain]), "plain is not a tool"),  # type: ignore[list-item]
        (lambda: Agent("a", tools=[add, other_add]), "two tools named add"),
        (lambda: Agent("a", tools=[unprobed]), "unprobed has on_unknown='probe' but no"),
        (lambda: asks.probe(lambda ctx, arguments: None), "on_unknown='ask' does not use it"),
        (lambda: add.undo(lambda ctx, receipt: None), "has undo, but its effect is 'read'"),
        (lambda: unprobed.undo(lambda: None), "its undo function must take two"),  # type: ignore[arg-type]
        (lambda: Agent("a", output=Calls), "output type has no JSON form"),
        (lambda: Agent("a", output=Point(x=1)), "is not a type"),  # type: ignore[arg-type]
        (lambda: Agent("a", output=[int, str]), "is not a type"),  # type: ignore[arg-type]
        (lambda: Agent("a", instructions=lambda: "Hi."), "the instructions function"),
        (lambda: Agent("a").output_validator(lambda: 1), "the output validator"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_agent(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert words in caught.value.message
    assert caught.value.code == "config.bad_agent"
    assert caught.value.fix


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"instructions": None}, "instructions=None is not a str or a function"),
        ({"instructions": 7}, "instructions=7 is not a str"),
        ({"model": 7}, "model=7 is not a str or ModelPlan"),
        ({"budget": 7}, "budget=7 is not a Budget"),
        ({"tools": add}, "tools=add is not a list"),
        ({"tools": plain}, "tools=plain is not a list"),
        ({"tools": None}, "tools=None is not a list"),
        ({"tools": "add"}, "tools='add' is not a list"),
        ({"model": "openai/m", "fallbacks": "openai/n"}, "fallbacks='openai/n' is not a list"),
        ({"params": {}}, "params={} is not a ModelParams"),
        ({"context": "all"}, "context='all' is not a ContextPolicy"),
        ({"parallel": "maybe"}, "parallel='maybe' is not a bool"),
        ({"undo_on_failure": None}, "undo_on_failure=None is not a bool"),
    ],
)
def test_wrong_types(options: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Agent("a", **options)
    assert words in caught.value.message
    assert caught.value.fix


def no_docstring(a: int) -> int:
    return a


def no_hint(a) -> None:  # type: ignore[no-untyped-def]
    "Doc."


def many(*values: int) -> None:
    "Doc."


def named(**values: int) -> None:
    "Doc."


def positional(a: int, /) -> None:
    "Doc."


def no_json(a: Callable[[], int]) -> None:
    "Doc."


def unreadable(a: Missing) -> None:  # type: ignore[name-defined]  # noqa: F821
    "Doc."


def two_contexts(a: ToolContext[None], b: ToolContext[Any]) -> None:
    "Doc."


def generator() -> Iterator[int]:
    "Doc."
    yield 1


async def async_generator() -> AsyncIterator[int]:
    "Doc."
    yield 1


@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (no_docstring, "no_docstring: has no docstring"),
        (no_hint, "parameter a has no type hint"),
        (many, "takes *values"),
        (named, "takes **values"),
        (positional, "parameter a is positional-only"),
        (unreadable, "'Missing' is not defined"),
        (two_contexts, "two ToolContext parameters"),
        (generator, "is a generator"),
        (async_generator, "is a generator"),
        (add, "is a tool already"),
        (dict, "is not a function"),
    ],
)
def test_a_wrong_function(fn: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tool(fn)
    assert words in caught.value.message
    assert caught.value.fix


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inline": True}, "is inline with effect 'write'"),
        ({"inline": True, "effect": "irreversible"}, "inline with effect 'irreversible'"),
        ({"inline": True, "effect": "read", "workspace": True}, "inline and works on a workspace"),
        ({"inline": True, "effect": "read", "timeout": 2}, "inline with a timeout over 1 s"),
        ({"timeout": 0}, "timeout is 0"),
        ({"timeout": -1.0}, "timeout is -1.0"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"timeout": float("inf")}, "timeout is inf"),
        ({"timeout": "5"}, "timeout is '5'"),
        ({"attempts": 1.5}, "attempts is 1.5"),
        ({"attempts": True}, "attempts is True"),
        ({"effect": "maybe"}, "effect is 'maybe'"),
        ({"effect": ["write"]}, "effect is ['write']"),
        ({"on_unknown": "maybe"}, "on_unknown is 'maybe'"),
        ({"inline": "no"}, "inline is 'no'"),
        ({"workspace": 1}, "workspace is 1"),
        ({"attempts": 0}, "attempts is 0"),
        ({"name": "my tool"}, "'my tool': providers do not accept"),
        ({"name": "x" * 65}, "providers do not accept"),
        ({"approval": "sometimes"}, "approval='sometimes' is not a policy"),
    ],
)
def test_wrong_options(options: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tool(**options)(plain)
    assert words in caught.value.message
