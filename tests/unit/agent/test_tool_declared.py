"""From signature and docstring to what the model is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from harness.agent import ToolContext, idempotency_key, tool
from harness.contracts.errors import ConfigError


class Colour(Enum):
    RED = "red"


class Point(BaseModel):
    x: int
    y: int = 0


@dataclass
class Box:
    corner: Point


def schema(fn: Callable[..., Any]) -> dict[str, Any]:
    return tool(fn).spec.parameters


def test_hints_become_the_schema() -> None:
    def fn(
        a: int,
        b: str = "x",
        c: list[float] | None = None,
        d: Literal["u", "v"] = "u",
        e: Colour = Colour.RED,
        f: Annotated[int, Field(ge=1, description="From one.")] = 3,
    ) -> None:
        "Doc."

    made = schema(fn)
    assert made["type"] == "object"
    assert made["additionalProperties"] is False
    assert made["required"] == ["a"]
    assert made["properties"]["a"] == {"type": "integer"}
    assert made["properties"]["b"] == {"type": "string", "default": "x"}
    assert made["properties"]["c"]["default"] is None
    assert made["properties"]["d"]["enum"] == ["u", "v"]
    assert made["properties"]["f"] == {
        "type": "integer", "minimum": 1, "description": "From one.", "default": 3,
    }  # fmt: skip


def test_a_tool_without_parameters_takes_an_empty_object() -> None:
    def fn() -> None:
        "Doc."

    assert schema(fn) == {"additionalProperties": False, "properties": {}, "type": "object"}


def test_the_context_is_never_in_the_schema() -> None:
    def fn(a: int, ctx: ToolContext[str], b: int = 1) -> None:
        "Doc."

    made = tool(fn)
    assert list(made.spec.parameters["properties"]) == ["a", "b"]
    assert made.signature.context == "ctx"


def test_names_that_models_of_pydantic_use_themselves_are_fine() -> None:
    def fn(model_config: int, json: str, self_: int, copy: bool, _hidden: int = 1) -> None:
        "Doc."

    made = tool(fn)
    assert list(made.spec.parameters["properties"]) == [
        "model_config", "json", "self_", "copy", "_hidden",
    ]  # fmt: skip
    typed = made.signature.convert_arguments(
        {"model_config": 1, "json": "j", "self_": 2, "copy": True}
    )
    assert typed == {"model_config": 1, "json": "j", "self_": 2, "copy": True, "_hidden": 1}


def test_arguments_arrive_as_the_types_of_the_function() -> None:
    def fn(p: Point, b: Box, d: date, c: Colour, path: Path, many: list[Point]) -> None:
        "Doc."

    typed = tool(fn).signature.convert_arguments(
        {
            "p": {"x": 1},
            "b": {"corner": {"x": 2}},
            "d": "2024-02-29",
            "c": "red",
            "path": "a/b",
            "many": [{"x": 3}],
        }
    )
    assert typed == {
        "p": Point(x=1),
        "b": Box(Point(x=2)),
        "d": date(2024, 2, 29),
        "c": Colour.RED,
        "path": Path("a/b"),
        "many": [Point(x=3)],
    }


def test_a_field_as_default_counts_as_one() -> None:
    def fn(n: int = Field(default=3, ge=1, description="How many.")) -> None:
        "Doc."

    made = tool(fn)
    assert made.spec.parameters["properties"]["n"] == {
        "type": "integer", "minimum": 1, "default": 3, "description": "How many.",
    }  # fmt: skip
    assert made.signature.convert_arguments({}) == {"n": 3}


def test_a_default_may_be_made_by_a_function() -> None:
    def fn(
        a: list[int] = Field(default_factory=list),  # noqa: B008
        b: Annotated[list[int], Field(default_factory=list)] = Field(),  # noqa: B008
    ) -> None:
        "Doc."

    made = tool(fn)
    assert "required" not in made.spec.parameters
    assert made.signature.convert_arguments({}) == {"a": [], "b": []}


def test_mutable_defaults_are_not_shared() -> None:
    def fn(values: list[int] = []) -> None:  # noqa: B006
        "Doc."

    made = tool(fn)
    made.signature.convert_arguments({})["values"].append(1)
    assert made.signature.convert_arguments({}) == {"values": []}


def test_the_docstring_describes_tool_and_parameters() -> None:
    def fn(a: int, b: Annotated[int, Field(description="Own words.")], c: str = "") -> None:
        """Do it.

        Carefully: twice.

        Args:
            a (int): The first,
                over two lines.
            b: Not used, it has words of its own.
            c: Has: a colon.

        Returns:
            Nothing.
        """

    made = tool(fn).spec
    assert made.description == "Do it.\n\nCarefully: twice.\n\nReturns:\n    Nothing."
    described = {name: each.get("description") for name, each in _properties(made).items()}
    assert described == {
        "a": "The first, over two lines.", "b": "Own words.", "c": "Has: a colon.",
    }  # fmt: skip


def test_text_after_the_arguments_is_kept() -> None:
    def fn(a: int) -> None:
        """Do it.

        Args:
            a: One.
        And mind the gap.
        """

    assert tool(fn).spec.description == "Do it.\n\nAnd mind the gap."


def test_methods_partials_of_async_and_callable_objects_can_be_tools() -> None:
    class Bank:
        def __init__(self, money: int) -> None:
            self.money = money

        def balance(self, account: str) -> int:
            "Tell the balance."
            return self.money

        def __call__(self, account: str) -> int:
            return self.money

    bank = Bank(5)
    made = tool(bank.balance)
    assert made.name == "balance"
    assert list(_properties(made.spec)) == ["account"]
    assert made("x") == 5
    with pytest.raises(ConfigError, match="self has no type hint"):
        tool(Bank.balance)


def test_a_callable_object_needs_a_name() -> None:
    class Bank:
        """A bank."""

        def __call__(self, account: str) -> int:
            return 7

    made = tool(name="bank", effect="read")(Bank())
    assert (made.name, made.spec.description, made("x")) == ("bank", "A bank.", 7)
    with pytest.raises(ConfigError, match="providers do not accept this name"):
        tool(Bank())


def test_types_without_a_json_form_are_refused() -> None:
    def takes_function(fn: Callable[[], int]) -> None:
        "Doc."

    class Opaque: ...

    def takes_object(thing: Opaque) -> None:
        "Doc."

    takes_object.__annotations__["thing"] = Opaque
    for fn in (takes_function, takes_object):
        with pytest.raises(ConfigError, match="type has no JSON form"):
            tool(fn)


def test_a_write_is_what_a_tool_does_unless_it_says_otherwise() -> None:
    def fn() -> None:
        "Doc."

    made = tool(fn)
    assert made.policy.effect == "write"
    assert (made.approval, made.on_unknown) == ("never", "ask")


ARGUMENTS = {"b": [1, {"y": None, "x": "ü"}], "a": 1}


def test_the_key_is_the_same_for_the_same_call() -> None:
    key = idempotency_key("run", 3, "pay", ARGUMENTS)
    assert key == idempotency_key("run", 3, "pay", dict(reversed(ARGUMENTS.items())), 1)
    assert key == "BNI8wz1BRbZQAHSoYbgffTUtmCAwdF2k"  # it must never change between versions


@pytest.mark.parametrize(
    "other",
    [
        ("fork", 3, "pay", ARGUMENTS, 1),
        ("run", 4, "pay", ARGUMENTS, 1),
        ("run", 3, "send", ARGUMENTS, 1),
        ("run", 3, "pay", {**ARGUMENTS, "a": 2}, 1),
        ("run", 3, "pay", {**ARGUMENTS, "a": "1"}, 1),
        ("run", 3, "pay", ARGUMENTS, 2),
    ],
)
def test_the_key_is_another_for_another_call(other: Any) -> None:
    assert idempotency_key(*other) != idempotency_key("run", 3, "pay", ARGUMENTS)


def _properties(spec: Any) -> dict[str, Any]:
    return spec.parameters["properties"]
