"""Replays recordings, for the command and for tests."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowReplayResult

from harness.capabilities.registry import load_workflows
from harness.contracts.errors import HarnessError, ReplayDiffers
from harness.contracts.run import WORKFLOW
from harness.engine.converter import data_converter
from harness.history.export import read_file
from harness.history.recording import Recording
from harness.journal import Execution
from harness.replay.capture import Capture
from harness.replay.compare import Difference, find_difference
from harness.replay.step import step_from_command, steps_from_history
from harness.version import __version__

DECIDED = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
}
"""Ends that the workflow itself decides."""


@dataclass(frozen=True)
class Outcome:
    """The result of replaying one execution of a run."""

    run: str
    run_id: str
    steps: int
    """How many steps were compared."""
    difference: Difference | None = None
    failure: str | None = None
    """Why the SDK's own check failed, if it did."""

    @property
    def ok(self) -> bool:
        """Whether today's code did the same."""
        return self.difference is None and self.failure is None

    @property
    def text(self) -> str:
        """Why it is not ok."""
        lines = [self.difference.text] if self.difference else []
        if self.failure and not (self.difference and self.difference.today):
            lines.append(f"the replayer stopped: {self.failure}")
        return "\n".join(lines)


async def replay_recordings(
    recordings: Iterable[Recording] | AsyncIterable[Recording],
) -> AsyncGenerator[Outcome]:
    """Run today's code over recorded runs, and compare what it asks for with what was recorded.

    Args:
        recordings: The runs, as `read_recording` reads them.

    Returns:
        An iterator with one outcome for each execution of each run.
    """
    capture = Capture(UnsandboxedWorkflowRunner())
    now: list[tuple[str, Execution]] = []
    """The execution being replayed: the replayer takes one after another."""
    unreadable: list[Outcome] = []

    async def yield_histories() -> AsyncIterator[WorkflowHistory]:
        async for recording in _iterate_recordings(recordings):
            if why := _explain_unreadable(recording):
                unreadable.append(Outcome(recording.run, "", 0, failure=why))
                continue
            for execution in recording.executions:
                capture.clear()
                now[:] = [(recording.run, execution)]
                yield WorkflowHistory(recording.run, _with_own_run_id(execution))

    with ThreadPoolExecutor(1) as threads:
        replayer = Replayer(
            workflows=load_workflows(),
            workflow_runner=capture,
            workflow_task_executor=threads,
            data_converter=data_converter(),
            runtime=_quiet_runtime(),
            # Unset, the SDK hashes the code of all loaded modules.
            build_id=f"harness-{__version__}",
        )
        async with replayer.workflow_replay_iterator(yield_histories()) as results:
            async for result in results:
                yield _compare_execution(*now[0], capture, result)
    for each in unreadable:
        yield each


def _explain_unreadable(recording: Recording) -> str | None:
    """Explain why a recording cannot be read, such as one of a newer version: the SDK would show a
    traceback for each."""
    entries = recording.executions[0].entries if recording.executions else ()
    started = entries[0].workflow_execution_started_event_attributes if entries else None
    if started is None or started.workflow_type.name != WORKFLOW:
        return None
    try:
        recording.events  # noqa: B018 - read once, and kept
    except HarnessError as error:
        return str(error.info)
    return None


@cache
def _quiet_runtime() -> Runtime:
    """A runtime without logs: they would repeat what the outcome says."""
    return Runtime(telemetry=TelemetryConfig(logging=None))


async def _iterate_recordings(
    recordings: Iterable[Recording] | AsyncIterable[Recording],
) -> AsyncIterator[Recording]:
    if isinstance(recordings, AsyncIterable):
        async for recording in recordings:
            yield recording
    else:
        for recording in recordings:
            yield recording


def _with_own_run_id(execution: Execution) -> list[HistoryEvent]:
    """Give a branch its own run id, which it had while it ran: the replayer would take the original
    id from the first entry, and values derived from it would differ."""
    started, *others = execution.entries
    attributes = started.workflow_execution_started_event_attributes
    if attributes.original_execution_run_id != execution.run_id:
        copy = HistoryEvent()
        copy.CopyFrom(started)
        mine = copy.workflow_execution_started_event_attributes
        mine.original_execution_run_id = execution.run_id
        started = copy
    return [started, *others]


def _compare_execution(
    run: str, execution: Execution, capture: Capture, result: WorkflowReplayResult
) -> Outcome:
    entries = execution.entries
    queue = entries[0].workflow_execution_started_event_attributes.task_queue.name
    was = list(steps_from_history(entries))
    now = [
        step for each in capture.commands if (step := step_from_command(each, capture.queue, queue))
    ]
    difference = find_difference(was, now, closed=entries[-1].event_type in DECIDED)
    failure = result.replay_failure
    return Outcome(
        run=run,
        run_id=execution.run_id,
        steps=len(was),
        difference=difference,
        failure=_extract_message(failure) if failure else None,
    )


def _extract_message(failure: Exception) -> str:
    """Extract the message from the debug output of the SDK's core."""
    text = str(failure)
    found = re.search(r'message: "((?:[^"\\]|\\.)*)"', text)
    return found[1] if found else text


async def check(source: str | Path | Recording) -> None:
    """Check that today's code would do the same again as in a recorded run.

    Args:
        source: A file with an export of a run, or with a history as Temporal's own tools save it.

    Raises:
        ReplayDiffers: It would not; the message has the first step that differs.
    """
    recording = source if isinstance(source, Recording) else read_file(Path(source))
    async with aclosing(replay_recordings([recording])) as outcomes:
        async for outcome in outcomes:
            if not outcome.ok:
                raise ReplayDiffers(
                    f"Today's code differs from run {outcome.run!r} ({outcome.run_id}).\n"
                    f"{outcome.text}",
                )
