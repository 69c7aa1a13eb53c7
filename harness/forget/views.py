"""What the API returns of forgetting."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import BaseModel

from harness.forget.client import Family, Forgotten


class FamilyView(BaseModel):
    """Runs that are forgotten together, because they share content and a key."""

    family: str
    runs: list[str]

    @classmethod
    def of(cls, family: Family) -> FamilyView:
        """The view of a family."""
        return cls(family=family.name, runs=list(family.runs))


class ForgottenRuns(BaseModel):
    """What forgetting did."""

    family: str
    runs: list[str]
    unreadable: bool
    """Whether all of it was encrypted with a destroyed key, so that copies are unreadable too."""
    deleted: dict[str, int]
    """Rows by table."""
    going: list[str]
    """Runs that began meanwhile and are still open. They are kept."""

    @classmethod
    def of(cls, done: Forgotten) -> ForgottenRuns:
        """The view of what was done."""
        return cls.model_validate(asdict(done))
