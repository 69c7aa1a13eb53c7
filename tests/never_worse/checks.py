"""What must be true of each subject after a round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harness.care.states import OPEN_STATES
from harness.care.ticket_views import TicketDetail
from tests.fakes.shop import CONDITIONS, Shop
from tests.never_worse.plan import Kind

REPAIRED, BROKEN = (0.0, 0.0), (5.0, 0.0)
REMADE = (7.0, 0.0)
"""What a colleague commits who is faster than the agent."""
LIVE: dict[Kind, tuple[tuple[float, float], ...]] = {
    "repair": (REPAIRED,),
    "automatic": (REPAIRED,),
    "worse": (BROKEN,),
    "useless": (BROKEN,),
    "fails": (BROKEN,),
    "rejected": (BROKEN,),
    "overtaken": (REMADE,),
    "closed": (BROKEN,),
    "down": (REPAIRED,),
    "taken back": (BROKEN,),
}
STATES: dict[Kind, tuple[str, ...]] = {
    "repair": ("resolved",),
    "automatic": ("resolved",),
    "down": ("resolved",),
    "taken back": ("resolved", "reopened"),
    "closed": ("closed", "reopened"),  # the watch opens it again while the invariant is broken
}
"""How work on a ticket ends; else it fails: a person is asked."""
REPAIRABLE: tuple[Kind, ...] = ("repair", "automatic", "down", "taken back")
"""What the agent can repair."""


@dataclass(frozen=True)
class Outcome:
    """What became of one subject."""

    kind: Kind
    shop: Shop
    ticket: TicketDetail
    """The one that was worked on, when its work had ended."""
    tickets: dict[str, str]
    """The state of each ticket of the subject at the end, by its invariant."""
    values: dict[str, float | None]
    """What its metrics say at the end."""
    live: tuple[float, float] | None
    executions: dict[str, int]
    """How many workflows each ticket has had."""
    struck: bool
    """Whether its process was killed."""

    @property
    def is_given_up(self) -> bool:
        """Whether the agent has changed nothing and asked a person: what it needed was away."""
        return self.ticket.state == "failed" and not self.ticket.changes


def find_violations(seen: Outcome) -> Iterator[str]:
    """All that is not as it must be."""
    who = f"{seen.kind} {seen.shop.name}"
    yield from (f"{who}: {words}" for words in _check(seen))


def _check(seen: Outcome) -> Iterator[str]:
    allowed = LIVE[seen.kind]
    # A process that died while a change was verified may have had it undone.
    if seen.is_given_up or seen.struck:
        allowed = (*allowed, BROKEN)
    if seen.live not in allowed:
        yield f"{seen.live} is deployed, not {allowed}; {_moves(seen)}"
    wanted = STATES.get(seen.kind, ("failed",))
    if seen.ticket.state not in wanted and not seen.struck and not seen.is_given_up:
        yield f"the ticket is {seen.ticket.state}; {_moves(seen)}"
    yield from _check_invariants(seen)
    yield from _check_once(seen)
    if dirty := seen.shop.git("status", "--porcelain"):
        yield f"the folder is not clean: {dirty}"
    deployed = seen.shop.git("show", "HEAD:values").split()
    if seen.live is not None and tuple(map(float, deployed)) != seen.live:
        yield f"the code says {deployed}, and {seen.live} is deployed; {_moves(seen)}"


def _check_invariants(seen: Outcome) -> Iterator[str]:
    """Every invariant holds that held before, or a person is asked."""
    for name, (operator, threshold) in CONDITIONS.items():
        value = seen.values[name]
        holds = value is not None and (value < threshold if operator == "<" else value == threshold)
        held_before = name != ("up" if seen.kind == "down" else "errors")
        asked = seen.tickets.get(name) in OPEN_STATES
        gone = value is None and seen.tickets.get("up") in OPEN_STATES  # its process is dead
        if held_before and not holds and not asked and not gone:
            yield f"{name} held, is {value} now, and no ticket says so: {seen.tickets}"


def _check_once(seen: Outcome) -> Iterator[str]:
    """Nothing was deployed twice, and each cause has one ticket."""
    for commit, count in Counter(seen.shop.effects).items():
        if count > 1:
            yield f"{commit[:12]} was deployed {count} times"
    made = [each for each in seen.ticket.changes if each.kind == "deploy"]
    if len(made) > 1:
        yield f"there are {len(made)} changes: {[each.state for each in made]}"
    for each in seen.ticket.changes:
        if each.state == "started":
            yield f"a change was begun and not ended; {_moves(seen)}"
    for ticket, count in seen.executions.items():
        if count != 1 and seen.kind != "closed":
            yield f"ticket {ticket} has {count} workflows"


def _moves(seen: Outcome) -> str:
    return "; ".join(f"{each.state} ({each.why[:120]})" for each in seen.ticket.moves)
