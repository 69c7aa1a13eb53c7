"""Steer a run: signals, which need no worker to be there, and decisions, which need one."""

from __future__ import annotations

from typing import Any

from temporalio.service import RPCError

from harness.api.caller import Caller
from harness.contracts.errors import TooManySignals
from harness.contracts.steering import (
    Signal,
    Steering,
    check_size,
    read_decide,
    read_signal,
)
from harness.contracts.verdicts import Decision
from harness.engine.connection import Connection
from harness.runs.decide import Shown, send_decision
from harness.runs.query import explain_refusal


async def send_signal(
    connection: Connection, run: str, name: Signal, value: Any, *, by: str | None = None
) -> None:
    """Send what the run would accept; anything else is refused before it is sent. `by`: for whom
    this process acts."""
    await _signal(connection, run, name, _checked(name, value, by))


async def abort_run(
    connection: Connection, run: str, reason: str, *, undo: bool, by: str | None = None
) -> None:
    """End a run, and close its model's stream at once."""
    value = _checked("abort", {"reason": reason, "undo": True} if undo else reason, by)
    await connection.stores.stops.announce(run)
    try:
        await _signal(connection, run, "abort", value)
    except TooManySignals:
        await _cancel(connection, run, f"{reason} (by {by})" if by else reason, undo=undo)


async def decide_run(
    connection: Connection,
    run: str,
    item: str | Shown | None,
    said: dict[str, Any],
    *,
    key: str | None,
    by: Caller | None = None,
) -> Decision:
    """Decide what waits, bound to the `item` that was shown, where it is one. `by`: for whom this
    process acts."""
    shown = None if item is None or isinstance(item, str) else item
    decide = read_decide([{**said, "id": item if shown is None else shown.id}])
    try:
        return await send_decision(connection, run, decide, shown, key=key, by=by)
    except RPCError as error:
        raise await explain_refusal(connection, run, error) from None


async def _signal(connection: Connection, run: str, name: Signal, value: Steering) -> None:
    try:
        await connection.temporal.get_workflow_handle(run).signal(name, value)
    except RPCError as error:
        raise await explain_refusal(connection, run, error) from None


async def _cancel(connection: Connection, run: str, reason: str, *, undo: bool) -> None:
    """Abort a run that takes no more signals: Temporal's own Cancel always arrives."""
    try:
        await connection.temporal.get_workflow_handle(run).cancel(reason=reason)
    except RPCError as error:
        raise await explain_refusal(connection, run, error) from None
    if undo:
        raise TooManySignals(
            f"Run {run!r} takes no more signals and was cancelled. Its effects were not undone.",
            fix=f"Undo them once it has ended: harness undo {run}",
        )


def _checked(name: Signal, value: Any, by: str | None) -> Steering:
    """What the workflow would make of it: nothing is sent that it would refuse."""
    steering = read_signal(name, [value])
    if by is not None:
        steering = steering.model_copy(update={"by": by})
    check_size(name, steering)
    return steering
