"""Lists of runs that change while they are read: each page is read once a second for all of its
readers together, and not at all while it has none.

A page costs Temporal a search each second, so a user has few at a time, opens few in a minute, and
waits for their own: whoever has many gets them later, and nobody else does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager

from harness.api.caller import Caller
from harness.api.context import ApiContext
from harness.api.etags import write_json
from harness.api.slots import Slots
from harness.api.stream_event import StreamEvent
from harness.api.turns import Turns
from harness.commons.interruption import Interruption
from harness.commons.log import get_logger
from harness.contracts.errors import HarnessError, ServerFault, StackError
from harness.runs.pages import RunPage, read_runs

EVERY_S = 1.0
AT_ONCE = 8
"""Pages that are read at the same time: many different ones get slower, and Temporal does not."""

log = get_logger(__name__)


class ListSlots(Slots):
    """Pages that users follow, each once for all of a user's readers."""

    what = "live lists"
    most = 1_000
    most_each = 16
    each_per_minute = 240


class _ListedPage:
    """A page that somebody reads."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.error: HarnessError | None = None
        self.changed = asyncio.Event()
        self.readers = Counter[str]()
        """By user."""
        self.slots: dict[str, ExitStack] = {}
        """Of each user."""
        self.task: asyncio.Task[None] | None = None

    def wake_readers(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class RunLists:
    """The pages that are read in this daemon."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._pages: dict[RunPage, _ListedPage] = {}
        self._turns = Turns(AT_ONCE)
        self._slots = ListSlots()
        self._interruption = Interruption(log, "following lists of runs")

    async def follow(self, caller: Caller, page: RunPage) -> AsyncGenerator[StreamEvent]:
        """Yield the page as it is, and whenever it has changed, without end. A slow reader gets the
        newest state, not every one.

        Raises:
            TooManyCalls: The caller follows too many pages, or opens them too quickly.
        """
        async with self._read_page(caller, page) as listed:
            sent: bytes | None = None
            while True:
                changed = listed.changed
                if listed.body is not sent and listed.body is not None:
                    sent = listed.body
                    yield StreamEvent("rows", sent)
                elif listed.error is not None:
                    raise listed.error
                else:
                    await changed.wait()

    async def close(self) -> None:
        """Stop reading."""
        for listed in tuple(self._pages.values()):
            await _stop(listed)

    @asynccontextmanager
    async def _read_page(self, caller: Caller, page: RunPage) -> AsyncGenerator[_ListedPage]:
        with ExitStack() as slot:
            listed, user = self._pages.get(page), caller.user
            if listed is None or not listed.readers[user]:
                slot.enter_context(self._slots.take(caller))
            if listed is None:
                listed = self._pages[page] = _ListedPage()
                listed.task = asyncio.create_task(self._read_regularly(page, listed))
            listed.readers[user] += 1
            listed.slots.setdefault(user, slot.pop_all())
        try:
            yield listed
        finally:
            listed.readers[user] -= 1
            if not listed.readers[user]:
                del listed.readers[user]
                listed.slots.pop(user).close()
            if not listed.readers:
                self._drop(page, listed)
                await _stop(listed)

    async def _read_regularly(self, page: RunPage, listed: _ListedPage) -> None:
        try:
            while True:
                async with self._turns.take(tuple(listed.readers)):
                    body = write_json(await read_runs(self._context, page))
                self._interruption.note_success()
                if body != listed.body:
                    listed.body = body
                    listed.wake_readers()
                await asyncio.sleep(EVERY_S)
        except HarnessError as error:
            listed.error = error
            if isinstance(error, StackError):
                self._interruption.note_failure(error.message)
        except Exception:
            log.exception("a list of runs could not be read")
            listed.error = ServerFault("The list could not be read.")
        self._drop(page, listed)  # who comes now reads again
        listed.wake_readers()

    def _drop(self, page: RunPage, listed: _ListedPage) -> None:
        if self._pages.get(page) is listed:
            del self._pages[page]


async def _stop(listed: _ListedPage) -> None:
    if listed.task is not None:
        listed.task.cancel()
        await asyncio.wait([listed.task])
