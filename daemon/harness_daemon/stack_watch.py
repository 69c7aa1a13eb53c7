"""Answers requests that wait for a Temporal or a Postgres that does not answer.

How long a request may take is its own matter: one waits a minute for a result, one seals a thousand
runs. So one that has no answer after a while is given up only if a part of the stack is silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.commons.shared_reads import SharedReads
from harness.contracts.errors import HarnessError, StackUnreachable, StoreUnavailable
from harness.engine.connection import Connection
from harness_daemon.stack_check import StackState, check_stack

WAIT_S = 8.0
"""With `CHECK_S`, a request gets an answer within about 10 s."""

Refuse = Callable[[HarnessError], Awaitable[None]]


class StackWatch:
    """Watches the requests of a daemon."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._checks = SharedReads[StackState]()

    async def run(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, refuse: Refuse
    ) -> None:
        """Run the app for a request.

        Args:
            app: What answers the request.
            scope: Of the request.
            receive: Of the request.
            send: Of the request.
            refuse: Answers with an error instead of the app, which is then cancelled.
        """
        request = _Request(send, refuse, self._find_silent)
        try:
            await app(scope, receive, request.send)
        except asyncio.CancelledError:
            if not request.absorb_cancellation():
                raise
        finally:
            await request.end()

    async def _find_silent(self) -> HarnessError | None:
        """The error of a part of the stack that does not answer; None if both do."""
        found = await self._checks.read("stack", lambda: check_stack(self._connection))
        if not found.temporal:
            return StackUnreachable("Temporal does not answer.")
        if not found.postgres:
            return StoreUnavailable("Postgres does not answer.")
        return None


class _Request:
    """A request whose app runs in this task."""

    def __init__(
        self, send: Send, refuse: Refuse, find_silent: Callable[[], Awaitable[HarnessError | None]]
    ) -> None:
        self._send, self._refuse, self._find_silent = send, refuse, find_silent
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(WAIT_S, self._start_watch)
        self._watching: asyncio.Task[None] | None = None
        self._begun = self._refused = self._cancelled = self._over = False

    async def send(self, message: Message) -> None:
        """Send what the app sends, unless the request was refused meanwhile."""
        self._begun = True
        if not self._refused:
            await self._send(message)

    def absorb_cancellation(self) -> bool:
        """Whether only the watch has cancelled the app."""
        return self._cancelled and self._task is not None and not self._task.uncancel()

    async def end(self) -> None:
        """Stop watching: the app has ended."""
        self._over = True
        self._timer.cancel()
        if self._watching is None:
            return
        if self._refused:
            await asyncio.wait([self._watching])
        else:
            self._watching.cancel()

    def _start_watch(self) -> None:
        if not self._begun:
            self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (silent := await self._find_silent()) is None:
            await asyncio.sleep(WAIT_S)
            if self._begun:
                return
        if self._begun:
            return
        self._refused = True
        await self._refuse(silent)
        if self._task is not None and not self._over:
            self._cancelled = self._task.cancel()
