"""What-ifs through a daemon: they survive its restart, and end with the command."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress

from harness.contracts.errors import HarnessError
from harness.contracts.whatif import ForkOutcome, SourceOutcome, WhatIfReport
from harness.forks.views import Forked, ForkEnded, SourceFailed
from harness.forks.whatif import Question
from harness.remote.answers import parse_answer
from harness.remote.connection import DaemonConnection
from harness.remote.event_reader import Frame
from harness.remote.reconnects import Reconnects
from harness.remote.run import RemoteRun
from harness.remote.work import follow_work

Progress = Callable[[SourceOutcome, ForkOutcome | None], None]
REASON = "the what-if was cancelled"


class RemoteWhatIf:
    """One what-if in progress."""

    def __init__(
        self, connection: DaemonConnection, runs: Sequence[str], question: Question
    ) -> None:
        self._connection = connection
        self._key = str(uuid.uuid4())
        change = question.change
        self._body = {
            "runs": list(runs), "at": question.at, "hint": change.hint, "model": change.model,
            "instructions": change.instructions, "results": dict(change.results),
            "n": question.n, "live_reads": question.live_reads,
        }  # fmt: skip
        self._open = set[str]()
        """Forks that have started."""
        self._seen = set[str]()
        """Forks that have ended, and runs that have failed: reported once."""
        self._reconnects = Reconnects()

    async def ask(self, progress: Progress) -> WhatIfReport:
        """The report. While the daemon restarts, the same request is sent again; when this is
        cancelled, the forks are aborted."""
        try:
            while True:
                try:
                    return await self._follow(progress)
                except HarnessError as error:
                    self._reconnects.check(error)
                await self._reconnects.wait()
        finally:
            await self._abort_open()

    async def _follow(self, progress: Progress) -> WhatIfReport:
        following = follow_work(self._connection, "whatifs", body=self._body, key=self._key)
        async with aclosing(following) as events:
            async for event in events:
                self._reconnects.note_arrival()
                if event.kind == "result":
                    return parse_answer(event.data, WhatIfReport, self._connection.url)
                self._take(event, progress)
        raise AssertionError

    def _take(self, event: Frame, progress: Progress) -> None:
        url = self._connection.url
        if event.kind == "fork_started":
            started: Forked = parse_answer(event.data, Forked, url)
            if started.id not in self._seen:
                self._open.add(started.id)
        elif event.kind == "fork_ended":
            ended: ForkEnded = parse_answer(event.data, ForkEnded, url)
            self._open.discard(ended.fork.run)
            self._report(ended.fork.run, ended.source, ended.fork, progress)
        elif event.kind == "source_failed":
            failed: SourceFailed = parse_answer(event.data, SourceFailed, url)
            self._report(failed.source.source, failed.source, None, progress)

    def _report(
        self, id: str, source: SourceOutcome, fork: ForkOutcome | None, progress: Progress
    ) -> None:
        if id not in self._seen:
            self._seen.add(id)
            progress(source, fork)

    async def _abort_open(self) -> None:
        """End what has started; nothing after a report, which all forks have ended before."""
        for id in sorted(self._open):
            with suppress(HarnessError):
                await RemoteRun(self._connection, id).abort(REASON)
