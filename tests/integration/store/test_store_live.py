from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
import uvloop

from harness.config.settings import LiveSettings
from harness.contracts.event import OutputDelta, OutputGap, OutputReset, ToolProgress
from harness.contracts.transcript import Node
from harness.store.database import Database
from harness.store.live.reader import LiveReader
from harness.store.live.writer import LiveWriter
from harness.store.migrate import open_database
from harness.store.transcripts.chain import Transcripts

if TYPE_CHECKING:
    from tests.fakes.postgres import Postgres

pytest_plugins = ("tests.fakes.postgres",)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[LiveWriter]:
    writer = LiveWriter(database, LiveSettings(flush_ms=5))
    yield writer
    await writer.close()


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[LiveReader]:
    reader = LiveReader(database)
    yield reader
    await reader.close()


class Screen:
    """What a person who follows a run sees."""

    def __init__(self, reader: LiveReader, run: str = "r") -> None:
        self.text = ""
        self.events: list[object] = []
        self._changed = asyncio.Condition()
        self._task = asyncio.create_task(self._watch(reader, run))

    async def _watch(self, reader: LiveReader, run: str) -> None:
        async with aclosing(reader.follow(run, trace="t")) as events:
            async for event in events:
                async with self._changed:
                    self.events.append(event)
                    if isinstance(event, OutputReset):
                        self.text = ""
                    if isinstance(event, OutputDelta):
                        assert event.trace == "t"
                        self.text += event.text
                    self._changed.notify_all()

    async def shows(self, text: str) -> None:
        async with self._changed, asyncio.timeout(20):
            await self._changed.wait_for(lambda: self.text == text)

    async def saw(self, kind: type, count: int = 1) -> None:
        async with self._changed, asyncio.timeout(20):
            await self._changed.wait_for(
                lambda: sum(isinstance(event, kind) for event in self.events) >= count
            )

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def stored(database: Database) -> int:
    return (await database.fetch("SELECT count(*) FROM harness.live_output"))[0][0]


async def test_text_comes_as_it_is_written(writer: LiveWriter, reader: LiveReader) -> None:
    screen = Screen(reader)
    stream = writer.open_text("r", 1, 1, 1)
    whole = ""
    for piece in ("Hel", "lo ", "wörld \0 \U0001f600"):
        stream.write(piece)
        whole += piece.replace("\0", "\ufffd")
        await screen.shows(whole)
    await screen.close()


async def test_a_late_reader_sees_all_of_it(
    database: Database, writer: LiveWriter, reader: LiveReader
) -> None:
    early = Screen(reader)
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("first ")
    await early.shows("first ")
    late, other = Screen(reader), Screen(LiveReader(database))
    await late.shows("first ")
    stream.write("second")
    for screen in (early, late, other):
        await screen.shows("first second")
        await screen.close()


async def test_a_quick_reply_is_never_written(database: Database) -> None:
    writer = LiveWriter(database, LiveSettings(flush_ms=60_000, flush_bytes=1))
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("all " * 1000)
    await stream.close()
    await writer.close()
    assert await stored(database) == 0


async def test_much_text_is_written_before_it_is_due(
    database: Database, reader: LiveReader
) -> None:
    screen = Screen(reader)
    writer = LiveWriter(database, LiveSettings(flush_ms=200, flush_bytes=10))
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("x")
    await screen.shows("x")
    slow = LiveWriter(database, LiveSettings(flush_ms=60_000, flush_bytes=10))
    again = slow.open_text("r", 1, 2, 1)
    again.seen = True
    again.write("0123456789")
    await screen.shows("x0123456789")
    await screen.close()
    await slow.close()
    await writer.close()


async def test_a_new_attempt_voids_the_old_one(
    database: Database, writer: LiveWriter, reader: LiveReader
) -> None:
    screen = Screen(reader)
    dead = writer.open_text("r", 2, 1, 1)
    dead.write("wrong")
    await screen.shows("wrong")
    alive = writer.open_text("r", 2, 1, 2)
    await screen.saw(OutputReset)
    dead.write(" still wrong")
    alive.write("right")
    await screen.shows("right")
    late = Screen(LiveReader(database))
    await late.shows("right")
    assert not any(isinstance(event, OutputGap) for event in screen.events + late.events)
    await screen.close()
    await late.close()


async def test_tools_report_progress(writer: LiveWriter, reader: LiveReader) -> None:
    screen = Screen(reader)
    said = [f"step {n}" for n in range(50)]
    for text in said:
        writer.tool_progress("r", 1, "call_1", text)
    await screen.saw(ToolProgress, len(said))
    assert [e.text for e in screen.events if isinstance(e, ToolProgress)] == said
    await screen.close()


async def test_a_crash_of_postgres_loses_no_follower(
    postgres: Postgres, database: Database, writer: LiveWriter, reader: LiveReader
) -> None:
    screen = Screen(reader)
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("before ")
    await screen.shows("before ")
    await asyncio.to_thread(postgres.kill)
    stream.write("meanwhile ")
    await asyncio.to_thread(postgres.start)
    await screen.shows("before meanwhile ")
    stream.write("after")
    await screen.shows("before meanwhile after")
    late = Screen(LiveReader(database))
    await late.shows("meanwhile after")
    assert isinstance(late.events[0], OutputGap)
    assert late.events[0].offset == len("before ")
    await screen.close()
    await late.close()


async def test_notices_of_others_end_nothing(
    database: Database, writer: LiveWriter, reader: LiveReader
) -> None:
    screen = Screen(reader)
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("before ")
    await screen.shows("before ")
    for payload in ("garbage", "", "{}", "7", "null", '[["r"]]', "[{}]", "[" * 7000):
        await database.fetch("SELECT pg_notify('harness_live', %s)", (payload,))
    stream.write("after")
    await screen.shows("before after")
    await screen.close()


async def test_a_temporarily_missing_table_ends_no_stream(
    database: Database, writer: LiveWriter, caplog: pytest.LogCaptureFixture
) -> None:
    reader, cut_off = LiveReader(database), asyncio.Event()
    caplog.set_level(logging.WARNING)
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("before ")
    early = Screen(reader)
    await early.shows("before ")
    await database.fetch("ALTER TABLE harness.live_progress RENAME TO elsewhere")

    def noted(record: logging.LogRecord) -> bool:
        if "is interrupted" in record.getMessage():
            cut_off.set()
        return True

    caplog.handler.addFilter(noted)
    late = Screen(reader)
    async with asyncio.timeout(20):
        await cut_off.wait()
    await database.fetch("ALTER TABLE harness.elsewhere RENAME TO live_progress")
    await late.shows("before ")
    stream.write("after")
    for screen in (early, late):
        await screen.shows("before after")
        await screen.close()
    await reader.close()


async def test_what_is_old_is_swept_by_whole_runs(database: Database) -> None:
    await database.fetch(
        "INSERT INTO harness.live_output "
        "(run, scheduled, turn, call, attempt, pos, text, at) VALUES "
        "('old', 0, 1, 1, 1, 0, 'x', now() - interval '30 h'), "
        "('long', 0, 1, 1, 1, 0, 'x', now() - interval '30 h'), ('long', 0, 1, 1, 1, 1, 'x', now())"
    )
    await database.fetch(
        "INSERT INTO harness.live_progress (run, turn, call_id, n, text, at) VALUES "
        "('old', 1, 'c', 1, 'x', now() - interval '30 h')"
    )
    await LiveWriter(database, LiveSettings()).sweep()
    assert await database.fetch("SELECT DISTINCT run FROM harness.live_output") == [("long",)]
    assert await database.fetch("SELECT count(*) FROM harness.live_progress") == [(0,)]


async def test_many_followers_at_once(writer: LiveWriter, reader: LiveReader) -> None:
    screens = [Screen(reader, f"run {n}") for n in range(100)]
    streams = [writer.open_text(f"run {n}", 1, 1, 1) for n in range(100)]
    for piece in ("a", "b", "c"):
        for stream in streams:
            stream.write(piece)
        await asyncio.sleep(0.01)
    for screen in screens:
        await screen.shows("abc")
    for screen in screens:
        await screen.close()


async def test_a_long_outage_is_a_gap(
    postgres: Postgres,
    database: Database,
    writer: LiveWriter,
    reader: LiveReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.store.live.writer.KEEP_CHARACTERS", 100)
    screen = Screen(reader)
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("before")
    await screen.shows("before")
    await asyncio.to_thread(postgres.kill)
    async with asyncio.timeout(20):
        while not writer.dropped:
            stream.write("x" * 50)
            await asyncio.sleep(0.001)
    await asyncio.to_thread(postgres.start)
    stream.write("after")
    await screen.saw(OutputGap)
    await screen.close()


async def test_a_reset_run_continues(writer: LiveWriter, reader: LiveReader) -> None:
    screen = Screen(reader)
    writer.open_text("r", 1, 1, 1, scheduled=1.0).write("one ")
    await screen.shows("one ")
    writer.open_text("r", 2, 1, 1, scheduled=2.0).write("two ")
    await screen.shows("one two ")
    writer.open_text("r", 1, 1, 1, scheduled=3.0).write("again")
    await screen.shows("one two again")
    await screen.close()


async def test_nothing_comes_after_the_end(
    database: Database, writer: LiveWriter, reader: LiveReader
) -> None:
    screen = Screen(reader)
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("text")
    await screen.shows("text")
    await stream.close()
    stream.write("too late")
    writer.open_text("r", 2, 1, 1).write(" next")
    await screen.shows("text next")
    await screen.close()


async def test_a_reader_that_left_costs_nothing(writer: LiveWriter, reader: LiveReader) -> None:
    stays, leaves = Screen(reader), Screen(reader)
    stream = writer.open_text("r", 1, 1, 1)
    stream.write("a")
    await stays.shows("a")
    await leaves.close()
    never = Screen(reader, "never")
    await asyncio.sleep(0)
    await never.close()
    stream.write("b")
    await stays.shows("ab")
    await stays.close()
    assert not reader._tasks
    assert not reader._feeds


async def test_readers_end_when_the_process_does(database: Database) -> None:
    reader = LiveReader(database)

    async def watch() -> list[object]:
        return [event async for event in reader.follow("r")]

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await reader.close()
    assert await watching == []


async def test_listening_outlives_silence(
    writer: LiveWriter, reader: LiveReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.store.database.LISTEN_SECONDS", 0.01)
    screen = Screen(reader)
    writer.open_text("r", 1, 1, 1).write("a")
    await screen.shows("a")
    await asyncio.sleep(0.05)
    writer.open_text("r", 2, 1, 1).write("b")
    await screen.shows("ab")
    await screen.close()


def test_works_on_uvloop(database_url: str) -> None:
    async def check() -> None:
        database = await open_database(database_url)
        writer, reader = LiveWriter(database, LiveSettings(flush_ms=1)), LiveReader(database)
        screen = Screen(reader)
        stream = writer.open_text("r", 1, 1, 2)
        for piece in ("a", "ab", "abc"):
            stream.write(piece[-1] * 2000)
            await asyncio.sleep(0.002)
        await screen.shows("a" * 2000 + "b" * 2000 + "c" * 2000)
        transcripts = Transcripts(database)
        await transcripts.flush(transcripts.add(Node(messages=()), run="r", turn=1))
        await screen.close()
        await reader.close()
        await writer.close()
        await database.close()

    uvloop.run(check())
