"""Ask a run something: its worker answers, or its events where Temporal no longer has it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from harness.contracts.errors import (
    HarnessError,
    NoWorker,
    RunFailed,
    RunNotFound,
    RunOver,
    StackError,
    StoreError,
    TooManySignals,
)
from harness.contracts.event import DurableEvent
from harness.engine import served
from harness.engine.connection import Connection
from harness.engine.retry import run_not_found, unreachable_error
from harness.history import reader

FromEvents = Callable[[list[DurableEvent]], Any]
ANSWER_S = 10.0
"""How long a query waits for a worker."""


async def query_run(
    connection: Connection,
    run: str,
    name: str,
    kind: Any,
    from_events: FromEvents,
) -> Any:
    """What the run answers, or `from_events` of a run that has ended and left Temporal."""
    handle = connection.temporal.get_workflow_handle(run)
    try:
        return await handle.query(name, result_type=kind, rpc_timeout=timedelta(seconds=ANSWER_S))
    except WorkflowQueryFailedError as error:
        raise RunFailed(f"{name} of {run!r} failed: {error}") from None
    except RPCError as error:
        wrong = translate_rpc_error(run, error)
        if error.status in served.UNSERVED:
            await served.describe_run(handle)
            raise NoWorker(f"No worker answers for run {run!r}.") from None
    if not isinstance(wrong, RunNotFound):
        raise wrong
    return from_events([event async for event in reader.read_events(connection, run, wait=False)])


async def explain_refusal(connection: Connection, run: str, error: RPCError) -> HarnessError:
    """Why steering did not arrive; a run that Temporal has forgotten has ended."""
    wrong = translate_rpc_error(run, error)
    if isinstance(wrong, RunNotFound):
        if await _has_closed(connection, run):
            # An update in flight when the run ends is "not found" too: of two people who decide at
            # once, one would read that there is no such run.
            return RunOver(f"Run {run!r} has ended.")
        with suppress(StoreError):
            if await reader.is_sealed(connection, run):
                return RunOver(f"Run {run!r} has ended.")
    return wrong


async def _has_closed(connection: Connection, run: str) -> bool:
    with suppress(RPCError, StackError):
        handle = connection.temporal.get_workflow_handle(run)
        return (await served.describe_run(handle)).close_time is not None
    return False


def translate_rpc_error(run: str, error: RPCError) -> HarnessError:
    """Temporal's error about a run as ours."""
    if error.status is RPCStatusCode.NOT_FOUND:
        if "already completed" in error.message:
            return RunOver(f"Run {run!r} has ended.")
        return run_not_found(run)
    if "exceeded" in error.message and "signal" in error.message:
        return TooManySignals(f"Run {run!r} takes no more signals for now.")
    return unreachable_error(error)
