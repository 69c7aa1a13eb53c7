"""What Temporal, or else the archive, has of a run now: cheap to ask, and enough to tell whether
what a process remembers of the run still holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import WorkflowExecutionStatus

from harness.contracts.errors import RunNotFound
from harness.engine.connection import Connection
from harness.history import live
from harness.history.reader import find_seal


class Version(NamedTuple):
    """A state of a run: two reads of the same version have the same events."""

    run_id: str
    """The newest execution; of a sealed run, the seal."""
    entries: int
    bytes: int
    status: int
    closed: int
    """Nanoseconds since the epoch; 0 if it is open or sealed."""

    @property
    def open(self) -> bool:
        """Whether Temporal may add to it."""
        return self.status == WorkflowExecutionStatus.RUNNING


@dataclass(frozen=True)
class ObservedRun:
    """A run as it is now."""

    origin: str
    """The first execution, or the seal: with another one it is another run under the same id."""
    version: Version
    described: DescribeWorkflowExecutionResponse | None
    """None if the run is sealed."""


async def observe_run(connection: Connection, run: str) -> ObservedRun:
    """Ask Temporal, and the archive if Temporal does not have the run.

    Raises:
        RunNotFound: Neither has a run with this id.
    """
    try:
        described = await live.describe_execution(connection.temporal, run)
    except RunNotFound:
        row = await find_seal(connection, run)
        seal = f"{row.hash}/{row.content}"
        return ObservedRun(seal, Version(seal, 0, 0, 0, 0), None)
    info = described.workflow_execution_info
    closed = info.close_time.ToNanoseconds() if info.HasField("close_time") else 0
    return ObservedRun(
        origin=info.first_run_id or info.execution.run_id,
        version=Version(
            info.execution.run_id,
            info.history_length,
            info.history_size_bytes,
            info.status,
            closed,
        ),
        described=described,
    )
