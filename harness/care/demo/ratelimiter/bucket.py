"""A token bucket for each key."""

import time


class Bucket:
    def __init__(self, capacity: float, refill_per_second: float) -> None:
        self.capacity = capacity
        self.refill_per_second = refill_per_second
        self.tokens = capacity
        self.at = time.monotonic()

    def take(self, now: float | None = None) -> bool:
        """Take a token, if there is one."""
        now = time.monotonic() if now is None else now
        passed = max(0.0, now - self.at)
        self.tokens = min(self.capacity, self.tokens + passed * self.refill_per_second)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True
