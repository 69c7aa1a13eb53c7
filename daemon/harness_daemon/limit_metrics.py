"""Metrics of limits and pools. Their labels are the names in the settings, so there are few."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from harness.contracts.errors import StoreError
from harness.engine.connection import Connection
from harness.limits.client import list_limits
from harness.limits.views import Limit

if TYPE_CHECKING:
    from prometheus_client.core import Metric

ASK_S = 5.0
WAIT_S = 2.0
LABELS = ("kind", "name")
GAUGES = (
    ("requests", "harness_limit_requests", "Requests of the last minute."),
    ("tokens", "harness_limit_tokens", "Tokens of the last minute, with reserved ones."),
    ("in_use", "harness_limit_calls_in_progress", "Calls in progress."),
    ("waiting", "harness_limit_calls_waiting", "Calls that wait for their turn."),
)
COUNTERS = (
    ("granted", "harness_limit_calls", "Calls that were made."),
    ("waited", "harness_limit_waits", "Calls that had to wait before."),
    ("waited_seconds", "harness_limit_wait_seconds", "How long they waited, all together."),
    ("refused", "harness_limit_refusals", "Calls that the provider refused as too many."),
)


class LimitMetrics:
    """What Postgres counts of limits, asked for at most every few seconds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked = float("-inf")
        self._limits: Sequence[Limit] = ()

    async def refresh(self) -> None:
        """Ask again, unless that was done a moment ago."""
        if time.monotonic() - self._asked < ASK_S:
            return
        self._asked = time.monotonic()
        kinds = ("model", "provider", "pool")
        try:
            async with asyncio.timeout(WAIT_S):
                self._limits = await list_limits(self._connection, kinds, calls=False)
        except (TimeoutError, StoreError):
            self._limits = ()  # absent rather than old

    def collect(self) -> Iterator[Metric]:
        """The metrics as of the last refresh; none without limits."""
        if not self._limits:
            return
        for field, name, text in GAUGES:
            yield self._fill(GaugeMetricFamily(name, text, labels=LABELS), field)
        for field, name, text in COUNTERS:
            yield self._fill(CounterMetricFamily(name, text, labels=LABELS), field)

    def _fill(
        self, family: GaugeMetricFamily | CounterMetricFamily, field: str
    ) -> GaugeMetricFamily | CounterMetricFamily:
        for limit in self._limits:
            family.add_metric((limit.kind, limit.name), getattr(limit, field))
        return family
