"""Follows runs: one reader for each run in a process, shared by all followers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager

from harness.contracts.event import Cursor, DurableEvent, Event
from harness.engine.connection import Connection
from harness.history import reader
from harness.history.feed_log import FeedLog, Reading
from harness.history.retries import RetryWatch

AT_ONCE = 500
"""Events that are handed over together, or are added before the readers' turn comes."""

log = logging.getLogger("harness.history")


@contextmanager
def live_only(run: str) -> Generator[None]:
    """Log an error once and continue without live text; no event is lost."""
    try:
        yield
    except Exception:
        log.warning("live text of run %s failed; following its events only", run, exc_info=True)


class Feed:
    """The events of one run, read once for all who follow it in this process, for as long as anyone
    does."""

    def __init__(self, connection: Connection, run: str, done: Callable[[Feed], None]) -> None:
        self._connection = connection
        self.run = run
        self._done = done
        self._log = FeedLog()
        self._watch = RetryWatch(connection.temporal, run)
        self._grown = asyncio.Event()
        self._over = False
        self._error: Exception | None = None
        self._readers = 0
        self._live = False
        """Whether anyone wants live text."""
        self._tasks = [asyncio.create_task(self._read_events())]

    async def follow_durable(self) -> AsyncGenerator[DurableEvent]:
        """Yield the durable events, until the run ends."""
        passed, durable = 0, self._log.durable
        async with self._reader():
            while True:
                while passed < len(durable):
                    passed += 1
                    yield durable[passed - 1]
                if self._has_ended():
                    return
                await self._grown.wait()

    async def follow_ready(self, after: Cursor | None) -> AsyncGenerator[list[Event]]:
        """Yield durable events with live text between them, until the run ends: whatever is ready
        together, without waiting for more."""
        reading = Reading(self._log, after)
        async with self._reader():
            self._want_live()
            while True:
                while ready := reading.take_ready(AT_ONCE):
                    yield ready
                if self._has_ended():
                    return
                await self._grown.wait()

    @asynccontextmanager
    async def _reader(self) -> AsyncGenerator[None]:
        self._readers += 1
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._done(self)
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _has_ended(self) -> bool:
        if self._error is not None:
            raise self._error
        return self._over

    async def _read_events(self) -> None:
        try:
            async for event in reader.read_events(self._connection, self.run):
                self._add(event)
                self._start_live()
                if len(self._log.durable) % AT_ONCE == 0:
                    await asyncio.sleep(0)
            self._over = True
        except Exception as error:
            self._error = error
        self._done(self)  # who comes now looks again: a reset continues a run that has ended
        self._wake_readers()

    def _want_live(self) -> None:
        self._live = True
        self._start_live()

    def _start_live(self) -> None:
        durable = self._log.durable
        if self._live and len(self._tasks) == 1 and durable and not self._over:
            trace = durable[0].trace
            self._tasks += [
                asyncio.create_task(self._read_live(trace)),
                asyncio.create_task(self._watch.poll_retries(trace, self._add)),
            ]

    async def _read_live(self, trace: str) -> None:
        with live_only(self.run):
            live = self._connection.stores.live.follow(self.run, trace=trace)
            async with aclosing(live) as events:
                async for event in events:
                    self._add(event)

    def _add(self, event: Event) -> None:
        if self._watch.note_event(event):
            self._log.add(event)
            self._wake_readers()

    def _wake_readers(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()


class Feeds:
    """The runs that are followed in this process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._feeds: dict[str, Feed] = {}

    def is_read(self, run: str) -> bool:
        """Whether this process reads the run's events."""
        return run in self._feeds

    async def follow_durable(self, run: str) -> AsyncGenerator[DurableEvent]:
        """Yield a run's durable events, until it ends."""
        async with aclosing(self._open_feed(run).follow_durable()) as events:
            async for event in events:
                yield event

    async def follow_all(self, run: str, after: Cursor | None = None) -> AsyncGenerator[Event]:
        """Yield durable events with live text between them, until the run ends. With a cursor,
        yield what comes after that event."""
        async with aclosing(self.follow_ready(run, after)) as groups:
            async for group in groups:
                for event in group:
                    yield event

    async def follow_ready(
        self, run: str, after: Cursor | None = None
    ) -> AsyncGenerator[list[Event]]:
        """As `follow_all`, in groups of at most 500 events that were ready at the same time."""
        async with aclosing(self._open_feed(run).follow_ready(after)) as groups:
            async for group in groups:
                yield group

    def _open_feed(self, run: str) -> Feed:
        feed = self._feeds.get(run)
        if feed is None:
            feed = self._feeds[run] = Feed(self._connection, run, self._drop_feed)
        return feed

    def _drop_feed(self, feed: Feed) -> None:
        if self._feeds.get(feed.run) is feed:
            del self._feeds[feed.run]
