"""Follows runs: one reader for each run in a process, shared by all followers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager

from harness.contracts.event import LIVE, Cursor, DurableEvent, Event, LiveEvent, RunStarted
from harness.engine.connection import Connection
from harness.history import reader
from harness.history.merge import EventMerger
from harness.history.position import Position
from harness.history.retries import RetryWatch

log = logging.getLogger("harness.history")


@contextmanager
def live_only(run: str) -> Generator[None]:
    """Log an error once and continue without live text; no event is lost."""
    try:
        yield
    except Exception:
        log.warning("live text of run %s failed; following its events only", run, exc_info=True)


class Feed:
    """The durable events of one run as they arrive, kept while anyone reads them."""

    def __init__(self, connection: Connection, run: str, done: Callable[[], None]) -> None:
        self._connection = connection
        self._run = run
        self._done = done
        self._events: list[DurableEvent] = []
        self._grown = asyncio.Event()
        self._over = False
        self._error: BaseException | None = None
        self._readers = 0
        self._task = asyncio.create_task(self._read_events())

    async def events(self) -> AsyncGenerator[DurableEvent]:
        self._readers += 1
        place = 0
        try:
            while True:
                while place < len(self._events):
                    yield self._events[place]
                    place += 1
                if self._error:
                    raise self._error
                if self._over:
                    return
                await self._grown.wait()
        finally:
            self._readers -= 1
            if not self._readers:
                self._task.cancel()
                self._done()

    async def _read_events(self) -> None:
        try:
            async for event in reader.read_events(self._connection, self._run):
                self._events.append(event)
                self._wake_readers()
            self._over = True
        except Exception as error:
            self._error = error
        self._wake_readers()

    def _wake_readers(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()


class Feeds:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._feeds: dict[str, Feed] = {}

    def is_read(self, run: str) -> bool:
        """Whether this process reads the run's events."""
        return run in self._feeds

    def follow_durable(self, run: str) -> AsyncGenerator[DurableEvent]:
        feed = self._feeds.get(run)
        if feed is None:
            feed = Feed(self._connection, run, lambda: self._drop_feed(run))
            self._feeds[run] = feed
        return feed.events()

    def _drop_feed(self, run: str) -> None:
        self._feeds.pop(run, None)

    async def follow_all(self, run: str, after: Cursor | None = None) -> AsyncGenerator[Event]:
        """Yield durable events with live text between them, until the run ends. With a cursor,
        yield what comes after that event."""
        merger = EventMerger()
        position = Position(after, merger)
        watch = RetryWatch(self._connection.temporal, run)
        queue: asyncio.Queue[DurableEvent | LiveEvent | BaseException | None] = asyncio.Queue()

        async def pump_durable() -> None:
            try:
                async with aclosing(self.follow_durable(run)) as events:
                    async for event in events:
                        queue.put_nowait(event)
                queue.put_nowait(None)
            except Exception as error:
                queue.put_nowait(error)

        tasks = [asyncio.create_task(pump_durable())]
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                if isinstance(item, RunStarted) and len(tasks) == 1:
                    live = self._pump_live(run, item.trace, queue.put_nowait)
                    tasks += [
                        asyncio.create_task(live),
                        asyncio.create_task(watch.poll_retries(item.trace, queue.put_nowait)),
                    ]
                if not watch.note_event(item):
                    continue
                merged = (
                    merger.merge_live(item)
                    if isinstance(item, LIVE)
                    else merger.merge_durable(item)
                )
                for event in merged:
                    for each in position.pass_on(event):
                        yield each
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump_live(self, run: str, trace: str, put: Callable[[LiveEvent], None]) -> None:
        with live_only(run):
            async for event in self._connection.stores.live.follow(run, trace=trace):
                put(event)
