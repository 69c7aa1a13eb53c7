"""What callers ask of limits, and what the tables show."""

from __future__ import annotations

from dataclasses import dataclass

NORMAL = 3
"""The priority of a run that names none; 1 is the most urgent, 5 the least."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A call that needs its turn."""

    place: str
    """The same in each attempt of the call."""
    attempt: int
    run: str
    owner: str | None
    what: str
    """The model or the tool, for people."""
    priority: int = NORMAL
    input: int = 0
    """Estimate of the input, in tokens."""
    output: int | None = 0
    """Most tokens of the answer. None: not limited."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whether a call may be made now."""

    blocked: str | None
    """The key of the limit that it waits for."""
    wait_s: float
    """About how long it has to wait."""
    ahead: int
    """Calls whose turn comes first."""
    lower: str | None = None
    """What the provider reported as its limit, if that is lower than the settings."""


@dataclass(frozen=True, kw_only=True)
class Used:
    """What a call that has ended used. None: what was reserved, since it is not known."""

    sent: bool = True
    """Whether the provider was asked. If not, the call does not count at all."""
    input: int | None = None
    output: int | None = None
    exact: bool = False
    """Whether the provider counted it."""
    refused: bool = False
    """The provider answered that its limit is exceeded."""
    closed_s: float = 0.0
    """How long the provider asks to wait."""
    most_requests: int | None = None
    left_requests: int | None = None
    most_tokens: int | None = None
    left_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A call that holds a place of a limit, or waits for one."""

    quota: str
    run: str
    owner: str | None
    what: str
    seconds: float
    """How long it has held the place, or waited."""
    waits: bool
    priority: int | None = None
    """Of a call that waits."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How much of a limit is used now."""

    quota: str
    requests: int
    """Counted in this minute."""
    tokens: int
    """Counted in this minute, and reserved by calls in progress."""
    in_use: int
    """Calls in progress."""
    waiting: int
    granted: int
    """Calls since the limit exists."""
    refused: int
    """Of these, calls that the provider refused because of its own limit."""
    waited: int
    """Of these, calls that had to wait."""
    waited_s: float
    """How long they waited, all together."""
    closed_s: float | None = None
    """How much longer no call is made, because the provider refused one."""
    reported_requests: int | None = None
    """The limit that the provider names in its answers."""
    reported_tokens: int | None = None
