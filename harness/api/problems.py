"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import BaseModel

from harness.api.route import PREFIX
from harness.contracts.errors import HarnessError

MEDIA_TYPE = "application/problem+json"
ERRORS_PATH = f"{PREFIX}/errors"


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    problem: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    """The address of the error's documentation."""
    title: str
    status: int
    detail: str
    """What is wrong, naming the thing."""
    code: str
    fix: str
    """What to do about it."""
    retryable: bool = False
    request_id: str | None = None
    errors: list[FieldProblem] | None = None


def describe_error(error: HarnessError, request_id: str | None = None) -> Problem:
    """The problem document of an error."""
    status = error.http_status
    return Problem(
        type=f"{ERRORS_PATH}/{error.code}",
        title=type(error).__name__,
        status=status,
        detail=error.message,
        code=error.code,
        fix=error.fix,
        retryable=error.retryable or status == HTTPStatus.SERVICE_UNAVAILABLE,
        request_id=request_id,
    )
