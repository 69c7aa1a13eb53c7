"""A run as its callers hold it: read it, steer it, wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from temporalio.client import WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from harness.agent import Agent
from harness.commons.files import write_atomic
from harness.contracts.attempt import Attempt, Retry
from harness.contracts.effect import EffectRow, UndoReport
from harness.contracts.errors import (
    HarnessError,
    NoWorker,
    RunFailed,
    RunNotFound,
    RunOver,
    StoreError,
    TooManySignals,
    from_info,
)
from harness.contracts.event import DurableEvent, Event, RunEnded
from harness.contracts.run import Pending, RunResult, RunState, RunStatus, Totals, TranscriptView
from harness.contracts.steering import (
    Decision,
    Signal,
    Steering,
    Verdict,
    check_size,
    read_decide,
    read_signal,
)
from harness.contracts.whatif import WhatIfReport
from harness.engine import served
from harness.engine.connection import Connection
from harness.engine.retry import not_found, unreachable
from harness.forks.fork import Change, fork
from harness.forks.whatif import Question, WhatIf
from harness.history import live, reader
from harness.history.diagnosis import trouble
from harness.history.export import dumps
from harness.history.follow import Feeds
from harness.history.recording import record
from harness.history.retries import retries
from harness.runs.decide import Shown, send_decision
from harness.store.attempts import attempts_of
from harness.undo import client

Out = TypeVar("Out")
Serve = Callable[[Agent[Any, Any]], Awaitable[bool]]
"""Lets a worker of this process serve the agent, where the process hosts any; says whether."""
ANSWER_S = 10.0
"""How long a query or update waits for a worker."""


@dataclass(frozen=True)
class Finished(Generic[Out]):
    """A run's result with its typed value."""

    result: RunResult
    data: Out | None

    @property
    def output(self) -> str:
        return self.result.output

    @property
    def state(self) -> RunState:
        return self.result.state

    @property
    def truncated(self) -> bool:
        """Whether the final answer was cut off at the model's output limit."""
        return bool(self.result.truncated)


class RunHandle(Generic[Out]):
    def __init__(
        self,
        connection: Connection,
        feeds: Feeds,
        id: str,
        agent: Agent[Any, Out] | None = None,
        serve: Serve | None = None,
    ) -> None:
        self.id = id
        self._connection = connection
        self._feeds = feeds
        self._agent = agent
        self._serve = serve

    def __repr__(self) -> str:
        return f"RunHandle({self.id!r})"

    @property
    def url(self) -> str | None:
        """The run's address in the Temporal web page."""
        base = self._connection.endpoints.ui_url
        namespace = self._connection.endpoints.namespace
        return base and f"{base}/namespaces/{namespace}/workflows/{quote(self.id, safe='')}"

    # --- reading

    def events(self) -> AsyncIterator[Event]:
        """What happens, from the start of the run to its end, with live text as it comes."""
        return self._feeds.everything(self.id)

    async def trace(self) -> list[DurableEvent]:
        """What has happened so far, from history alone; needs no worker."""
        return [event async for event in reader.events(self._connection, self.id, wait=False)]

    async def attempts(self) -> list[Attempt]:
        """Attempts that failed, from the log that workers keep: history has their number and why
        the last one failed. One whose worker was killed is missing."""
        connection = self._connection
        return await attempts_of(connection.database, self.id, connection.vault)

    async def export(self, file: Path) -> None:
        """Write the run so far to one file, with everything that it names."""
        recording = await record(self._connection, self.id, at=time.time())
        await asyncio.to_thread(write_atomic, file, dumps(recording))

    async def outcome(self) -> RunResult:
        """How the run ends, whatever the way; waits for it."""
        if not self._feeds.reading(self.id) and (result := await self._completed()):
            return result
        last: RunEnded | None = None
        async for event in self._feeds.durable(self.id):
            if isinstance(event, RunEnded):
                last = event
        if last is None:
            raise RunFailed(f"Run {self.id!r} has ended without saying how.")
        return RunResult(
            state=last.state,
            output=last.output,
            data=last.data,
            truncated=last.truncated,
            head=last.head,
            totals=last.totals or Totals(),
            reason=last.reason,
            error=last.error,
            undone=last.undone,
        )

    async def _completed(self) -> RunResult | None:
        try:
            return await live.completed(self._temporal, self.id)
        except RunNotFound:
            return None  # its events are looked for in the archive too

    async def result(self) -> Finished[Out]:
        """The result of a run that completed or was aborted; a failed one raises its error."""
        result = await self.outcome()
        if result.error is not None:
            raise from_info(result.error)
        wants = self._agent if self._agent and result.state is RunState.COMPLETED else None
        return Finished(result, wants.parse_output(result.data) if wants else None)

    async def trouble(self) -> str | None:
        """Why the run stands still although it is served, where its workflow task fails."""
        return await trouble(self._temporal, self.id)

    async def retries(self) -> list[Retry]:
        """Calls under way that have failed: why, which attempt that was, and when the next one
        begins."""
        return await retries(self._temporal, self.id)

    async def status(self) -> RunStatus:
        return await self._query("status", RunStatus, reader.status)

    async def is_served(self) -> bool:
        """Whether a worker answers for this run; sure, but it takes a moment to say no. Raises
        run.not_found and stack.unreachable where that is why nobody answers."""
        return await served.is_served(self._handle)

    async def transcript(self) -> TranscriptView:
        return await self._query("transcript", TranscriptView, reader.transcript)

    async def pending(self) -> list[Pending]:
        return await self._query("pending", list[Pending], lambda _: [])

    # --- what it did to the world

    async def effects(self) -> list[EffectRow]:
        """Its writes as the ledger has them, in the order in which they began."""
        return await client.effects(self._connection, self.id)

    async def undo(
        self, to_turn: int | None = None, *, dry_run: bool = False, past: Sequence[str] = ()
    ) -> UndoReport:
        """Take back what the run did, or what it did after `to_turn`, the newest first. Stops at
        what cannot be undone, unless its call is in `past`. A worker has to serve the agent; a
        process that hosts workers and knows the agent serves it."""
        if self._agent and self._serve:
            await self._serve(self._agent)
        return await client.undo(
            self._connection, self.id, to_turn=to_turn, dry_run=dry_run, past=past
        )

    # --- steering: signals need no worker to be there

    async def abort(self, reason: str = "aborted", *, undo: bool = False) -> None:
        """End it. With `undo` what it did to the world is taken back before it ends; how far that
        came is in the result's `undone`."""
        value = _checked("abort", {"reason": reason, "undo": True} if undo else reason)
        await self._connection.stops.announce(self.id)
        try:
            await self._signal("abort", value)
        except TooManySignals:
            await self._cancel(reason, undo=undo)

    async def hint(self, text: str, *, interrupt: bool = False) -> None:
        await self._signal("hint", _checked("hint", {"text": text, "interrupt": interrupt}))

    async def pause(self, reason: str | None = None) -> None:
        await self._signal("pause", _checked("pause", reason))

    async def resume(self, reason: str | None = None) -> None:
        await self._signal("resume", _checked("resume", reason))

    async def decide(
        self,
        verdict: Verdict,
        id: str | Shown | None = None,
        *,
        note: str | None = None,
        arguments: dict[str, Any] | None = None,
        replace: bool = False,
        answer: str | None = None,
        digest: str | None = None,
        key: str | None = None,
    ) -> Decision:
        """Decide what waits: an entry of `pending()`, a `decision_requested` event or an id; None
        while only one thing waits. It is bound to the entry, to `digest`, or to what waits now,
        and refused where something else waits by then. An edit changes the `arguments` that it
        names, or with `replace` all; it is checked against the tool's schema. The same `key` sent
        again is the same decision. Without a worker it raises run.no_worker and takes effect once
        there is one."""
        shown = None if id is None or isinstance(id, str) else id
        said = {"note": note, "arguments": arguments, "answer": answer, "digest": digest}
        said |= {"id": id if shown is None else shown.id, "replace": replace or None}
        try:
            return await send_decision(
                self._connection,
                self.id,
                read_decide([{"verdict": verdict, **said}]),
                shown,
                key=key,
            )
        except RPCError as error:
            raise await self._refusal(error) from None

    async def approve(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        """Allow a call. For an unknown outcome: it did not happen, call it again."""
        return await self.decide("approve", id, note=note)

    async def reject(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        return await self.decide("reject", id, note=note)

    async def answer(self, text: str, id: str | Shown | None = None) -> Decision:
        """Answer a question, or say what came of a call whose outcome is unknown."""
        return await self.decide("answer", id, answer=text)

    # --- going on otherwise

    async def fork(
        self,
        at: int,
        *,
        hint: str | None = None,
        model: str | None = None,
        instructions: str | None = None,
        results: Mapping[str, str] | None = None,
        id: str | None = None,
    ) -> RunHandle[Out]:
        """A new run that has turns 1 to `at` of this one behind it and goes on with the next model
        call. Nothing of that is run again, and this run stays as it is.

        `results` replaces what tools of those turns answered, by the ids of their calls."""
        change = Change(hint=hint, model=model, instructions=instructions, results=results or {})
        served = bool(self._agent and self._serve and await self._serve(self._agent))
        name = self._agent.name if self._agent else None
        forked = await fork(self._connection, self.id, at, change, id=id, agent=name, eager=served)
        return RunHandle(self._connection, self._feeds, forked, self._agent, self._serve)

    async def whatif(
        self,
        at: int,
        *,
        hint: str | None = None,
        model: str | None = None,
        instructions: str | None = None,
        results: Mapping[str, str] | None = None,
        n: int = 5,
        live_reads: bool = False,
    ) -> WhatIfReport:
        """What would have come of this run: `n` forks after turn `at` whose tools do not run. See
        `HarnessClient.whatif`, which asks many runs. `results` replaces what tools answered, in
        turns that are kept and in those that are played back."""
        change = Change(hint=hint, model=model, instructions=instructions, results=results or {})
        asked = Question(at=at, change=change, n=n, live_reads=live_reads)
        served = bool(self._agent and self._serve and await self._serve(self._agent))
        name = self._agent.name if self._agent else None

        def handle(id: str) -> RunHandle[Any]:
            return RunHandle(self._connection, self._feeds, id)

        asking = WhatIf(self._connection, handle, asked, agent=name, served=served)
        return await asking.ask([self.id])

    # --- inside

    @property
    def _temporal(self) -> Any:
        return self._connection.temporal

    @property
    def _handle(self) -> WorkflowHandle[Any, Any]:
        return self._connection.temporal.get_workflow_handle(self.id)

    async def _signal(self, name: Signal, value: Steering) -> None:
        try:
            await self._handle.signal(name, value)
        except RPCError as error:
            raise await self._refusal(error) from None

    async def _cancel(self, reason: str, *, undo: bool) -> None:
        """Abort a run that takes no more signals: Temporal's own Cancel always arrives."""
        try:
            await self._handle.cancel(reason=reason)
        except RPCError as error:
            raise await self._refusal(error) from None
        if undo:
            raise TooManySignals(
                f"Run {self.id!r} takes no more signals and was cancelled. Its effects stand.",
                fix=f"Undo them once it has ended: harness undo {self.id}",
            )

    async def _query(
        self, name: str, kind: Any, otherwise: Callable[[list[DurableEvent]], Any]
    ) -> Any:
        """What the run says, or `otherwise` from the events of one that the engine has forgotten:
        it has ended."""
        try:
            return await self._handle.query(
                name, result_type=kind, rpc_timeout=timedelta(seconds=ANSWER_S)
            )
        except WorkflowQueryFailedError as error:
            raise RunFailed(f"{name} of {self.id!r} failed: {error}") from None
        except RPCError as error:
            wrong = self._rpc_error(error)
            if error.status in served.UNSERVED:
                await served.describe(self._handle)
                raise NoWorker(f"No worker answers for run {self.id!r}.") from None
        if not isinstance(wrong, RunNotFound):
            raise wrong
        return otherwise(await self.trace())

    async def _refusal(self, error: RPCError) -> HarnessError:
        """Why steering did not arrive; a run that the engine has forgotten has ended."""
        wrong = self._rpc_error(error)
        if isinstance(wrong, RunNotFound):
            with suppress(StoreError):
                if await reader.is_sealed(self._connection, self.id):
                    return RunOver(f"Run {self.id!r} has ended.")
        return wrong

    def _rpc_error(self, error: RPCError) -> HarnessError:
        if error.status is RPCStatusCode.NOT_FOUND:
            if "already completed" in error.message:
                return RunOver(f"Run {self.id!r} has ended.")
            return not_found(self.id)
        if "exceeded" in error.message and "signal" in error.message:
            return TooManySignals(f"Run {self.id!r} takes no more signals for now.")
        return unreachable(error)


def _checked(name: Signal, said: Any) -> Steering:
    """What the workflow would make of it: nothing is sent that it would refuse."""
    value = read_signal(name, [said])
    check_size(name, value)
    return value
