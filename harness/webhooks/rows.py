"""What the tables of webhooks hold. Times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAX_AGENT = 200
"""Characters of the name of an agent."""
State = Literal["active", "failing", "disabled", "unsigned"]


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A subscription to events of runs, without its secret."""

    id: str
    owner: str
    everyone: bool
    """Whether it gets the runs of all users, rather than its owner's."""
    agent: str | None = None
    """Only runs of this agent."""
    events: tuple[str, ...]
    url: str
    created: int
    state: State
    """`failing`: the newest messages were not accepted and are retried; `disabled`: nothing is
    sent until it is resumed; `unsigned`: its row was not written by this project."""
    failing_since: float | None = None
    disabled: float | None = None
    reason: str | None = None
    """Why it is disabled."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message that was sent, or is being sent."""

    id: str
    """Its `webhook-id`, the same in every attempt."""
    run: str
    kind: str
    begun: float
    tried: float
    """When it was sent last."""
    attempts: int
    done: float | None = None
    """When the receiver accepted it."""
    problem: str | None = None
    """Why the last attempt failed."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right of one attempt to send a run's messages, until a newer attempt takes it."""

    subscription: str
    run: str
    fence: int
    cursor: str | None
    """The event that was accepted last."""
