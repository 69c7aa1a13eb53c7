"""What a tool declares beside its function: how to undo it, and how to tell whether it happened."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from harness.agent.context import ToolContext
from harness.contracts.errors import UndoUnavailable

Undo = Callable[[ToolContext[Any], Any], "str | Awaitable[str | None] | None"]
"""Takes an effect back by its receipt; what it returns is shown to who asked for it."""


@dataclass(frozen=True)
class Happened:
    """What a probe returns when the call whose worker died has happened after all."""

    result: Any
    """What the tool would have returned."""
    receipt: Any = None


Probe = Callable[
    [ToolContext[Any], Mapping[str, Any]], "Happened | Awaitable[Happened | None] | None"
]
"""Looks whether a call with these arguments has happened. None: it has not."""
Prepare = Callable[[ToolContext[Any], Mapping[str, Any]], Any]
"""Looks at the world before a call changes it. What it returns is kept in the ledger before the
call acts, so that it is known even if the worker dies in the middle; `ctx.prepared` hands it to
the call, the first one's to each attempt, and it is the receipt unless the call gives another."""


Obstacle = Callable[[Any], "str | None"]
"""Reads in a receipt why that call cannot be undone. None: nothing there says so."""


@dataclass
class Hooks:
    """Filled in by the decorators of a tool."""

    undo: Undo | None = None
    probe: Probe | None = None
    prepare: Prepare | None = None
    obstacle: Obstacle | None = None
    receipt: TypeAdapter[Any] | None = None
    """Reads a receipt as the type that the undo function wants."""

    def read_receipt(self, value: Any) -> Any:
        if self.receipt is None:
            return value
        try:
            return self.receipt.validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise UndoUnavailable(
                f"Its receipt is not what the undo function takes: {first['msg']}"
            ) from None


def receipt_type(fn: Callable[..., Any]) -> TypeAdapter[Any] | None:
    """From the type hint of the second parameter; None where there is none."""
    names = list(inspect.signature(fn).parameters)
    try:
        hint = get_type_hints(fn, include_extras=True).get(names[1])
    except (NameError, TypeError):
        return None
    return None if hint is None or hint is Any else TypeAdapter(hint)
