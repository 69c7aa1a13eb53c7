"""Log a lost connection to Temporal in few lines: one at once, then one every half minute.

Each poller and each retry of the SDK's native part logs the loss, several times a second.
"""

from __future__ import annotations

import logging
import threading
import time

EVERY_SECONDS = 30.0
_SIGNS = ("tcp connect error", "transport error", "Connection refused", "error reading a body")


class OutageFilter(logging.Filter):
    """Passes the first record of a loss, then one every `every` seconds, shortened."""

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        super().__init__()
        self._every = every
        self._lock = threading.Lock()
        self._said = 0.0
        """When a loss was last logged; 0 while connected."""
        self._kept_back = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if not any(sign in record.getMessage() for sign in _SIGNS):
            return True
        now = time.monotonic()
        with self._lock:
            lasts = self.lost
            if lasts and now - self._said < self._every:
                self._kept_back += 1
                return False
            again = f" (still; {self._kept_back} more messages)" if lasts else ""
            self._said, self._kept_back = now, 0
        record.msg = f"Temporal does not answer; retrying{again}"
        record.args = ()
        return True

    @property
    def lost(self) -> bool:
        """Whether a loss was logged whose end was not."""
        return bool(self._said)

    def note_recovery(self) -> bool:
        """Record that the connection is back; True for the first call after a loss."""
        with self._lock:
            lost, self._said = bool(self._said), 0.0
            return lost
