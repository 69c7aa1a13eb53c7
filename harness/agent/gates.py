"""The gates that an agent declares: async functions whose parameter says where they stand."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, get_type_hints

from harness.contracts.errors import InvalidAgent
from harness.contracts.gate import GatePlace
from harness.interceptors import Decision, Gate, ModelAnswer, ModelCall, ToolAnswer, ToolUse

GateFunction = Callable[[Any], Awaitable[Decision]]
PLACES: dict[type, GatePlace] = {
    ModelCall: "model_call",
    ModelAnswer: "model_reply",
    ToolUse: "tool_call",
    ToolAnswer: "tool_result",
}
"""Where a gate stands, by the type of its parameter."""
MODEL_PLACES: tuple[GatePlace, ...] = ("model_call", "model_reply")


def read_gates(functions: Sequence[GateFunction], agent: str) -> tuple[Gate, ...]:
    """Read what an agent declares; raises InvalidAgent if one is not a gate."""
    gates = tuple(read_gate(each, f"Agent {agent}") for each in functions)
    names = [each.name for each in gates]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidAgent(
            f"Agent {agent}: it has two gates named {min(twice)}.", fix="Rename one of them."
        )
    return gates


def read_gate(function: object, owner: str) -> Gate:
    """Read one gate; `owner` is named if it is not one."""
    name = getattr(function, "__name__", repr(function)[:80])
    if not callable(function) or not inspect.iscoroutinefunction(function):
        raise InvalidAgent(
            f"{owner}: the gate {name} is not an async function.", fix=f"Write: async def {name}."
        )
    parameters = list(inspect.signature(function).parameters)
    try:
        hint = get_type_hints(function).get(parameters[0]) if len(parameters) == 1 else None
    except (NameError, TypeError):
        hint = None
    place = PLACES.get(hint) if isinstance(hint, type) else None
    if place is None:
        listed = ", ".join(each.__name__ for each in PLACES)
        raise InvalidAgent(
            f"{owner}: the gate {name} does not take one parameter of a type that gates check.",
            fix=f"Declare it as one of: {listed}.",
        )
    return Gate(name=name, place=place, check=function)
