"""Prometheus metrics of the daemon: few, and with labels whose values are bounded.

No label names a user, a run or an agent: metrics are kept for months, beside other systems' ones,
and every value is a time series.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from temporalio.service import RPCError

from harness.api.counts import Counts
from harness.contracts.run import WORKFLOW, RunState
from harness.engine.connection import Connection
from harness.history.run_reads import RunReads
from harness.version import __version__
from harness_daemon.limit_metrics import LimitMetrics
from harness_daemon.request_log_metrics import RequestLogMetrics

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
ASK_S = 10.0
"""Temporal's index is asked at most this often, however many servers scrape."""
WAIT_S = 2.0
WAITING = (
    f"WorkflowType = '{WORKFLOW}' AND HarnessState = '{RunState.WAITING.value}' "
    "AND ExecutionStatus = 'Running'"
)


class Metrics:
    """The metrics of one daemon."""

    def __init__(self, connection: Connection, reads: RunReads, counts: Counts) -> None:
        self._connection = connection
        self._reads = reads
        self._counts = counts
        self._limits = LimitMetrics(connection)
        self._request_log = RequestLogMetrics(connection)
        self._asked = float("-inf")
        self._waiting: int | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self.requests = Counter(
            "harness_http_requests",
            "Requests, by the template of their route.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self.latency = Histogram(
            "harness_http_request_duration_seconds",
            "Time until an answer began: streams last longer.",
            ("route", "method"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.streams = Gauge(
            "harness_open_streams",
            "Streams that clients follow now.",
            ("kind",),
            registry=self._registry,
        )
        for kind in ("sse", "websocket"):
            self.streams.labels(kind)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def write(self, accept: str | None) -> tuple[bytes, str]:
        """All metrics, and their media type, in the format that a scraper accepts."""
        await self._reads.shared.read("metrics", self._count_waiting)
        await self._reads.shared.read("limit metrics", self._limits.refresh)
        await self._reads.shared.read("request log metrics", self._request_log.refresh)
        encode, media_type = choose_encoder(accept or "")
        return encode(self._registry), media_type

    def collect(self) -> Iterator[Metric]:
        """What is counted elsewhere. Called by the registry."""
        counts, cards = self._counts, self._reads.cards
        yield InfoMetricFamily("harness_build", "The daemon.", {"version": __version__})
        yield CounterMetricFamily(
            "harness_api_runs_started",
            "Requests that started a run, or joined one that a request before started.",
            counts.runs_started,
        )
        yield CounterMetricFamily(
            "harness_dropped_readers",
            "Clients that were disconnected because they accepted nothing.",
            counts.dropped_readers,
        )
        found = CounterMetricFamily(
            "harness_run_card_reads",
            "Reads of runs, by what was needed: nothing, new entries of history, or all of it.",
            labels=("needed",),
        )
        for needed, value in (
            ("nothing", cards.hits), ("new_entries", cards.extended), ("history", cards.read)
        ):  # fmt: skip
            found.add_metric((needed,), value)
        yield found
        errors = CounterMetricFamily(
            "harness_topic_errors",
            "Topics of live sockets that stopped with an error, by its code.",
            labels=("code",),
        )
        for code, count in counts.topic_errors.items():
            errors.add_metric((code,), count)
        yield errors
        yield GaugeMetricFamily(
            "harness_run_cards", "Runs whose cards are kept in memory.", len(cards)
        )
        yield from self._limits.collect()
        yield from self._request_log.collect()
        if self._waiting is not None:
            yield GaugeMetricFamily(
                "harness_runs_waiting", "Open runs that wait for a person.", self._waiting
            )

    async def _count_waiting(self) -> None:
        if time.monotonic() - self._asked < ASK_S:
            return
        self._asked = time.monotonic()
        try:
            async with asyncio.timeout(WAIT_S):
                found = await self._connection.temporal.count_workflows(WAITING)
        except (TimeoutError, RPCError):
            self._waiting = None  # absent rather than old
        else:
            self._waiting = found.count


class Metered:
    """Measures each request that passes to the app."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._measure_socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._measure_request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _measure_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        metrics, started, streams = self._metrics, time.perf_counter(), False
        method = scope["method"] if scope["method"] in METHODS else OTHER

        async def send_measured(message: Message) -> None:
            nonlocal streams
            if message["type"] == "http.response.start":
                route = _route_of(scope)
                metrics.requests.labels(route, method, str(message["status"])).inc()
                metrics.latency.labels(route, method).observe(time.perf_counter() - started)
                headers = dict(message["headers"])
                if headers.get(b"content-type", b"").startswith(b"text/event-stream"):
                    streams = True
                    metrics.streams.labels("sse").inc()
            await send(message)

        try:
            await self._app(scope, receive, send_measured)
        finally:
            if streams:
                metrics.streams.labels("sse").dec()

    async def _measure_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        opened = False

        async def send_measured(message: Message) -> None:
            nonlocal opened
            if message["type"] == "websocket.accept":
                opened = True
                self._metrics.streams.labels("websocket").inc()
            await send(message)

        try:
            await self._app(scope, receive, send_measured)
        finally:
            if opened:
                self._metrics.streams.labels("websocket").dec()


def _route_of(scope: Scope) -> str:
    """The template of the route, such as `/api/v1/runs/{run}`; a path that has none is not a label:
    anyone could make up any number of them."""
    return getattr(scope.get("route"), "path", None) or OTHER
