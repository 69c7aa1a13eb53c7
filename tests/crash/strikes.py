"""Who is killed where: decides at each point that a worker or the model comes to."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client
from temporalio.service import RPCError

from harness.contracts.errors import HarnessError
from harness.engine.connection import Connection
from tests.crash.case import Case
from tests.crash.line import Visit
from tests.crash.plan import Trial
from tests.fakes.stack import kill, status

FIRST_S, MIDDLE_S = 0.02, 0.15
"""How long after the model was asked its worker dies: in the second case half of the answer has
been read by then, and shown."""
TOGETHER_S = 20.0
BACK_S = 60.0
AFTER_S = 1.0
"""By then the workers have their locks in the ledger again, and may be stopped."""
ROW = "SELECT 1 FROM harness.effect WHERE run = %s AND key = %s AND state = 'done'"


class Strikes:
    def __init__(self, project: Path, connection: Connection, plan: tuple[Trial, ...]) -> None:
        self.cases: dict[int, Case] = {}
        self.failures: list[str] = []
        """A server that did not come back."""
        self._project = project
        self._connection = connection
        self._blocks: dict[int, list[Trial]] = defaultdict(list)
        for trial in plan:
            self._blocks[trial.block].append(trial)
        self._struck: set[int] = set()
        self._gate = Gate()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- where it is told that somebody stands at a point

    async def visited(self, visit: Visit) -> None:
        """Returns when the worker may go on, if it lives."""
        case = self.cases.get(visit.trial)
        if case is None:
            return
        case.visits.append(visit)
        case.say(f"worker {visit.pid} {visit.point} {visit.tool} {visit.text} {visit.key[:8]}")
        if visit.point.startswith("undo "):
            self._undo(case, visit)
            return
        strike = case.trial.strike
        point = "after" if strike.point == "done" else strike.point
        if case.again and case.fired:
            case.again = False
            self._kill(case, visit.pid, "the next worker, too")
        elif not case.fired and (visit.point, visit.text) == (point, strike.text):
            case.fired = True
            await self._fire(case, visit)

    def asked(self, trial: Trial, place: int) -> str | None:
        """The model is asked for this reply; how its answer goes."""
        case = self.cases.get(trial.number)
        if case is None:
            return None
        case.say(f"the model is asked for reply {place}")
        strike = trial.strike
        if case.fired or (strike.point, strike.text) not in (
            ("first", str(place)), ("middle", str(place)),
        ):  # fmt: skip
            return None
        case.fired = True
        if strike.how not in ("worker", "twice"):
            self._later(self._server(case))
            return None
        case.again = strike.how == "twice"
        delay = strike.delay_s or (FIRST_S if strike.point == "first" else MIDDLE_S)
        self._later(self._kill_later(case, delay, f"{strike.point} token"))
        return None if strike.delay_s else strike.point

    def undo_begins(self, case: Case) -> None:
        case.undoing = True
        undoing = case.trial.undoing
        if undoing is not None and undoing.text is None:
            case.undo_fired = True
            self._later(self._kill_later(case, undoing.delay_s, "in the undo"))

    # --- what it does then

    async def _fire(self, case: Case, visit: Visit) -> None:
        strike = case.trial.strike
        where = f"{strike.point} {visit.tool} {visit.text}"
        match strike.how:
            case "worker" | "twice" if strike.delay_s:
                self._later(self._kill_later(case, strike.delay_s, f"after {where}"))
            case "worker" if strike.point == "done":
                assert case.crew.proxy
                case.crew.proxy.hold()
                self._later(self._kill_when_done(case, visit))
            case "worker" | "twice":
                case.again = strike.how == "twice"
                self._kill(case, visit.pid, where)
            case "slow":
                await self._slow(case, visit)
            case _:
                self._later(self._server(case))

    def _undo(self, case: Case, visit: Visit) -> None:
        undoing = case.trial.undoing
        if undoing is None or case.undo_fired:
            return
        if (visit.point, visit.text) == (f"undo {undoing.point}", undoing.text):
            case.undo_fired = True
            self._kill(case, visit.pid, f"{visit.point} {visit.tool} {visit.text}")

    def _kill(self, case: Case, pid: int | None, where: str) -> None:
        case.crew.kill(pid)
        case.hit(f"worker killed: {where}")

    async def _kill_later(self, case: Case, delay: float, where: str) -> None:
        await asyncio.sleep(delay)
        if not case.over or case.undoing:
            self._kill(case, None, where)

    async def _kill_when_done(self, case: Case, visit: Visit) -> None:
        """What the worker reports does not arrive; what it writes into the ledger does."""
        deadline = time.monotonic() + TOGETHER_S
        while time.monotonic() < deadline:
            with suppress(HarnessError):
                if await self._connection.database.fetch(ROW, (case.id, visit.key)):
                    break
            await asyncio.sleep(0.005)
        self._kill(case, visit.pid, f"done {visit.tool} {visit.text}")

    async def _slow(self, case: Case, visit: Visit) -> None:
        """Stopped until the engine has given its call to another worker; then it goes on.

        Not while a server is down: when the ledger's connection dies with its database, nothing
        tells a stopped worker from a dead one, and only what it calls could refuse it."""
        leave = await self._gate.enter()
        os.kill(visit.pid, signal.SIGSTOP)
        case.hit(f"worker stopped: {case.trial.strike.point} {visit.tool} {visit.text}")
        case.crew.start()

        async def let_go() -> None:
            try:
                await self._second_attempt(case)
            finally:
                with suppress(ProcessLookupError):
                    os.kill(visit.pid, signal.SIGCONT)
                case.say("the stopped worker goes on")
                await leave()

        self._later(let_go())

    async def _second_attempt(self, case: Case) -> None:
        deadline = time.monotonic() + TOGETHER_S
        handle = self._connection.temporal.get_workflow_handle(case.id)
        while time.monotonic() < deadline:
            with suppress(RPCError):
                raw = (await handle.describe()).raw_description
                if any(
                    each.attempt > 1
                    and each.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
                    for each in raw.pending_activities
                ):
                    return
            await asyncio.sleep(0.1)
        case.say("no second attempt was seen")

    # --- servers: one kill hits all of the block, and whoever else is there

    async def _server(self, case: Case) -> None:
        block = case.trial.block
        if block in self._struck:
            return
        self._struck.add(block)
        mates = [trial.number for trial in self._blocks[block]]
        deadline = time.monotonic() + TOGETHER_S
        while time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            if all(number in self.cases and self.cases[number].started for number in mates):
                break
        how = case.trial.strike.how
        async with self._gate.alone():
            await asyncio.sleep(case.trial.strike.delay_s)
            await self._kill_server(how, block)

    async def _kill_server(self, how: str, block: int) -> None:
        found = await status(self._project)
        names = ["temporal", "postgres"] if how == "supervisor" else [how]
        before = {name: found["parts"][name]["pid"] for name in names}
        kill(found["pid"] if how == "supervisor" else before[how])
        for case in self.cases.values():
            if case.in_flight or case.undoing:
                case.hit(f"{how} killed", own=case.trial.block == block and not case.over)
        deadline = time.monotonic() + BACK_S
        while time.monotonic() < deadline:
            with suppress(AssertionError, OSError, KeyError):
                parts = (await status(self._project))["parts"]
                if all(
                    parts[name]["state"] == "running" and parts[name]["pid"] != before[name]
                    for name in names
                ) and await answers(self._connection.temporal):
                    await asyncio.sleep(AFTER_S)
                    return
            await asyncio.sleep(0.05)
        self.failures.append(f"{how} was not back {BACK_S:g} s after it was killed")

    # --- inside

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.failures.append(f"a strike failed: {error!r}")

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()


async def answers(client: Client) -> bool:
    try:
        await client.count_workflows()
    except RPCError:
        return False
    return True


class Gate:
    """Many are inside, or one alone; who wants to be alone goes first."""

    def __init__(self) -> None:
        self._inside = 0
        self._alone = 0
        self._changed = asyncio.Condition()

    async def enter(self) -> Any:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone)
            self._inside += 1
        return self._leave

    async def _leave(self) -> None:
        async with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        self._alone += 1
        try:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._inside)
                yield
        finally:
            self._alone -= 1
            async with self._changed:
                self._changed.notify_all()
