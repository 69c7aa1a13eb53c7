"""The options of every worker of a process."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.worker import Interceptor

from harness.engine.connection import Connection
from harness.store import AttemptWriter
from harness_activities.failures import Failures
from harness_workers.provenance import get_build_id, get_process_name

STICKY_S = 1.0
"""How long a run waits for the worker that has it in memory; 10 s by default (a dead worker's runs
would stand still for that long)."""

HEARTBEAT_THROTTLE_S = 0.5
"""Shortest time between heartbeats, and so the longest delay of a cancellation."""


def make_worker_options(
    connection: Connection, attempts: AttemptWriter, guard: Interceptor
) -> dict[str, Any]:
    """Make the options of a worker. `guard` checks each request before its activity runs."""
    settings = connection.settings.worker
    return {
        "client": connection.temporal,
        "max_concurrent_activities": settings.max_activities,
        "graceful_shutdown_timeout": timedelta(seconds=settings.graceful_shutdown_seconds),
        "max_heartbeat_throttle_interval": timedelta(seconds=HEARTBEAT_THROTTLE_S),
        "interceptors": [Failures(attempts), guard],
        "build_id": get_build_id(connection.project),
        "identity": get_process_name(),
    }
