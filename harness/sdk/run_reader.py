"""What can be read of a run, whether it goes on, has ended, or has been archived."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from harness.agent import Agent
from harness.commons.files import write_atomic
from harness.contracts.attempt import Attempt, Retry
from harness.contracts.effect import EffectRow
from harness.contracts.errors import RunUnfinished, from_info
from harness.contracts.event import DurableEvent, Event
from harness.contracts.run import Pending, RunState, RunStatus, TranscriptView
from harness.engine import served
from harness.history import reader
from harness.history.diagnosis import diagnose_stuck_run
from harness.history.export import dump_recording
from harness.history.recording import record_run
from harness.history.retries import list_retries
from harness.journal.diff import RunDiff, compare_runs
from harness.runs.end import wait_for_end
from harness.runs.query import FromEvents, query_run
from harness.sdk.arguments import check_timeout
from harness.sdk.handle_context import HandleContext
from harness.sdk.result import RunResult, make_result
from harness.store.attempts import attempts_of
from harness.undo import client

Out = TypeVar("Out")


class RunReader(Generic[Out]):
    """The reading half of a run handle."""

    id: str
    """The run's id."""

    def __init__(
        self, context: HandleContext, id: str, agent: Agent[Any, Out] | None = None
    ) -> None:
        self.id = id
        self._context = context
        self._connection = context.connection
        self._agent = agent

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    @property
    def url(self) -> str | None:
        """The address of the run in Temporal's web page; None if no page is served."""
        base = self._connection.endpoints.ui_url
        namespace = self._connection.endpoints.namespace
        return base and f"{base}/namespaces/{namespace}/workflows/{quote(self.id, safe='')}"

    # --- how it ends

    async def result(self, timeout: float | None = None) -> RunResult[Out]:
        """Wait for the result. A run that failed raises its error.

        Args:
            timeout: Seconds to wait. The run continues when they have passed.

        Returns:
            The result; its `output` is the typed value.

        Raises:
            InvalidValue: `timeout` is not a number of seconds, 0 or more.
            RunUnfinished: The run did not end in time; also a `TimeoutError`.
            HarnessError: The run failed with this error.
        """
        result = await self.outcome(timeout)
        if result.error is not None:
            raise from_info(result.error)
        if result.state is RunState.COMPLETED:
            _ = result.output  # a value that does not fit raises now, not when it is read
        return result

    async def outcome(self, timeout: float | None = None) -> RunResult[Out]:
        """Wait for the end of the run. Unlike `result`, this does not raise if the run failed.

        Args:
            timeout: Seconds to wait. The run continues when they have passed.

        Returns:
            The result, with `error` set if the run failed.

        Raises:
            InvalidValue: `timeout` is not a number of seconds, 0 or more.
            RunUnfinished: The run did not end in time; also a `TimeoutError`.
            RunNotFound: No run has this id.
        """
        check_timeout(timeout)
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                end = await wait_for_end(self._connection, self._context.feeds, self.id)
        except TimeoutError:
            if not limit.expired():
                raise
            raise RunUnfinished(
                f"Run {self.id!r} had not ended after {timeout or 0:g} s.",
                fix="It is not cancelled and continues when its agent is served. Wait again with "
                f"`harness.get_run({self.id!r}, agent)`, or follow it: harness watch {self.id}",
            ) from None
        return make_result(self.id, end, self._agent)

    # --- what happened

    def events(self) -> AsyncIterator[Event]:
        """Follow the run: every event from start to end, and live text as it arrives.

        Returns:
            An iterator that ends with the run. Several can be read at once, also later.

        Raises:
            RunNotFound: No run has this id.
        """
        return self._context.feeds.follow_all(self.id)

    async def trace(self) -> list[DurableEvent]:
        """Read the events so far, from history alone. This needs no worker.

        Returns:
            The events, oldest first.

        Raises:
            RunNotFound: No run has this id.
        """
        return [event async for event in reader.read_events(self._connection, self.id, wait=False)]

    async def attempts(self) -> list[Attempt]:
        """List failed attempts at model and tool calls.

        They come from a log that workers write: history has only the number of attempts and the
        last failure. An attempt whose worker was killed is missing.

        Returns:
            The failed attempts, oldest first.
        """
        connection = self._connection
        return await attempts_of(connection.database, self.id, connection.vault)

    async def export(self, file: Path) -> None:
        """Write the run so far to one file, with all content that it refers to.

        Args:
            file: The file to write. An existing file is replaced.

        Raises:
            RunNotFound: No run has this id.
        """
        recording = await record_run(self._connection, self.id, at=time.time())
        await asyncio.to_thread(write_atomic, file, dump_recording(recording))

    async def diff(self, other: RunReader[Any]) -> RunDiff:
        """Compare what this run and another one have done so far.

        Args:
            other: The other run, such as a fork of this one.

        Returns:
            The turn in which they first differ, and what each did from there.

        Raises:
            RunNotFound: No run has this id.
        """
        return compare_runs(await self.trace(), await other.trace())

    async def effects(self) -> list[EffectRow]:
        """List the run's effects: the calls that changed something, as the ledger records them.

        Returns:
            The effects, in the order in which they began.

        Raises:
            RunNotFound: No run has this id.
        """
        return await client.list_effects(self._connection, self.id)

    # --- what it is doing now

    async def status(self) -> RunStatus:
        """Ask the run for its state.

        Returns:
            Its state, turn, totals and what it is waiting for.

        Raises:
            RunNotFound: No run has this id.
            NoWorker: No worker answered.
        """
        return await self._query_run("status", RunStatus, reader.derive_status)

    async def pending(self) -> list[Pending]:
        """List what the run is waiting for a person to decide.

        Returns:
            Entries to pass to `decide`; empty if nothing is waiting.

        Raises:
            RunNotFound: No run has this id.
            NoWorker: No worker answered.
        """
        return await self._query_run("pending", list[Pending], _derive_no_pending)

    async def transcript(self) -> TranscriptView:
        """Ask the run for its transcript.

        Returns:
            The address of its newest node, and the messages that are not stored yet.

        Raises:
            RunNotFound: No run has this id.
            NoWorker: No worker answered.
        """
        return await self._query_run("transcript", TranscriptView, reader.derive_transcript)

    async def is_served(self) -> bool:
        """Whether a worker answers for this run. A False takes a moment, to be sure.

        Returns:
            True if a worker answers.

        Raises:
            RunNotFound: No run has this id.
            StackUnreachable: Temporal does not answer.
        """
        handle = self._connection.temporal.get_workflow_handle(self.id)
        return await served.is_served(handle)

    async def retries(self) -> list[Retry]:
        """List calls in progress that have failed and are being retried.

        Returns:
            Why each call failed, the number of that attempt, and when the next one starts.

        Raises:
            RunNotFound: No run has this id.
        """
        return await list_retries(self._connection.temporal, self.id)

    async def trouble(self) -> str | None:
        """Find out why a run is stuck although a worker serves it.

        Returns:
            Why its workflow task fails; None if it does not fail.

        Raises:
            RunNotFound: No run has this id.
        """
        return await diagnose_stuck_run(self._connection.temporal, self.id)

    async def _query_run(self, name: str, kind: Any, from_events: FromEvents) -> Any:
        return await query_run(self._connection, self.id, name, kind, from_events)


def _derive_no_pending(_: list[DurableEvent]) -> list[Pending]:
    """A run that has ended is waiting for nothing."""
    return []
