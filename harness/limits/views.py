"""What the API returns for limits."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class LimitCall(BaseModel):
    """A call that uses a limit, or waits for it."""

    run: str | None = None
    """The run that makes it; absent if it is another user's."""
    what: str
    """The model or tool."""
    seconds: float
    """How long it has lasted, or waited."""
    priority: int | None = None
    """Of the run, if the call waits: 1 is the most urgent, 5 the least."""


class Limit(BaseModel):
    """A limit of a model, a provider or a pool, and how much of it is used."""

    kind: Literal["model", "provider", "pool"]
    name: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    width: int | None = None
    """Most calls at the same time."""
    requests: int = 0
    """Requests of this minute."""
    tokens: int = 0
    """Tokens of this minute, with those that calls in progress have reserved."""
    in_use: int = 0
    """Calls in progress."""
    waiting: int = 0
    """Calls that wait."""
    granted: int = 0
    """Calls so far."""
    waited: int = 0
    """Calls that had to wait, of those that were made."""
    waited_seconds: float = 0.0
    """How long they waited, all together."""
    refused: int = 0
    """Calls that the provider refused because of its own limit."""
    closed_seconds: float | None = None
    """How much longer no call is made, because the provider refused one."""
    reported_requests: int | None = None
    """Requests per minute that the provider names as its limit."""
    reported_tokens: int | None = None
    """Tokens per minute that the provider names as its limit."""
    users: list[LimitCall] = []
    """The calls in progress, the oldest first."""
    queue: list[LimitCall] = []
    """The calls that wait, in their order."""


class LimitList(BaseModel):
    """The configured limits, with at most 1,000 calls in all."""

    limits: list[Limit]
