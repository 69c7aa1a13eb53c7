"""Errors in OpenAI's format, which its clients turn into exceptions."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse

from harness.api.problems import describe_error
from harness.contracts.errors import HarnessError, UnknownAgent
from harness.contracts.errors.openai_api import UnsupportedParameter

TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
RETRY_HEADER = "x-should-retry"
"""OpenAI's clients obey it. Otherwise they send a request again after many errors, and start
another run."""


class ErrorBody(BaseModel):
    """An error, as OpenAI's clients read it."""

    message: str
    """What is wrong, and what to do about it."""
    type: str
    code: str | None
    """The code of harness' own error."""
    param: str | None
    """The field of the request that is wrong."""


class ErrorAnswer(BaseModel):
    """What a request that fails is answered with, in OpenAI's format."""

    error: ErrorBody


def describe_openai_error(error: HarnessError, param: str | None = None) -> dict[str, Any]:
    """An error as the body of an answer or of an event in a stream."""
    status = error.http_status
    kind = "server_error" if status >= 500 else "invalid_request_error"
    message = f"{error.message} {error.fix}" if error.fix else error.message
    return {
        "error": {
            "message": message,
            "type": TYPES.get(status, kind),
            "code": error.code,
            "param": param or _param_of(error),
        }
    }


def openai_error_response(
    error: HarnessError, *, param: str | None = None, retry: bool | None = None
) -> JSONResponse:
    """An error as an answer. `retry`: whether the client may send the request again; by default
    what the error says."""
    retry = describe_error(error).retryable if retry is None else retry
    return JSONResponse(
        describe_openai_error(error, param),
        status_code=error.http_status,
        headers={RETRY_HEADER: "true" if retry else "false"},
    )


def _param_of(error: HarnessError) -> str | None:
    if isinstance(error, UnknownAgent):
        return "model"
    return error.param if isinstance(error, UnsupportedParameter) else None
