"""Follow a run: show it, ask the person its questions, handle Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from harness.contracts.errors import HarnessError, InvalidSignal
from harness.contracts.event import DecisionMade, DecisionRequested, Event, RunEnded
from harness.terminal.backend import BackendRun
from harness.terminal.input.interrupts import GRACE_S, Interrupts
from harness.terminal.view.live import View

SETTLE_S = 0.1
"""A decision in history may be answered by the next entry: check before asking."""
MOST_AHEAD = 10_000
"""Events that wait to be shown: a daemon may send them faster than a terminal takes them."""
PRESSED = "Ctrl-C"
"""The reason of an abort."""
ABORT_S = 15.0
"""How long to wait for an aborted run to end."""

Send = Callable[[BackendRun], Awaitable[Any]]
Ask = Callable[[DecisionRequested], Awaitable[Send | None]]
"""Asks the person for one decision; None if they decline to answer."""


class Why(Enum):
    ENDED = "ended"
    WAITING = "waiting"
    """It needs a decision, and there is no person to ask."""
    DETACHED = "detached"
    ABORTING = "aborting"
    """The abort is recorded; no worker has taken it up yet."""


@dataclass(frozen=True)
class Attended:
    why: Why
    ended: RunEnded | None = None
    waiting: tuple[DecisionRequested, ...] = ()


class Attendance:
    """`ask` asks the person for a decision; without it, a waiting run is left (`leave`) or followed
    further. With `stops`, the first Ctrl-C aborts the run, as in a chat; otherwise it detaches.
    `follow` yields the events, by default those of the run."""

    def __init__(
        self,
        run: BackendRun,
        view: View,
        interrupts: Interrupts,
        *,
        ask: Ask | None = None,
        leave: bool = False,
        stops: bool = False,
        follow: Callable[[], AsyncIterator[Event]] | None = None,
    ) -> None:
        self._stops = stops
        self._follow = follow or run.events
        self._run = run
        self._view = view
        self._interrupts = interrupts
        self._ask = ask
        self._leave = leave
        self._waiting: dict[str, DecisionRequested] = {}
        self._asking: asyncio.Task[bool] | None = None
        self._asked: str | None = None
        self._events: asyncio.Queue[Event | BaseException | None] = asyncio.Queue(MOST_AHEAD)
        self._ended: RunEnded | None = None

    async def attend_run(self) -> Attended:
        pump = asyncio.create_task(self._pump_events())
        try:
            return await self._follow_run()
        finally:
            pump.cancel()
            self._stop_asking()
            await asyncio.gather(pump, return_exceptions=True)

    async def _follow_run(self) -> Attended:
        stop = asyncio.create_task(self._interrupts.wait_for_count(1))
        try:
            while True:
                coming = asyncio.create_task(self._events.get())
                tasks: set[asyncio.Task[Any]] = {coming, stop}
                if self._asking:
                    tasks.add(self._asking)
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if coming in done and not self._show_event(coming.result()):
                    return Attended(Why.ENDED, self._ended)
                if coming not in done:
                    coming.cancel()
                if stop in done:
                    return await self._handle_interrupt()
                if self._asking and self._asking in done and self._take_answer():
                    return Attended(Why.WAITING, waiting=tuple(self._waiting.values()))
        finally:
            stop.cancel()

    async def _pump_events(self) -> None:
        try:
            async for event in self._follow():
                await self._events.put(event)
            await self._events.put(None)
        except Exception as error:
            await self._events.put(error)

    def _show_event(self, event: Event | BaseException | None) -> bool:
        """Show an event; False when there are no more."""
        if event is None:
            return False
        if isinstance(event, BaseException):
            raise event
        if isinstance(event, DecisionMade) and event.id:
            self._waiting.pop(event.id, None)
            if self._asked == event.id:
                self._stop_asking()
        self._view.show(event)
        if isinstance(event, DecisionRequested):
            self._waiting[event.id] = event
        if isinstance(event, RunEnded):
            self._ended = event
            self._waiting.clear()
            self._stop_asking()
        self._next_question()
        return True

    # --- decisions

    def _next_question(self) -> None:
        if self._asking is None and self._waiting and (self._ask or self._leave):
            self._asked, event = next(iter(self._waiting.items()))
            self._asking = asyncio.create_task(self._ask_person(event))

    async def _ask_person(self, event: DecisionRequested) -> bool:
        """Ask for one decision and send it; True to leave the run."""
        await asyncio.sleep(SETTLE_S)
        while self._ask is not None:
            try:
                send = await self._ask(event)
                if send is None:
                    return True
                self._asked = None  # decided here: its own event must not cancel it
                await send(self._run)
            except HarnessError as error:
                self._view.note(f"{error.message} {error.fix}")
                if isinstance(error, InvalidSignal):
                    self._asked = event.id
                    continue
            if (
                self._waiting.get(event.id) is event
            ):  # it may be waiting again, with other arguments
                del self._waiting[event.id]
            return False
        return True

    def _take_answer(self) -> bool:
        assert self._asking is not None
        leave = self._asking.result()
        self._asking = None
        if not leave:
            self._next_question()
        return leave

    def _stop_asking(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    # --- Ctrl-C

    async def _handle_interrupt(self) -> Attended:
        self._stop_asking()
        if self._stops:
            return await self._abort_run(
                f"\nStopping the answer. Ctrl-C again within {GRACE_S:g} s leaves.", after=2
            )
        self._view.note(f"\nDetaching. Ctrl-C again within {GRACE_S:g} s aborts the run.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await self._interrupts.wait_for_count(2)
        if self._interrupts.count < 2:
            late = [self._events.get_nowait() for _ in range(self._events.qsize())]
            if late and late[-1] is None:  # it has ended meanwhile
                for event in late:
                    self._show_event(event)
                return Attended(Why.ENDED, self._ended)
            return Attended(Why.DETACHED, waiting=tuple(self._waiting.values()))
        return await self._abort_run("Aborting.", after=3)

    async def _abort_run(self, note: str, *, after: int) -> Attended:
        """Abort and follow the run to its end, for a while, or until `after` presses of Ctrl-C."""
        await self._run.abort(PRESSED)
        self._view.note(note)
        self._ask, self._leave = None, False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ABORT_S):
                leave = asyncio.create_task(self._interrupts.wait_for_count(after))
                while not leave.done():
                    coming = asyncio.create_task(self._events.get())
                    await asyncio.wait({coming, leave}, return_when=asyncio.FIRST_COMPLETED)
                    if not coming.done():
                        coming.cancel()
                    elif not self._show_event(coming.result()):
                        leave.cancel()
                        return Attended(Why.ENDED, self._ended)
        return Attended(Why.ABORTING)
