"""What the API returns of the request log."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel

from harness.request_log.rows import EntryRow


class RecordedRequest(BaseModel):
    """A request to a model provider, without its content."""

    id: str
    run: str
    owner: str | None = None
    agent: str
    session: str | None = None
    turn: int
    call: int
    """Number of the repeated call within the turn; 0 for the first."""
    attempt: int
    """Of the activity that called the model, from 1."""
    purpose: str
    """`turn`, or what else the model was called for."""
    model: str
    """The candidate that was called, as provider/model."""
    status: str
    """`ok`, `cancelled`, or the category of the error, such as `rate_limit`."""
    at: datetime
    """When it began."""
    ms: float
    """How long it took."""
    first_ms: float | None = None
    """How long the first text took."""
    input: int | None = None
    """Tokens."""
    output: int | None = None
    """Tokens."""
    cached: int | None = None
    """Tokens of the input that the provider had cached."""
    cost_micros: int | None = None
    """Millionths of a US dollar; absent if the price is unknown."""
    request_id: str | None = None
    """The provider's own id."""

    @classmethod
    def of(cls, row: EntryRow) -> RecordedRequest:
        """The view of an entry."""
        return cls(**_values_of(row))


class RequestPage(BaseModel):
    """Requests, the newest first."""

    requests: list[RecordedRequest]
    next: str | None = None
    """The cursor of the next page; absent after the last one. With `search`, a page may be empty
    while more follow."""


class RequestPart(BaseModel):
    """A part of a request."""

    kind: Literal["instructions", "tool", "output", "message"]
    added: bool
    """Whether the run's previous request did not have it."""
    value: Any = None
    """Absent if it was not recorded, or is left out because the answer would be too large."""


class RecordedFailure(BaseModel):
    """Why a request failed."""

    code: str
    message: str


class RequestDetail(RecordedRequest):
    """A request with its content, and the answer. Secrets are masked, and long texts shortened."""

    previous: str | None = None
    """The request before it, of the same run and for the same purpose."""
    added: int
    """How many parts it adds to that."""
    removed: int
    """How many parts of that it no longer has."""
    earlier: int = 0
    """How many older messages it had besides."""
    params: dict[str, Any] = {}
    parts: list[RequestPart]
    answered: str | None = None
    """The model that answered, as the provider names it."""
    finish: str | None = None
    response: dict[str, Any] | None = None
    """The message that the model answered."""
    text: str | None = None
    """What had arrived, if it did not end well."""
    error: RecordedFailure | None = None


def detail_of(row: EntryRow, **content: Any) -> RequestDetail:
    """The view of an entry with its content."""
    return RequestDetail.model_validate({**_values_of(row), **content})


def _values_of(row: EntryRow) -> dict[str, Any]:
    values = asdict(row)
    del values["bucket"]
    return {**values, "at": datetime.fromtimestamp(row.at, UTC)}
