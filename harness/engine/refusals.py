"""Reads why a workflow refused an update."""

from __future__ import annotations

from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from harness.contracts.errors import HarnessError, rebuild_error


def read_refusal(error: WorkflowUpdateFailedError) -> HarnessError | None:
    """The error that a workflow refused an update with; None if it is not one of ours."""
    cause = error.cause
    return rebuild_error(cause.type, cause.message) if isinstance(cause, ApplicationError) else None
