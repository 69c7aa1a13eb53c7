"""Seals of ended runs: the entries of their chain, and the sweep that makes them."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from harness.contracts.base import Flag, Word

SWEEP = "Sweep"
"""The workflow's type in Temporal."""
ENTRY_VERSION = 1
START = ""
"""The `prev` of a chain's first entry."""

Kind = Literal["sealed", "part", "imported", "deleted", "forgotten"]
CONTENT: frozenset[str] = frozenset({"sealed", "part", "imported"})
"""Kinds that seal a run. The others record that earlier content was deleted."""


class SealedExecution(Word):
    """One history of a sealed run, with its commitments."""

    model_config = ConfigDict(extra="ignore")

    run_id: str
    events: int
    last: str
    """The last keyed commitment: each covers the one before it and one history event."""
    readable: str | None = None
    """The same over events with readable payloads, as in an export, if those bytes differ."""


class Origin(Word):
    """Where an imported run was sealed first."""

    model_config = ConfigDict(extra="ignore")

    hash: str
    seq: int
    namespace: str


class SealEntry(Word):
    """A link of the chain; the next one holds its hash. It contains none of the run's content."""

    model_config = ConfigDict(extra="ignore")

    version: int = ENTRY_VERSION
    seq: int
    prev: str
    kind: Kind
    run: str
    namespace: str
    at: float
    by: str
    """The person or worker that added the entry."""
    harness: str
    projector: int
    workflow: str | None = None
    """The workflow's type in Temporal: an agent's run, or an undo."""
    executions: tuple[SealedExecution, ...] = ()
    content: str | None = None
    """Keyed commitment to the content as a whole."""
    origin: Origin | None = None
    seals: tuple[int, ...] = ()
    """Numbers of the seals whose content was deleted."""
    mac: str | None = None
    """For a deletion: MAC over the whole entry, made with the signing key, which is not stored in
    the database."""

    @property
    def run_ids(self) -> list[str]:
        return [each.run_id for each in self.executions]


class SweepSpec(Word):
    """Input of the `Sweep` workflow, also passed on when it continues as new."""

    since: float | None = None
    sealed: int = 0


class SealEnded(Word):
    """Input of the `seal_ended` activity."""

    since: float | None = None
    """Runs that ended before this time are known to be sealed. Absent: check all."""


class Sealed(Word):
    """The result of one pass."""

    since: float
    """For the next pass."""
    sealed: int = 0
    failed: int = 0
    deleted: int = 0
    more: Flag = None
    """Runs are left."""
