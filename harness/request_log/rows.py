"""What the request log takes from a call, and what its tables hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from harness.contracts.model import ModelReply, ModelRequest
from harness.interceptors import Caller

OK = "ok"
CANCELLED = "cancelled"
"""The run was aborted, or its worker stopped."""
FAILED = "error"
"""An error that is not the provider's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SentRequest:
    """A request that was sent, and what became of it."""

    id: str
    caller: Caller
    model: str
    request: ModelRequest
    status: str
    """`ok`, `cancelled`, or the category of the error, such as `rate_limit`."""
    ended: float
    """On the clock of this process."""
    ms: float
    first_ms: float | None = None
    reply: ModelReply | None = None
    text: str = ""
    """What had arrived, if it did not end well."""
    error: tuple[str, str] | None = None
    """The error's code and message."""
    cost_micros: int | None = None


@dataclass(frozen=True, kw_only=True)
class RequestFilter:
    """Conditions that all have to hold; those that are None hold for every request."""

    run: str | None = None
    turn: int | None = None
    model: str | None = None
    status: str | None = None
    """`ok`, `cancelled`, a category such as `rate_limit`, `429` for it, or `error` for all."""
    since: datetime | None = None
    search: str | None = None
    """A text that occurs in the request or the answer, whatever its case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryRow:
    """An entry without its content."""

    id: str
    bucket: int
    run: str
    owner: str | None
    agent: str
    session: str | None
    turn: int
    call: int
    attempt: int
    purpose: str
    model: str
    status: str
    at: float
    ms: float
    first_ms: float | None
    input: int | None
    output: int | None
    cached: int | None
    cost_micros: int | None
    request_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEntry:
    """An entry to write. Its content is not encrypted yet."""

    row: EntryRow
    content: bytes
    parts: tuple[tuple[bytes, bytes], ...]
    """Digest and content of those parts of the request that are not stored yet."""

    @property
    def size(self) -> int:
        """Bytes of content."""
        return len(self.content) + sum(len(content) for _, content in self.parts)
