"""Turn the answers of a daemon into values and errors. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.api.problems import MEDIA_TYPE, Problem
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import (
    DaemonAnswerInvalid,
    ErrorInfo,
    HarnessError,
    InvalidRequest,
    NotLoggedIn,
    NotSignedIn,
    StoreError,
    from_info,
)
from harness.history.bounded import check_bounds

T = TypeVar("T")

MAX_SHOWN = 10_000
"""Characters of a message that a daemon may make this machine show."""
MAX_FIELDS = 10


@lru_cache
def _adapter_of(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def parse_answer(data: bytes, kind: Any, url: str) -> Any:
    """Parse JSON as a value of this kind.

    Raises:
        DaemonAnswerInvalid: It is not one, or too large to be read safely.
    """
    try:
        check_bounds(data.decode(), "The answer")
        return _adapter_of(kind).validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = clean_line(".".join(map(str, first["loc"]))[:200])
        raise DaemonAnswerInvalid(
            f"{url} sent a response this version does not understand: {where}: "
            f"{clean_line(first['msg'][:300])}."
        ) from None
    except (StoreError, UnicodeDecodeError) as error:
        why = error.message if isinstance(error, StoreError) else "it is not UTF-8"
        raise DaemonAnswerInvalid(f"{url} sent a response that cannot be read: {why}") from None


def refusal_of(status: int, media_type: str, data: bytes, url: str) -> HarnessError:
    """The error of an answer that is not a success."""
    if not media_type.startswith(MEDIA_TYPE):
        return DaemonAnswerInvalid(
            f"{url} is not a daemon of harness (status {status}, "
            f"{clean_line(media_type[:60]) or 'no media type'})."
        )
    return problem_error(data, url)


def problem_error(data: bytes, url: str) -> HarnessError:
    """The error that a problem document describes, as its own class."""
    problem: Problem = parse_answer(data, Problem, url)
    if problem.code == NotSignedIn.code:
        return NotLoggedIn(
            f"{url} refuses the token: it is revoked or expired, or its user is disabled.",
            fix=f"Log in with another one: harness login {url}",
        )
    message = problem.detail
    if problem.code == InvalidRequest.code and problem.errors:
        fields = [f"{each.field}: {each.problem}" for each in problem.errors[:MAX_FIELDS]]
        message = f"{message} {'; '.join(fields)}."
    return from_info(
        ErrorInfo(
            code=problem.code,
            message=message[:MAX_SHOWN],
            fix=problem.fix[:MAX_SHOWN],
            retryable=problem.retryable,
        )
    )
