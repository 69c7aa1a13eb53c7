"""What the API returns of the archive."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import BaseModel

from harness.archive.status import ArchiveStatus
from harness.archive.verify import Report, SealProblem, Verified
from harness.runs.listing import RunRow
from harness.store.seals import Figures


class Verification(BaseModel):
    """What the comparison of a run with its seal found."""

    run: str
    token: str
    """The replay token: the hash of the seal."""
    unchanged: bool
    events: int
    content: str
    """`present`, `deleted` or `forgotten`."""
    compared_with_temporal: bool
    problems: list[str]
    found: list[SealProblem]
    """The same problems, with the number of their seal."""
    seq: int
    """The seal's number in the chain."""
    sealed: float
    """When it was sealed; seconds since the epoch."""
    by: str
    """The person or worker that sealed it."""
    code: str
    """The version of harness that sealed it."""

    @classmethod
    def of(cls, found: Verified) -> Verification:
        """The view of what was found."""
        return cls(
            run=found.run,
            token=found.token,
            unchanged=not found.problems,
            events=sum(each.events for each in found.entry.executions),
            content=found.gone or "present",
            compared_with_temporal=found.engine,
            problems=[str(each) for each in found.problems],
            found=list(found.problems),
            seq=found.entry.seq,
            sealed=found.entry.at,
            by=found.entry.by,
            code=found.entry.harness,
        )


class ArchiveVerification(BaseModel):
    """What the check of the whole archive found."""

    seals: int
    checked: int
    """Seals whose content was read and has not changed."""
    deleted: int
    forgotten: int
    newer: int
    """Made by a newer version: only their position in the chain was checked."""
    head: str | None = None
    """The hash of the last entry. A copy of it elsewhere shows when the end of the chain is cut
    off."""
    problems: list[SealProblem]

    @classmethod
    def of(cls, report: Report) -> ArchiveVerification:
        """The view of a report."""
        return cls(**vars(report))


class ArchiveView(BaseModel):
    """What is sealed, and what is not yet. Times are seconds since the epoch."""

    ended: int
    """Ended runs that Temporal knows."""
    unsealed: int
    """Those of them that are not sealed."""
    lost_at: float | None = None
    """When Temporal deletes the oldest unsealed one."""
    close: bool
    """Whether that is soon."""
    figures: Figures
    head: str | None = None
    """The hash of the chain's last entry."""
    last: float | None = None
    """When ended runs were last looked for."""
    next: float | None = None
    """When they are looked for next."""
    retention_s: float
    """How long Temporal keeps ended runs, in seconds."""
    enabled: bool
    """Whether workers seal ended runs."""

    @classmethod
    def of(cls, status: ArchiveStatus, *, enabled: bool) -> ArchiveView:
        """The view of the archive's status."""
        return cls.model_validate({**asdict(status), "enabled": enabled})


class Seal(BaseModel):
    """The seal of a run."""

    run: str
    seq: int
    """Its number in the chain."""
    token: str
    """The replay token: the hash of the seal."""


class SealedRuns(BaseModel):
    """What sealing all ended runs did."""

    sealed: int
    failed: int
    """How many ended runs are left that cannot be sealed; the daemon's log says why."""


class Rebuilt(BaseModel):
    """What rebuilding the index did."""

    rebuilt: int
    """Seals that were read."""


class ArchivedRuns(BaseModel):
    """Sealed runs, the newest first."""

    runs: list[RunRow]
