"""Errors for invalid arguments let a model correct them."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, field_validator

from harness.agent import tool
from harness.contracts.errors import ToolError, ToolFailed
from harness_activities.tool_call import arguments
from harness_activities.tool_call.arguments import CheckedTool, unknown_tool_error


class Item(BaseModel):
    price: float
    count: int = 1

    @field_validator("price")
    @classmethod
    def positive(cls, price: float) -> float:
        if price <= 0:
            raise ValueError("a price is above 0")
        return price


@tool
def order(items: list[Item], speed: Literal["fast", "slow"] = "slow", note: str = "") -> None:
    "Order something."


@tool
def nested(value: Any) -> None:
    "Take anything."


CHECKED = CheckedTool(order)


async def words(arguments: Any) -> str:
    with pytest.raises(ToolError) as caught:
        await CHECKED.convert_arguments(arguments)
    assert caught.value.code == "tool.invalid_arguments"
    assert "The arguments of order do not fit" in caught.value.message
    return caught.value.message


async def test_what_fits_arrives_typed() -> None:
    typed = await CHECKED.convert_arguments({"items": [{"price": 2}], "speed": "fast"})
    assert typed == {"items": [Item(price=2)], "speed": "fast", "note": ""}


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({}, ["the object: 'items' is a required property"]),
        ({"items": "x"}, ['items: "x" is wrong, expected', '"array"']),
        (
            {"items": [{"price": 1}, {"price": "much"}]},
            ['items[1].price: "much" is wrong', '"number"'],
        ),
        ({"items": [], "speed": "warp"}, ['speed: "warp" is wrong', '["fast", "slow"]']),
        ({"items": [], "sped": "fast"}, ['unknown "sped"; did you mean speed?']),
        ({"items": [], "zzz": 1}, ['unknown "zzz"; known are: items, speed, note']),
        ({"items": [{"price": -1}]}, ["items[0].price: -1 is wrong", "a price is above 0"]),
        ({"items": None}, ["items: null is wrong"]),
        ("{items: []", ['"{items: []" is not a JSON object', '"items"']),
    ],
)
async def test_what_does_not_fit_is_named(arguments: Any, parts: list[str]) -> None:
    message = await words(arguments)
    for part in parts:
        assert part in message


async def test_several_problems_are_reported_together() -> None:
    message = await words({"items": "x", "speed": 1, "colour": 2})
    assert message.count("\n- ") == 3


async def test_large_and_deep_arguments_make_short_errors() -> None:
    assert len(await words({"items": "x" * 1_000_000})) < 1_000
    assert len(await words({"items": [{"price": "x"}] * 1_000})) < 2_000
    assert len(await words("x" * 1_000_000)) < 1_000


class Tree(BaseModel):
    children: list[Tree] = []


@tool
def grow(tree: Tree) -> None:
    "Grow."


async def test_nesting_has_an_end() -> None:
    tree: dict[str, Any] = {}
    for _ in range(1_000):
        tree = {"children": [tree]}
    with pytest.raises(ToolError, match="nested too deeply"):
        await CheckedTool(grow).convert_arguments({"tree": tree})


async def test_a_crash_of_the_check_is_not_blamed_on_the_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def crash(*_: Any) -> bytes:
        raise ToolFailed("It ended the process that worked on it.")

    monkeypatch.setattr(arguments, "run_in_child", crash)
    checked = CheckedTool(nested)
    with pytest.raises(ToolError) as caught:
        await checked.convert_arguments({"value": "x" * 1_000_000})
    assert caught.value.code == "tool.failed"


async def test_null_stands_for_a_parameter_that_was_left_out() -> None:
    typed = await CHECKED.convert_arguments({"items": [], "speed": None, "note": None})
    assert typed == {"items": [], "speed": "slow", "note": ""}


async def test_null_is_kept_where_it_is_a_value() -> None:
    assert await CheckedTool(nested).convert_arguments({"value": None}) == {"value": None}


def test_an_unknown_tool_is_answered_with_the_nearest() -> None:
    error = unknown_tool_error("raed_file", ["read_file", "write_file", "now"])
    assert error.code == "tool.unknown"
    assert error.message == (
        'There is no tool called "raed_file". Did you mean read_file or write_file? '
        "There are: now, read_file, write_file."
    )
    assert "There are no tools." in unknown_tool_error("x" * 10_000, []).message
    assert len(unknown_tool_error("x" * 10_000, []).message) < 200
