"""What the chain of memories holds. Times are seconds since 1970."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

from harness.contracts.base import Word
from harness.contracts.memory import Lane, Source, Trust

Kind = Literal["fact", "withdrawn", "forgotten"]
"""A fact; or that a fact was withdrawn by an undo; or that its content was erased."""
OWNER_SCOPE = ""
TRUSTS: tuple[Trust, ...] = ("untrusted", "inferred", "said")
"""From the least trusted on."""


class Origin(Word):
    """Where a memory comes from, as the harness knows it. Stored under the entry's MAC."""

    source: Source
    trust: Trust
    made: float
    valid_from: float | None = None
    """Since when the fact holds, if that is not when it was written."""
    by: str | None = None
    """The person who wrote it, if one did."""
    run: str | None = None
    session: str | None = None
    agent: str | None = None
    turn: int | None = None
    message: str | None = None
    """The tool call that wrote it, or the number of the message that it was extracted from."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A link of an owner's chain."""

    seq: int
    id: str
    kind: Kind
    target: int | None
    """The entry that it replaces, withdraws or forgets."""
    scope: str
    content: str | None
    """As the vault has it; None once it was erased."""
    digest: str
    fields: str
    """An `Origin` as JSON."""
    run: str | None
    previous: str
    """MAC of the entry before."""
    mac: str


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A memory with its origin. Its stored form was verified."""

    id: str
    seq: int
    lane: Lane
    text: str
    origin: Origin
    used: int = 0
    """How often it was recalled."""
    replaces: str | None = None
    """The memory that it replaced."""
    replaced_by: str | None = None
    """The memory that replaced it: then it holds no longer."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A place where a chain was changed outside harness."""

    what: str
    seq: int | None = None
    id: str | None = None


def new_memory_id() -> str:
    return f"mem_{secrets.token_hex(12)}"


def scope_of(lane: Lane, run: str | None, session: str | None) -> str:
    """Name what a lane reaches. Without a session, that is the run."""
    if lane == "owner":
        return OWNER_SCOPE
    if lane == "session" and session is not None:
        return f"session/{session}"
    return f"run/{run}"


def lane_of(scope: str) -> Lane:
    """The lane of a scope."""
    if scope == OWNER_SCOPE:
        return "owner"
    return "session" if scope.startswith("session/") else "run"


def scopes_of(run: str | None, session: str | None) -> list[str]:
    """Everything that a run may recall from."""
    scopes = [OWNER_SCOPE]
    scopes += [f"session/{session}"] if session is not None else []
    return scopes + ([f"run/{run}"] if run is not None else [])
