"""Map failures of activities to errors of harness."""

from __future__ import annotations

import asyncio

from temporalio import exceptions, workflow
from temporalio.exceptions import ActivityError, ApplicationError

from harness.contracts.errors import HarnessError, ProviderTimeout, RunFailed, rebuild_error


def map_failure(error: BaseException) -> HarnessError:
    """Return the harness error that an activity's failure stands for."""
    cause = error.cause if isinstance(error, ActivityError) else error
    known = (
        rebuild_error(cause.type, cause.message) if isinstance(cause, ApplicationError) else None
    )
    if known is not None:
        return known
    if isinstance(cause, exceptions.TimeoutError):
        return ProviderTimeout(f"a call ran out of time: {cause.message}")
    return RunFailed(f"a call failed: {cause or error}")


def is_call_failure(error: BaseException) -> bool:
    """Whether `error` is how the SDK raises the failure of a tool call.

    For a local activity that is not always an ActivityError. What it raised comes bare. A timeout
    is an ActivityError when it happens, but a bare TimeoutError when it is replayed: history has
    only the cause.
    """
    if isinstance(error, ApplicationError):
        # In runs recorded before this patch, it ended the run at once.
        return workflow.patched("inline-failures")
    # No patch for the timeout: only a replay raises it bare, and must do what was done live.
    kinds = (asyncio.CancelledError, ActivityError, exceptions.TimeoutError)
    return isinstance(error, kinds)


def get_cause(failure: BaseException) -> BaseException:
    """Return what made the call fail: the same for a failure that comes bare."""
    return failure.cause or failure if isinstance(failure, ActivityError) else failure
