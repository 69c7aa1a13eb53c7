"""Functions of an agent that run beside the model: instructions from deps, output validators."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness.agent.context import RunContext
from harness.contracts.errors import InvalidAgent

Deps = TypeVar("Deps")
Output = TypeVar("Output")

Instructions = str | Callable[[RunContext[Deps]], "str | Awaitable[str]"]
"""The system prompt, or a function that writes it from the deps."""
CheckInContext = Callable[[RunContext[Deps], Output], "Output | Awaitable[Output]"]
Check = Callable[[Output], "Output | Awaitable[Output]"]


class ModelRetry(Exception):
    """Raised by an output validator to make the model answer again; the text says why."""


@dataclass(frozen=True)
class Validator(Generic[Deps, Output]):
    """An output validator, and whether it takes the context before the value."""

    fn: CheckInContext[Deps, Output] | Check[Output]
    in_context: bool

    def build_arguments(self, context: RunContext[Any], value: Any) -> tuple[Any, ...]:
        return (context, value) if self.in_context else (value,)


def read_validator(fn: Callable[..., Any], agent: str) -> Validator[Any, Any]:
    """Read a validator's signature; InvalidAgent if it is not (output) or (ctx, output)."""
    count = _count_parameters(fn)
    if count not in (1, 2):
        name = getattr(fn, "__name__", repr(fn))
        raise InvalidAgent(
            f"Agent {agent}: the output validator {name} must take 1 or 2 parameters, not {count}.",
            fix="Use (output) or (ctx, output).",
        )
    return Validator(fn, in_context=count == 2)


def check_instructions(fn: Callable[..., Any], agent: str) -> None:
    """Raise InvalidAgent unless the function takes the context alone."""
    if _count_parameters(fn) != 1:
        name = getattr(fn, "__name__", repr(fn))
        raise InvalidAgent(
            f"Agent {agent}: the instructions function {name} must take exactly one parameter.",
            fix="Use (ctx), a RunContext.",
        )


def _count_parameters(fn: Callable[..., Any]) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(each.kind in kinds for each in parameters)
