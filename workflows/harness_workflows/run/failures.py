"""Map failures of activities to errors of harness."""

from __future__ import annotations

from temporalio import exceptions
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
