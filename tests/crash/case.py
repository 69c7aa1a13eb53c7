"""A trial while it is made: what happened to it so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from harness.contracts import event as e
from harness.sdk.handle import RunHandle
from tests.conformance.order import Order, OutOfOrder
from tests.crash.line import Visit
from tests.crash.plan import Trial, Verdict
from tests.crash.worker import Crew


@dataclass(frozen=True)
class Hit:
    at: float
    """Seconds since the epoch, as in events."""
    what: str
    own: bool = True
    """Planned for this trial; else for another one that was in flight."""


@dataclass(frozen=True)
class Decided:
    """What a person was asked of a call whose outcome is not known, and said."""

    call: str
    tool: str
    text: str
    key: str
    question: str
    pending: bool
    """The `pending` query showed it."""
    happened: bool
    """The truth, as the world had it then."""
    verdict: Verdict

    @property
    def busy(self) -> bool:
        """Nothing was unknown: another attempt was still running, and it was checked again."""
        return "still running" in self.question


@dataclass
class Follower:
    """Who reads `handle.events()` all the while."""

    events: list[e.DurableEvent] = field(default_factory=list[e.DurableEvent])
    live: int = 0
    trouble: str | None = None
    """The first thing that was out of order, live text included."""
    _order: Order = field(default_factory=Order)

    def saw(self, event: e.Event) -> None:
        if isinstance(event, e.LIVE):
            self.live += 1
        else:
            self.events.append(event)
        if self.trouble is None:
            try:
                self._order.feed(event)
            except OutOfOrder as error:
                self.trouble = str(error)


@dataclass
class Case:
    trial: Trial
    id: str
    crew: Crew
    run: RunHandle[Any]
    started: bool = False
    over: bool = False
    """The run has ended."""
    fired: bool = False
    again: bool = False
    """The next worker is killed too."""
    undoing: bool = False
    undo_fired: bool = False
    hits: list[Hit] = field(default_factory=list[Hit])
    visits: list[Visit] = field(default_factory=list[Visit])
    decisions: list[Decided] = field(default_factory=list[Decided])
    followers: list[Follower] = field(default_factory=lambda: [Follower(), Follower()])
    snapshots: list[list[e.DurableEvent]] = field(default_factory=list[list[e.DurableEvent]])
    log: list[str] = field(default_factory=list[str])
    touched: float = field(default_factory=time.monotonic)

    def touch(self) -> None:
        """Something went on."""
        self.touched = time.monotonic()

    def say(self, words: str) -> None:
        self.touch()
        self.log.append(f"{time.time():.3f} {words}")

    def hit(self, what: str, *, own: bool = True) -> None:
        self.hits.append(Hit(time.time(), what, own))
        self.say(f"hit: {what}{'' if own else ' (of another trial)'}")

    @property
    def in_flight(self) -> bool:
        return self.started and not self.over

    @property
    def recovered_s(self) -> float | None:
        """From the first hit of its own until its history went on."""
        hit = next((hit for hit in self.hits if hit.own), None)
        if hit is None:
            return None
        after = [event.at for event in self.followers[0].events if event.at > hit.at]
        return after[0] - hit.at if after else None
