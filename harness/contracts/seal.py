"""Seals of ended runs: the entries of their chain, and the sweep that makes them."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from harness.contracts.base import Flag, Word

SWEEP = "Sweep"
"""The workflow's type in the engine."""
ENTRY_VERSION = 1
START = ""
"""What the first entry of a chain has in place of the one before."""

Kind = Literal["sealed", "part", "imported", "deleted", "forgotten"]
CONTENT: frozenset[str] = frozenset({"sealed", "part", "imported"})
"""Kinds that seal a run. The others say that content of former ones is gone."""


class SealedExecution(Word):
    """One history, and what it comes to."""

    model_config = ConfigDict(extra="ignore")

    run_id: str
    events: int
    last: str
    """The last of its keyed commitments: each takes in the one before and one history event."""
    readable: str | None = None
    """The same over its events with their payloads readable, as an export has them, where those
    are other bytes."""


class Origin(Word):
    """Where an imported run was sealed first."""

    model_config = ConfigDict(extra="ignore")

    hash: str
    seq: int
    namespace: str


class SealEntry(Word):
    """A link of the chain: the next one holds its hash. Nothing in it tells what a run said."""

    model_config = ConfigDict(extra="ignore")

    version: int = ENTRY_VERSION
    seq: int
    prev: str
    kind: Kind
    run: str
    namespace: str
    at: float
    by: str
    """The person or worker that did it."""
    harness: str
    projector: int
    workflow: str | None = None
    """The type in the engine: a run of an agent, or an undo."""
    executions: tuple[SealedExecution, ...] = ()
    content: str | None = None
    """Keyed commitment to the content as a whole."""
    origin: Origin | None = None
    seals: tuple[int, ...] = ()
    """Whose content is gone, by their numbers."""
    mac: str | None = None
    """Of a deletion, over the whole entry: made with the signing key, which no database holds."""

    @property
    def run_ids(self) -> list[str]:
        return [each.run_id for each in self.executions]


class SweepSpec(Word):
    """Input of the `Sweep` workflow, and what it hands on to a fresh history."""

    since: float | None = None
    sealed: int = 0


class SealEnded(Word):
    """Input of the `seal_ended` activity."""

    since: float | None = None
    """Runs that ended before then are known to be sealed. Absent: all are looked at."""


class Sealed(Word):
    """What came of one pass."""

    since: float
    """For the next pass."""
    sealed: int = 0
    failed: int = 0
    deleted: int = 0
    more: Flag = None
    """Runs are left."""
