"""Our errors as the engine knows them: the code is the failure's type, so it survives."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from harness.commons.redact import redact
from harness.contracts.errors import HarnessError

log = logging.getLogger(__name__)


class Failures(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Mapped(next)


class _Mapped(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await self.next.execute_activity(input)
        except HarnessError as error:
            # The run's events and the Temporal page say it; the SDK would add a traceback.
            log.info("%s: %s", error.code, redact(error.message))
            raise as_failure(error) from None


def as_failure(error: HarnessError) -> ApplicationError:
    """Whether it is tried again, and when, goes with it."""
    wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
    return ApplicationError(
        redact(error.message),
        type=error.code,
        non_retryable=not error.retryable,
        next_retry_delay=wait,
        category=ApplicationErrorCategory.BENIGN,
    )
