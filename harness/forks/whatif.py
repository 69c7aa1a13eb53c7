"""Runs what-ifs: forks of past runs whose tools do not run, and how they end.

Each fork is an ordinary run with a pinned record of what tools and people answered in the past
run. A fork has no effects outside harness.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Protocol, TypeVar

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from harness.contracts.errors import (
    ErrorInfo,
    HarnessError,
    InvalidValue,
    NoWorker,
    RunError,
    RunFailed,
)
from harness.contracts.event import DurableEvent
from harness.contracts.queues import agent_queue
from harness.contracts.run import RunSpec
from harness.contracts.tool import Playback
from harness.contracts.transcript import digest
from harness.contracts.whatif import (
    LABEL,
    ForkOutcome,
    Outcome,
    Record,
    SourceOutcome,
    WhatIfReport,
)
from harness.engine.connection import Connection
from harness.forks.fork import Change, pin_fork
from harness.forks.playback import Read, messages_before, read_parents
from harness.history.recording import Recording, read_history
from harness.journal.playback import edit_results, list_calls, make_record
from harness.journal.whatif import compare_outcomes, read_outcome
from harness.runs.start import launch_run, new_id

T = TypeVar("T")

AT_ONCE = 8
"""Forks that run at the same time."""
MOST_OF_ONE = 1_000
"""Forks of one run."""
MOST_FORKS = 10_000
"""Forks of one what-if: its report has one outcome for each."""
READ_AT_ONCE = 4
MOST_SECONDS = 1800.0
"""Wall time of a fork, unless its source has a smaller budget: it never waits for a person."""
LATE_S = 60.0
"""How long a fork may take to end after its time is up."""
UNSERVED_S = 10.0
"""Delay before checking whether a worker serves a fork."""
ENDING_S = 10.0
KEY_CHARS = 24
"""Of the digest that names a fork of a what-if with a key."""

Progress = Callable[[SourceOutcome, ForkOutcome | None], None]
"""Called for each ended fork, and for each source that failed (with no fork)."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What to change, and how many forks to run."""

    at: int
    change: Change = field(default_factory=Change)
    n: int = 5
    live_reads: bool = False

    def __post_init__(self) -> None:
        if self.n < 1:
            raise InvalidValue("A what-if needs at least one fork.")
        if self.n > MOST_OF_ONE:
            raise InvalidValue(
                f"{self.n:,} forks of each run is too many.",
                fix=f"Ask for {MOST_OF_ONE:,} or fewer.",
            )

    def check_size(self, runs: int) -> None:
        """Refuse more forks in all than a report can hold."""
        if runs * self.n > MOST_FORKS:
            raise InvalidValue(
                f"{runs:,} runs with {self.n:,} forks each is too many.",
                fix=f"Use fewer runs or fewer forks: at most {MOST_FORKS:,} in total.",
            )


class StartedFork(Protocol):
    """The part of `RunHandle` that a what-if uses."""

    id: str

    async def outcome(self) -> object: ...
    async def trace(self) -> list[DurableEvent]: ...
    async def is_served(self) -> bool: ...
    async def abort(self, reason: str = "") -> None: ...


@dataclass
class WhatIf:
    """One what-if in progress. `agent` names the agent that this process serves, if any."""

    connection: Connection
    handle: Callable[[str], StartedFork]
    """Returns the handle of a run."""
    question: Question
    _: KW_ONLY
    agent: str | None = None
    served: bool = False
    owner: str | None = None
    """Who owns the forks; the owners of their sources by default."""
    by: str | None = None
    """Who asks; user@host of this process by default."""
    key: str | None = None
    """The same what-if again with the same key joins the forks that it started. They are not
    aborted with it."""
    started: Callable[[str], None] = lambda _: None
    """Called with the id of each fork that starts."""

    def __post_init__(self) -> None:
        self.label = f"{LABEL}-{self.key}" if self.key else new_id(LABEL)
        self._running = asyncio.Semaphore(AT_ONCE)
        self._reading = asyncio.Semaphore(READ_AT_ONCE)
        self._open: set[str] = set()
        self._polled: dict[str, bool] = {}
        self._read: Read = lambda run: read_history(self.connection, run)
        self._progress: Progress | None = None

    async def ask(
        self,
        sources: Sequence[str | Recording],
        *,
        read: Read | None = None,
        progress: Progress | None = None,
    ) -> WhatIfReport:
        """Ask it of every source; a source that cannot be asked stops no other."""
        self.question.check_size(len(sources))
        self._read, self._progress = read or self._read, progress
        try:
            asked = await _gather_limited(self._run_source(each) for each in sources)
        finally:
            if self.key is None:
                await self._abort_all()
        return WhatIfReport(
            label=self.label,
            at=self.question.at,
            changes=tuple(describe_change(self.question.change)),
            live_reads=True if self.question.live_reads else None,
            sources=tuple(asked),
        )

    async def _run_source(self, source: str | Recording) -> SourceOutcome:
        name = source if isinstance(source, str) else source.run
        known = SourceOutcome(source=name, recorded=0)
        try:
            async with self._reading:
                recording = await self._read(source) if isinstance(source, str) else source
                spec, played = await self._pin_forks(recording)
            was = read_outcome(recording.events, self.question.at)
            assert was is not None  # it has a spec, so it has started
            results = sum(len(call.results) for call in played.calls)
            known = SourceOutcome(source=recording.run, recorded=results, was=was)
            return await self._run_forks(known, spec, was)
        except HarnessError as error:
            known = known.model_copy(update={"error": error.info})
            self._report_progress(known, None)
            return known

    async def _run_forks(self, known: SourceOutcome, spec: RunSpec, was: Outcome) -> SourceOutcome:
        """Run the forks of a source; after an error, start no more of them."""
        info: ErrorInfo | None = None

        async def run_one(number: int) -> ForkOutcome | None:
            nonlocal info
            if info is not None:
                return None
            try:
                return await self._run_fork(known, spec, was, number)
            except HarnessError as error:
                if info is None:
                    info = error.info
                    self._report_progress(known.model_copy(update={"error": info}), None)
                return None

        ended = await _gather_limited(run_one(number) for number in range(self.question.n))
        good = tuple(each for each in ended if each is not None)
        return known.model_copy(update={"forks": good, "error": info})

    def _report_progress(self, source: SourceOutcome, fork: ForkOutcome | None) -> None:
        if self._progress:
            self._progress(source, fork)

    # --- before the forks

    async def _pin_forks(self, recording: Recording) -> tuple[RunSpec, Record]:
        """Build the input of a run's forks."""
        question, calls = self.question, list_calls(recording.events)
        kept = {each.call.id for each in calls if each.turn <= question.at}
        later = {each.call.id for each in calls if each.turn > question.at} - kept
        results = question.change.results
        change = replace(
            question.change, results={c: text for c, text in results.items() if c not in later}
        )
        spec = await pin_fork(
            self.connection, recording, question.at, change,
            agent=self.agent, owner=self.owner, by=self.by,
        )  # fmt: skip
        played = make_record(
            edit_results(calls, results, question.at),
            question.at,
            before=await messages_before(self.connection, recording, spec.head),
            parents=await read_parents(recording, self._read),
        )
        artifact = await self.connection.stores.artifacts.put(
            played.wire(), media_type="application/json", run=recording.run
        )
        live = True if question.live_reads else None
        seconds = min(spec.budget.seconds or MOST_SECONDS, MOST_SECONDS)
        budget = spec.budget.model_copy(update={"ask": None, "shared": None, "seconds": seconds})
        return spec.model_copy(
            update={
                "playback": Playback(record=artifact, live_reads=live),
                "budget": budget,
                "labels": {**(spec.labels or {}), LABEL: self.label},
                "undo": None,
            }
        ), played

    # --- one fork

    async def _run_fork(
        self, known: SourceOutcome, spec: RunSpec, was: Outcome, number: int
    ) -> ForkOutcome:
        async with self._running:
            if not self.served:
                await self._check_served(spec.agent)
            run = self.handle(self._name_fork(known.source, spec.agent, number))
            self._open.add(run.id)
            await launch_run(
                self.connection, spec, run.id, eager=self.served, repeatable=self.key is not None
            )
            self.started(run.id)
            await self._wait_until_ended(run, spec)
            ended = read_outcome(await run.trace(), self.question.at)
            self._open.discard(run.id)
        if ended is None:
            raise RunFailed(f"Fork {run.id!r} did not start.")
        compared = compare_outcomes(was, ended)
        self._report_progress(known, compared)
        return compared

    def _name_fork(self, source: str, agent: str, number: int) -> str:
        if self.key is None:
            return new_id(agent)
        place = digest(f"{self.key}\0{source}\0{number}".encode())
        return f"{agent}-{place[:KEY_CHARS]}"

    async def _wait_until_ended(self, run: StartedFork, spec: RunSpec) -> None:
        """Wait until the fork ends; abort it when its time is up."""
        waits = asyncio.ensure_future(run.outcome())
        try:
            await asyncio.wait([waits], timeout=UNSERVED_S)
            if not waits.done() and not self.served and not await run.is_served():
                await self._terminate_fork(run.id, "no worker serves this fork")
                raise _no_worker(spec.agent)
            await asyncio.wait([waits], timeout=(spec.budget.seconds or 0) + LATE_S)
            if not waits.done():
                await run.abort("the time limit of a what-if is reached")
                await asyncio.wait([waits], timeout=ENDING_S)
            if waits.done():
                waits.result()
        finally:
            waits.cancel()

    async def _check_served(self, agent: str) -> None:
        """Before starting a fork, check that a worker of the agent polled recently."""
        if agent not in self._polled:
            request = DescribeTaskQueueRequest(
                namespace=self.connection.temporal.namespace,
                task_queue=TaskQueue(name=agent_queue(agent)),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
            service = self.connection.temporal.workflow_service
            self._polled[agent] = bool((await service.describe_task_queue(request)).pollers)
        if not self._polled[agent]:
            raise _no_worker(agent)

    async def _abort_all(self) -> None:
        """End all open forks; used only if the what-if is cancelled."""
        left, self._open = list(self._open), set[str]()
        await asyncio.gather(*(self._give_up(id) for id in left))

    async def _give_up(self, id: str) -> None:
        run = self.handle(id)
        try:
            await run.abort("the what-if was cancelled")
            async with asyncio.timeout(ENDING_S):
                await run.outcome()
        except (HarnessError, TimeoutError):
            await self._terminate_fork(id, "the what-if was cancelled")

    async def _terminate_fork(self, id: str, reason: str) -> None:
        try:
            await self.connection.temporal.get_workflow_handle(id).terminate(reason=reason)
        except RPCError:
            return  # it never started, or has ended


async def _gather_limited(all: Iterator[Coroutine[Any, Any, T]]) -> list[T]:
    """Await coroutines, a few at a time, and return their results in order."""
    found: dict[int, T] = {}
    numbered = enumerate(all)

    async def run_in_turn() -> None:
        for number, each in numbered:
            found[number] = await each

    tasks = [asyncio.create_task(run_in_turn()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [found[number] for number in sorted(found)]


def describe_change(change: Change) -> list[str]:
    """Describe a change for people."""
    told = [f"model {change.model}"] if change.model else []
    told += [f"hint: {change.hint}"] if change.hint else []
    told += [f"{change.version.name} as it is now"] if change.version else []
    told += ["other instructions"] if change.instructions is not None else []
    return told + [f"{call} answers: {text}" for call, text in change.results.items()]


def _no_worker(agent: str) -> RunError:
    return NoWorker(
        f"No worker serves {agent!r}.",
        fix="Name the agent with --agent FILE:NAME to serve it here, or start a worker.",
    )
