"""What the API returns of the archive."""

from __future__ import annotations

from pydantic import BaseModel

from harness.archive.verify import SealProblem, Verified


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
        )
