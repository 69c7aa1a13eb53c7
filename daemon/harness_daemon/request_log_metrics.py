"""Metrics of the request log: what it holds now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily

from harness.contracts.errors import StoreError
from harness.engine.connection import Connection
from harness.request_log.settings import RequestLogSettings
from harness.request_log.store import RequestStore, Totals

if TYPE_CHECKING:
    from prometheus_client.core import Metric

ASK_S = 5.0
WAIT_S = 2.0
GAUGES = (
    ("entries", "harness_request_log_entries", "Requests that are recorded."),
    ("bytes", "harness_request_log_bytes", "Bytes of their content."),
    ("dropped", "harness_request_log_dropped", "Requests of that time that were not recorded."),
)


class RequestLogMetrics:
    """What Postgres counts, asked for at most every few seconds; nothing if recording is off."""

    def __init__(self, connection: Connection) -> None:
        self._on = connection.settings.section(RequestLogSettings).sample is not None
        self._store = RequestStore(connection.database, connection.vault)
        self._asked = float("-inf")
        self._totals: Totals | None = None

    async def refresh(self) -> None:
        """Ask again, unless that was done a moment ago."""
        if not self._on or time.monotonic() - self._asked < ASK_S:
            return
        self._asked = time.monotonic()
        try:
            async with asyncio.timeout(WAIT_S):
                self._totals = await self._store.read_totals()
        except (TimeoutError, StoreError):
            self._totals = None  # absent rather than old

    def collect(self) -> Iterator[Metric]:
        """The metrics as of the last refresh."""
        if self._totals is not None:
            for field, name, text in GAUGES:
                yield GaugeMetricFamily(name, text, getattr(self._totals, field))
