"""Count the attempts at a model call. Those that only waited for a limit do not use any up:
Temporal, which counts all, has a maximum that leaves room for them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError

from harness.contracts.errors import HarnessError, ProviderTimeout
from harness.contracts.run_limits import split_attempts
from harness_activities.failures import convert_error

WAITED = "waited"


@contextmanager
def counting_attempts() -> Generator[None]:
    """End the call for good when it has failed as often as it may."""
    info = activity.info()
    policy = info.retry_policy
    most, counts_all = split_attempts(policy.maximum_attempts) if policy else (None, True)
    if most is None or counts_all:
        yield
        return
    waited = count_waits(info)
    failed = info.attempt - 1 - waited
    if failed >= most:  # the last attempts ended without a word, or this would not be repeated
        lost = ProviderTimeout(f"{failed} attempts at the call ended without a result.")
        raise convert_error(lost, retryable=False)
    try:
        yield
    except CancelledError:
        raise
    except Exception as error:
        if isinstance(error, HarnessError) and error.waited:
            activity.heartbeat({WAITED: waited + 1})
            raise
        if failed + 1 < most:
            raise
        if isinstance(error, HarnessError):
            raise convert_error(error, retryable=False) from error
        raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from error


def count_waits(info: activity.Info) -> int:
    """How many earlier attempts only waited, as the last of them noted."""
    noted = info.heartbeat_details[0] if info.heartbeat_details else None
    waits = cast("dict[str, Any]", noted).get(WAITED) if isinstance(noted, dict) else None
    return min(waits, info.attempt - 1) if isinstance(waits, int) and waits > 0 else 0
