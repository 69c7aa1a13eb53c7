"""What fails for a while, in the log: once when it begins, once when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Interruption:
    """Notes each failure and each success of something that is retried.

    Args:
        log: Where it is logged.
        what: What is interrupted, as the log names it, such as "live output".
    """

    def __init__(self, log: FilteringBoundLogger, what: str) -> None:
        self._log = log
        self._what = what
        self._failing = False

    def note_failure(self, why: str) -> None:
        """It failed. Only the first failure is logged."""
        if not self._failing:
            self._log.warning(f"{self._what} is interrupted, retrying", error=why)
        self._failing = True

    def note_success(self) -> None:
        """It worked."""
        if self._failing:
            self._log.warning(f"{self._what} is back")
        self._failing = False
