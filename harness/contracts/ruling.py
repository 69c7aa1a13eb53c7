"""What a policy says about a tool call, and who may decide about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from harness.contracts.base import Flag, Word

Remember = Literal[True] | tuple[str, ...]
"""How far an approval reaches: equal calls, or calls whose named arguments are equal."""
ROLE = "role:"
ROLES = ("viewer", "operator", "admin")
"""Each includes those before it."""


class Ruling(Word):
    """What a rule of a policy decided about a call."""

    rule: str
    policy: str
    """Digest of the policy that the rule stands in."""
    decision: Literal["allow", "deny", "ask"]
    whom: tuple[str, ...] | None = None
    """With `ask`: who may decide, as users or `role:admin`. Absent: whoever may steer the run."""
    wait_s: float | None = None
    """How long to wait for a person; then a worker applies what the rule says."""
    then: str | None = None
    """What happens then: `deny`, `allow` or `escalate:ROLE`."""
    remembers: Flag = None
    """An approval may be remembered for the session."""
    lapsed: Flag = None
    """Nobody decided in time."""
    remembered: str | None = None
    """The remembered approval that allowed the call."""

    def __str__(self) -> str:
        late = " because nobody decided in time" if self.lapsed else ""
        kept = f" as approval {self.remembered} says" if self.remembered else ""
        return f"{self.decision} by rule {self.rule} of policy {self.policy}{late}{kept}"


class Decider(Word):
    """Who allowed a call, as the run knows it."""

    by: str | None = None
    role: str | None = None
    remember: Remember | None = None
    lapsed: str | None = None
    """Nobody: the time to decide has passed. What the rule says happens then."""


def fits_whom(whom: Iterable[str] | None, by: str | None, role: str | None) -> bool:
    """Whether a user with this role is one of those who may decide; without any, all may."""
    names = tuple(whom or ())
    return not names or any(_is_meant(each, by, role) for each in names)


def _is_meant(name: str, by: str | None, role: str | None) -> bool:
    if not name.startswith(ROLE):
        return name == by
    needed = name.removeprefix(ROLE)
    return role in ROLES and needed in ROLES and ROLES.index(role) >= ROLES.index(needed)


def describe_whom(whom: Iterable[str] | None) -> str:
    """Name those who may decide: `ann or anyone with the role admin`."""
    words = [
        f"anyone with the role {each.removeprefix(ROLE)}" if each.startswith(ROLE) else each
        for each in whom or ()
    ]
    return " or ".join(words) or "whoever may steer the run"
