"""One trial, from its start to its verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from temporalio.service import RPCError

from harness import Agent
from harness.contracts import event as e
from harness.contracts.effect import EffectRow, UndoReport
from harness.contracts.errors import HarnessError, RunError, StackError, StoreError
from harness.contracts.run import Limits
from harness.runs.published import store_agent
from harness.runs.start import launch_run, pin_spec
from harness.runs.start_request import Request, as_messages
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.undo.client import undo_id
from tests.crash import checks, world
from tests.crash.agent import Ground, agent_of
from tests.crash.case import Case, Decided, Follower
from tests.crash.plan import ASKED, Trial, Verdict
from tests.crash.strikes import Strikes
from tests.crash.world import World

T = TypeVar("T")
STUCK_S = 60.0
"""A run of which nothing was heard for so long stands still."""
PATIENCE_S = 90.0
LIMITS = Limits(heartbeat_s=3.0)
"""A dead worker is noticed after 3 s instead of 5; everything else is as users have it."""


class Stuck(Exception):
    pass


@dataclass
class Outcome:
    case: Case
    violations: list[str] = field(default_factory=list[str])
    evidence: checks.Evidence | None = None
    undone: int | None = None
    """Effects that were taken back afterwards. None: it was not undone."""
    undo_violations: list[str] = field(default_factory=list[str])

    @property
    def trial(self) -> Trial:
        return self.case.trial

    @property
    def bad(self) -> bool:
        return bool(self.violations or self.undo_violations)


async def make(
    case: Case, client: HarnessClient, ground: Ground, strikes: Strikes, earth: World
) -> Outcome:
    """Never raises, but when it is cancelled: what goes wrong is a violation."""
    made = Making(case, client, ground, strikes, earth)
    outcome = Outcome(case)
    try:
        outcome.evidence = await made.run()
        outcome.violations = checks.violations(outcome.evidence)
        truthful = all(each.busy or made.truthful(each) for each in case.decisions)
        if case.trial.undoing and truthful and not outcome.violations:
            outcome.undone, outcome.undo_violations = await made.undo()
    except Stuck as stuck:
        outcome.violations.append(f"lost: stuck: {stuck}")
    except Exception as error:
        case.say(f"failed: {error!r}")
        outcome.violations.append(f"lost: {type(error).__name__}: {error}")
    finally:
        case.over = True
        await made.close()
    return outcome


class Making:
    def __init__(
        self, case: Case, client: HarnessClient, ground: Ground, strikes: Strikes, earth: World
    ) -> None:
        self.case = case
        self.client = client
        self.ground = ground
        self.strikes = strikes
        self.world = earth
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> checks.Evidence:
        case = self.case
        await asyncio.to_thread(world.prepare, self.ground.folder)
        agent = agent_of(case.id, self.ground, files=case.trial.files)
        await patient(lambda: self._start(agent))
        case.started = True
        case.say("started")
        first, second = case.followers
        # A client of its own reads by a poll of its own.
        late: RunHandle[Any] = HarnessClient(self.client.connection).get_run(case.id)
        following = [
            self._later(self._follow(case.run, first, decides=True)),
            self._later(self._come_late(late, second)),
        ]
        await self._bounded(asyncio.gather(*following), "its followers wait")
        case.over = True
        case.say("the run has ended")
        return await self._evidence()

    async def undo(self) -> tuple[int, list[str]]:
        """Take it all back, while the worker dies; how much that was, and what is wrong then."""
        self.strikes.undo_begins(self.case)
        undoing = asyncio.ensure_future(self._undo())
        self._tasks.add(undoing)
        report = await self._bounded(undoing, "its undo")
        self.case.undoing = False
        self.case.say("undone")
        rows, effects, files = await self._world()
        wrong = [f"undo: it stopped: {report.stopped}"] if report.stopped else []
        return len(rows), wrong + list(checks.undone(rows, effects, files))

    @staticmethod
    def truthful(decided: Decided) -> bool:
        return decided.verdict == truth(happened=decided.happened)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- the run

    async def _start(self, agent: Agent[None, str]) -> None:
        connection = self.client.connection
        request = Request(
            messages=as_messages(self.case.trial.prompt),
            id=self.case.id,
            workspace=world.workspace(self.ground.folder),
        )
        stored = await store_agent(connection, agent)
        spec = await pin_spec(connection, stored, request)
        spec = spec.model_copy(update={"limits": LIMITS})
        await launch_run(connection, spec, self.case.id, eager=False, repeatable=True)

    async def _follow(
        self, run: RunHandle[Any], follower: Follower, *, decides: bool = False
    ) -> None:
        async for event in run.events():
            self.case.touch()
            follower.saw(event)
            if decides and isinstance(event, e.DecisionRequested):
                self._later(self._decide(event))

    async def _come_late(self, run: RunHandle[Any], follower: Follower) -> None:
        await asyncio.sleep(self.case.trial.late_s / 2)
        self.case.snapshots.append(await run.trace())
        await asyncio.sleep(self.case.trial.late_s / 2)
        self.case.snapshots.append(await run.trace())
        await self._follow(run, follower)

    # --- the person who is asked

    async def _decide(self, asked: e.DecisionRequested) -> None:
        case = self.case
        shown = await self._is_pending(asked.id)
        rows = await patient(case.run.effects)
        [row] = [row for row in rows if row.call == asked.id]
        text = str(row.arguments.get("text", ""))
        happened = row.key in await patient(
            lambda: self.world.keys(case.trial.number, row.tool, text)
        )
        verdict: Verdict = truth(happened=happened)
        if case.trial.lie and row.tool == ASKED:
            verdict = case.trial.lie
        decided = Decided(
            call=asked.id, tool=row.tool, text=text, key=row.key, question=asked.question,
            pending=shown, happened=happened, verdict=verdict,
        )  # fmt: skip
        if decided.busy:
            decided = replace(decided, verdict="approve")
        case.decisions.append(decided)
        case.say(f"asked of {row.tool} {text}: it happened: {happened}; said: {decided.verdict}")
        await self._say(decided)

    async def _is_pending(self, id: str) -> bool:
        """Whether the query shows it, once a worker answers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                return any(each.id == id for each in await self.case.run.pending())
            except HarnessError:
                await asyncio.sleep(0.3)
        return False

    async def _say(self, decided: Decided) -> None:
        case = self.case
        answer = f"sent {decided.text}" if decided.verdict == "answer" else None
        while not case.over:
            before = len(taken(case))
            try:
                await case.run.decide(decided.verdict, decided.call, answer=answer)
                return
            except RunError as error:
                # It is there, and taken by the next worker.
                case.say(f"deciding: {error.message}")
                return
            except StackError as error:
                case.say(f"deciding: {error.message}")
                await asyncio.sleep(2)
                if len(taken(case)) > before:
                    return
            except HarnessError as error:
                case.say(f"deciding was refused: {error.message}")
                return

    # --- what there is in the end

    async def _evidence(self) -> checks.Evidence:
        case = self.case
        trace = await case.run.trace()
        rows, effects, files = await self._world()
        return checks.Evidence(
            trial=case.trial,
            trace=trace,
            followers=[follower.events for follower in case.followers],
            snapshots=case.snapshots,
            trouble=[each.trouble for each in case.followers if each.trouble],
            rows=rows,
            effects=effects,
            requests=list(self.world.services.of[case.trial.number][ASKED].requests),
            files=files,
            decisions=list(case.decisions),
            visits=list(case.visits),
        )

    async def _world(self) -> tuple[list[EffectRow], dict[str, list[str]], dict[str, str]]:
        rows = await patient(self.case.run.effects)
        effects = await patient(lambda: self.world.effects(self.case.trial))
        return rows, effects, await asyncio.to_thread(world.files, self.ground.folder)

    async def _undo(self) -> UndoReport:
        """Ask for it once; who was cut off waits for the one that goes on."""
        try:
            return await self.case.run.undo()
        except (StackError, StoreError, RPCError) as error:
            self.case.say(f"undo: {error}")
        temporal = self.client.connection.temporal
        while True:
            try:
                handle = temporal.get_workflow_handle(undo_id(self.case.id), result_type=UndoReport)
                return await handle.result()
            except RPCError as error:
                self.case.say(f"undo: {error}")
                await asyncio.sleep(0.5)
                if "not found" in error.message.lower():
                    return await self.case.run.undo()

    # --- waiting

    async def _bounded(self, work: Awaitable[T], what: str) -> T:
        """As long as something goes on in this trial."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                await asyncio.wait([task], timeout=1)
                if not task.done() and time.monotonic() - self.case.touched > STUCK_S:
                    raise Stuck(f"nothing happened for {STUCK_S:g} s, and {what}")
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.case.say(f"failed: {error!r}")


def truth(*, happened: bool) -> Verdict:
    return "answer" if happened else "approve"


def taken(case: Case) -> list[e.DurableEvent]:
    return [event for event in case.followers[0].events if isinstance(event, e.DecisionMade)]


async def patient(ask: Callable[[], Awaitable[T]]) -> T:
    """A server may be away for a while: clients that are no readers are told so at once."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await ask()
        except (StackError, StoreError, RPCError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.3)
