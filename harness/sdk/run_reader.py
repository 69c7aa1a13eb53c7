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
from harness.contracts.errors import InvalidValue, RunUnfinished, from_info
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
from harness.sdk.result import RunResult, make_result
from harness.sdk.scope import Scope
from harness.store.attempts import attempts_of
from harness.undo import client

Out = TypeVar("Out")


def _check_timeout(timeout: Any) -> None:
    if timeout is None:
        return
    # Not `timeout < 0`: every comparison with nan is false.
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout >= 0:
        raise InvalidValue(
            f"timeout is {timeout!r}.", fix="Pass seconds, 0 or more, or None to wait for ever."
        )


class RunReader(Generic[Out]):
    """The reading half of a run handle."""

    id: str
    """The run's id."""

    def __init__(self, scope: Scope, id: str, agent: Agent[Any, Out] | None = None) -> None:
        self.id = id
        self._scope = scope
        self._connection = scope.connection
        self._agent = agent

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    @property
    def url(self) -> str | None:
        """The run's address in Temporal's web page; None where no page is served."""
        base = self._connection.endpoints.ui_url
        namespace = self._connection.endpoints.namespace
        return base and f"{base}/namespaces/{namespace}/workflows/{quote(self.id, safe='')}"

    # --- how it ends

    async def result(self, timeout: float | None = None) -> RunResult[Out]:
        """Wait for the result of a run that completes or is aborted.

        Args:
            timeout: Seconds to wait. The run goes on when they are over.

        Returns:
            The result; its `output` is the typed value.

        Raises:
            InvalidValue: `timeout` is not a number of seconds, 0 or more.
            RunUnfinished: The run had not ended in time; it is a `TimeoutError` too.
            HarnessError: The run failed; this is its error.
        """
        result = await self.outcome(timeout)
        if result.error is not None:
            raise from_info(result.error)
        if result.state is RunState.COMPLETED:
            _ = result.output  # a value that does not fit is an error now, and not later
        return result

    async def outcome(self, timeout: float | None = None) -> RunResult[Out]:
        """Wait for the end of the run, and say how it ended. A run that failed raises nothing.

        Args:
            timeout: Seconds to wait. The run goes on when they are over.

        Returns:
            The result, with `error` where the run failed.

        Raises:
            InvalidValue: `timeout` is not a number of seconds, 0 or more.
            RunUnfinished: The run had not ended in time; it is a `TimeoutError` too.
            RunNotFound: No run has this id.
        """
        _check_timeout(timeout)
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                end = await wait_for_end(self._connection, self._scope.feeds, self.id)
        except TimeoutError:
            if not limit.expired():
                raise
            raise RunUnfinished(
                f"Run {self.id!r} had not ended after {timeout or 0:g} s."
            ) from None
        return make_result(self.id, end, self._agent)

    # --- what happened

    def events(self) -> AsyncIterator[Event]:
        """Follow the run: every event from its start to its end, with live text as it comes.

        Returns:
            An iterator that ends with the run. It may be read by many, at any time.

        Raises:
            RunNotFound: No run has this id.
        """
        return self._scope.feeds.follow_all(self.id)

    async def trace(self) -> list[DurableEvent]:
        """Read what has happened so far, from history alone. Needs no worker.

        Returns:
            The events, oldest first.

        Raises:
            RunNotFound: No run has this id.
        """
        return [event async for event in reader.read_events(self._connection, self.id, wait=False)]

    async def attempts(self) -> list[Attempt]:
        """List the attempts at model and tool calls that failed.

        They come from the log that workers keep, since history has only their number and the last
        failure. An attempt whose worker was killed is missing.

        Returns:
            The failed attempts, oldest first.
        """
        connection = self._connection
        return await attempts_of(connection.database, self.id, connection.vault)

    async def export(self, file: Path) -> None:
        """Write the run so far to one file, with everything that it names.

        Args:
            file: Where to write; an existing file is replaced.

        Raises:
            RunNotFound: No run has this id.
        """
        recording = await record_run(self._connection, self.id, at=time.time())
        await asyncio.to_thread(write_atomic, file, dump_recording(recording))

    async def diff(self, other: RunReader[Any]) -> RunDiff:
        """Compare what this run and another one did so far.

        Args:
            other: The other run, such as a fork of this one.

        Returns:
            The turn in which they part, and what each did from there on.

        Raises:
            RunNotFound: No run has this id.
        """
        return compare_runs(await self.trace(), await other.trace())

    async def effects(self) -> list[EffectRow]:
        """List what the run did to the world, as the ledger has it.

        Returns:
            Its writes, in the order in which they began.

        Raises:
            RunNotFound: No run has this id.
        """
        return await client.list_effects(self._connection, self.id)

    # --- what it does now

    async def status(self) -> RunStatus:
        """Ask what the run does now.

        Returns:
            Its state, turn, totals and what it waits for.

        Raises:
            RunNotFound: No run has this id.
            NoWorker: No worker answers.
        """
        return await self._query("status", RunStatus, reader.derive_status)

    async def pending(self) -> list[Pending]:
        """Ask what the run waits for a person to decide.

        Returns:
            What `decide` can be given; empty where nothing waits.

        Raises:
            RunNotFound: No run has this id.
            NoWorker: No worker answers.
        """
        return await self._query("pending", list[Pending], _nothing)

    async def transcript(self) -> TranscriptView:
        """Ask where the run's transcript stands.

        Returns:
            The address of its newest node, and messages that are not stored yet.

        Raises:
            RunNotFound: No run has this id.
            NoWorker: No worker answers.
        """
        return await self._query("transcript", TranscriptView, reader.derive_transcript)

    async def is_served(self) -> bool:
        """Ask whether a worker answers for this run. It takes a moment to be sure of a no.

        Returns:
            Whether one does.

        Raises:
            RunNotFound: No run has this id.
            StackUnreachable: Temporal does not answer.
        """
        handle = self._connection.temporal.get_workflow_handle(self.id)
        return await served.is_served(handle)

    async def retries(self) -> list[Retry]:
        """List calls under way that have failed and are tried again.

        Returns:
            Why each failed, which attempt that was, and when the next one begins.

        Raises:
            RunNotFound: No run has this id.
        """
        return await list_retries(self._connection.temporal, self.id)

    async def trouble(self) -> str | None:
        """Find out why the run is stuck although a worker serves it.

        Returns:
            Why its workflow task fails; None where it does not.

        Raises:
            RunNotFound: No run has this id.
        """
        return await diagnose_stuck_run(self._connection.temporal, self.id)

    async def _query(self, name: str, kind: Any, from_events: FromEvents) -> Any:
        return await query_run(self._connection, self.id, name, kind, from_events)


def _nothing(_: list[DurableEvent]) -> list[Pending]:
    """A run that has ended waits for nothing."""
    return []
