"""A tool's hooks: how to undo a call, and how to find out whether it happened."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from harness.agent.context import ToolContext
from harness.contracts.errors import UndoUnavailable

Undo = Callable[[ToolContext[Any], Any], "str | Awaitable[str | None] | None"]
"""Undoes an effect by its receipt; the returned text is shown to the person who requested it."""


@dataclass(frozen=True)
class Happened:
    """Returned by a probe if the call happened although its worker died."""

    result: Any
    """The value that the tool would have returned."""
    receipt: Any = None


Probe = Callable[
    [ToolContext[Any], Mapping[str, Any]], "Happened | Awaitable[Happened | None] | None"
]
"""Checks whether a call with these arguments happened. None: it did not."""
Prepare = Callable[[ToolContext[Any], Mapping[str, Any]], Any]
"""Inspects the target before a call changes it. The returned value is stored in the ledger before
the call acts, so it survives the worker's death. Each attempt gets the first one's value as
`ctx.prepared`, and it is the receipt unless the call records another."""


Obstacle = Callable[[Any], "str | None"]
"""Reads from a receipt why the call cannot be undone. None: no reason found."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Returned by a check: something that a call changed. States are small JSON values, such as a
    digest; None means that it does not exist. Of an object, only the fields that `after` or
    `before` names are compared."""

    name: str
    """Identifies the target: two calls that changed the same thing give the same name."""
    now: Any
    """Its state now."""
    after: Any
    """Its state after the call."""
    before: Any
    """Its state before the call, which the undo restores."""


Check = Callable[
    [ToolContext[Any], Any], "Target | Sequence[Target] | Awaitable[Target | Sequence[Target]]"
]
"""Inspects by a receipt what an undo would change, and changes nothing."""


@dataclass
class Hooks:
    """Filled in by the decorators of a tool."""

    undo: Undo | None = None
    probe: Probe | None = None
    prepare: Prepare | None = None
    obstacle: Obstacle | None = None
    check: Check | None = None
    receipt: TypeAdapter[Any] | None = None
    """Validates a receipt as the type that the undo function expects."""

    def read_receipt(self, value: Any) -> Any:
        if self.receipt is None:
            return value
        try:
            return self.receipt.validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise UndoUnavailable(
                f"The receipt does not fit the undo function: {first['msg']}"
            ) from None


def receipt_type(fn: Callable[..., Any]) -> TypeAdapter[Any] | None:
    """Read the receipt's type from the second parameter's hint; None if it has none."""
    names = list(inspect.signature(fn).parameters)
    try:
        hint = get_type_hints(fn, include_extras=True).get(names[1])
    except (NameError, TypeError):
        return None
    return None if hint is None or hint is Any else TypeAdapter(hint)
