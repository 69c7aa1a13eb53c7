"""What a daemon counts for its metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """Since the daemon started."""

    runs_started: int = 0
    """Requests that started a run, or joined the run that an earlier one started."""
    dropped_readers: int = 0
    """Clients that were disconnected because they accepted nothing."""
    topic_errors: Counter[str] = field(default_factory=Counter[str])
    """Topics of live sockets that stopped with an error, by its code."""
