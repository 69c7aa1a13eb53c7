"""Describe failed calls to the model, and decide whether Temporal retries them."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from harness.agent import AnyTool
from harness.commons.redact import redact
from harness.contracts.errors import HarnessError, StoreError, ToolError, ToolTimeout
from harness.contracts.message import ToolCall, ToolResult
from harness.contracts.tool import ToolOutcome
from harness_activities.tool_call.host import is_async
from harness_activities.tool_call.results import shorten_text

MAX_ERROR = 2_000


def describe_error(error: BaseException) -> str:
    """Describe an error to a model or a person, without its fix, which is for operators."""
    message = error.message if isinstance(error, HarnessError) else error
    return clean_message(f"{type(error).__name__}: {message}")


def clean_message(text: str) -> str:
    """Redact and shorten a message, and replace what the ledger and history cannot store: NUL and
    lone surrogates."""
    text = text.replace("\0", "\ufffd").encode(errors="replace").decode()
    return shorten_text(redact(shorten_text(text, 4 * MAX_ERROR)), MAX_ERROR)


def make_failed_outcome(call: ToolCall, error: HarnessError) -> ToolOutcome:
    message = clean_message(error.message)
    return ToolOutcome(
        result=ToolResult(call=call.id, name=call.name, content=message, error=True),
        failure=error.info.model_copy(update={"message": message}),
    )


def timeout_error(tool: AnyTool, limit: float | None) -> ToolError:
    """Make the error for a timeout. A thread cannot be stopped, so its message must not claim
    so."""
    end = "was stopped" if is_async(tool.fn) else "was abandoned; its thread may still be running"
    return ToolTimeout(f"{tool.name} took longer than {limit or 0:g} s and {end}.")


def is_retried(info: activity.Info, error: HarnessError, attempts: int | None = None) -> bool:
    """Whether Temporal retries. `attempts` limits failures of the tool itself, not outages of the
    store: those are retried further, to find out what the ledger recorded."""
    policy = info.retry_policy
    if attempts is not None and info.attempt >= attempts and not isinstance(error, StoreError):
        return False
    if policy is None:
        return True
    if error.code in (policy.non_retryable_error_types or ()):
        return False
    return policy.maximum_attempts == 0 or info.attempt < policy.maximum_attempts


def retry_error(error: HarnessError) -> ApplicationError:
    wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
    info = error.info.model_copy(update={"message": clean_message(error.message)})
    return ApplicationError(
        info.message,
        info,
        type=error.code,
        next_retry_delay=wait,
        category=ApplicationErrorCategory.BENIGN,
    )
