"""Convert errors to Temporal failures, with the error's code as their type, and log each failed
attempt: Temporal keeps only the last one."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from harness.commons.log import hide_if_discreet
from harness.commons.redact import redact
from harness.contracts.attempt import Attempt
from harness.contracts.errors import HarnessError, find_error
from harness.contracts.model import CallModel
from harness.contracts.tool import RunTool
from harness.store.attempts import AttemptWriter

log = logging.getLogger(__name__)


class Failures(Interceptor):
    def __init__(self, attempts: AttemptWriter) -> None:
        self._attempts = attempts
        self._who = f"{socket.gethostname()}/{os.getpid()}"

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Mapped(next, self._attempts, self._who)


class _Mapped(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, attempts: AttemptWriter, who: str) -> None:
        super().__init__(next)
        self._attempts = attempts
        self._who = who

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        started = time.time()
        try:
            return await self.next.execute_activity(input)
        except (asyncio.CancelledError, CancelledError):
            raise  # not a failure: Temporal knows why
        except HarnessError as error:
            self._log_failure(error, started, input)
            # The run's events and the Temporal page show it; the SDK would log a traceback.
            log.info("%s: %s", error.code, hide_if_discreet(redact(error.message)))
            raise convert_error(error) from None
        except Exception as error:
            self._log_failure(error, started, input)
            raise

    def _log_failure(self, error: Exception, started: float, input: ExecuteActivityInput) -> None:
        """Log the attempt; an error here must not hide the failure itself."""
        try:
            self._attempts.add(make_attempt(error, started, self._who, input.args[:1]))
        except Exception:
            log.exception("a failed attempt could not be logged")


def make_attempt(error: Exception, started: float, who: str, args: Any) -> Attempt:
    info = activity.info()
    request = args[0] if args else None
    step: dict[str, Any] = {}
    if isinstance(request, CallModel):
        step = {"turn": request.turn, "call": str(request.call or 0), "title": request.model}
    elif isinstance(request, RunTool):
        step = {"turn": request.turn, "call": request.call.id, "title": request.call.name}
    return Attempt(
        run=info.workflow_id or "",
        run_id=info.workflow_run_id or "",
        activity=info.activity_id,
        attempt=info.attempt,
        started=started,
        ended=time.time(),
        who=who,
        kind=info.activity_type,
        **step,
        **_describe_failure(error),
    )


def _describe_failure(error: Exception) -> dict[str, Any]:
    if isinstance(error, HarnessError):
        return _make_fields(
            type(error), error.code, error.message, error.retryable, error.retry_after
        )
    if not isinstance(error, ApplicationError):
        return _make_fields(type(error), None, str(error), True, None)
    code = error.type if find_error(error.type or "") else None
    delay = error.next_retry_delay
    wait = None if delay is None else delay.total_seconds()
    return _make_fields(
        type(error.__cause__ or error), code, error.message, not error.non_retryable, wait
    )


def _make_fields(
    kind: type[BaseException], code: str | None, message: str, retryable: bool, wait: float | None
) -> dict[str, Any]:
    fields = {"type": kind.__name__, "code": code, "message": redact(message)}
    return {**fields, "retryable": retryable, "retry_after": wait}


def convert_error(error: HarnessError, *, retryable: bool | None = None) -> ApplicationError:
    """Convert an error to a failure that carries whether and when Temporal retries. `retryable`:
    instead of what the error's class says."""
    retried = error.retryable if retryable is None else retryable
    wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
    return ApplicationError(
        redact(error.message),
        type=error.code,
        non_retryable=not retried,
        next_retry_delay=wait,
        category=ApplicationErrorCategory.BENIGN,
    )
