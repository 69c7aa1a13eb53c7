"""The options of every worker of a process."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.worker import Interceptor

from harness.engine.connection import Connection
from harness.store import AttemptWriter
from harness_activities.failures import Failures
from harness_workers.provenance import build_id, process_name

HEARTBEAT_THROTTLE_S = 0.5
"""How often a heartbeat is sent at most, and with it how late a cancel may arrive."""


def worker_options(
    connection: Connection, attempts: AttemptWriter, guard: Interceptor
) -> dict[str, Any]:
    """`guard` sees each request before an activity does, and refuses what is not genuine."""
    settings = connection.settings.worker
    return {
        "client": connection.temporal,
        "max_concurrent_activities": settings.max_activities,
        "graceful_shutdown_timeout": timedelta(seconds=settings.graceful_shutdown_seconds),
        "max_heartbeat_throttle_interval": timedelta(seconds=HEARTBEAT_THROTTLE_S),
        "interceptors": [Failures(attempts), guard],
        "build_id": build_id(connection.project),
        "identity": process_name(),
    }
