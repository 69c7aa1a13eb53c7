"""What the activity log consists of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel

Kind = Literal[
    "run_started", "run_forked", "whatif_started", "decision", "hint", "pause", "resume", "abort",
    "reset", "undo", "forgotten", "content_deleted", "user_added", "user_disabled", "signed_in",
    "session_ended", "token_created", "token_revoked",
]  # fmt: skip


class Act(BaseModel):
    """What somebody did."""

    id: str
    """Unique, and the same each time that the log is read."""
    at: datetime
    kind: Kind
    by: str | None = None
    """Who did it; absent where that is not recorded."""
    run: str | None = None
    """The run that it was done to."""
    subject: str | None = None
    """The user, or the id of the token or browser session, that it is about; of a decision, what it
    decided; of a fork, the run that it was forked from."""
    detail: str | None = None
    """What was said, shortened."""

    @property
    def place(self) -> tuple[float, str]:
        """Its place in the order of the log."""
        return self.at.timestamp(), self.id


class ActivityPage(BaseModel):
    """A page of the log, newest first."""

    activity: list[Act]
    next: str | None = None
    """The cursor of the next page, which may be empty; absent on the last one."""
    incomplete: bool = False
    """Whether more runs were open at once than one request reads, so that acts are missing. Filter
    by run to see all of them."""


def time_of(seconds: float) -> datetime:
    """A time as the log has it."""
    return datetime.fromtimestamp(seconds, UTC)
