"""Threads for sync functions: no call waits for one that an abandoned call still occupies."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from harness.contracts.errors import ToolError, ToolUnavailable

P = ParamSpec("P")
T = TypeVar("T")
Deliver = Callable[[], None]
Work = Callable[[], Deliver]

KEPT_IDLE = 32
MAX_THREADS = 1000
"""Far more than the calls that a worker runs at once: only hanging threads get there."""

log = logging.getLogger("harness.tools")


class Threads(Executor):
    """Gives each call an idle thread or a new one: unlike in a pool of fixed size, no call ever
    queues behind another. They are daemons, so a hanging one does not keep the process alive."""

    def __init__(self, limit: int = MAX_THREADS) -> None:
        self._limit = limit
        self._work: SimpleQueue[Work | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        """Idle threads that no call has reserved; there is never more work than reservations."""
        self._count = 0
        self._closed = False
        self._full = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def run_work() -> Deliver:
            return _run_call(future, lambda: fn(*args, **kwargs))

        if self._reserve_thread():
            self._work.put(run_work)
        else:
            try:
                threading.Thread(
                    target=self._serve_calls, args=(run_work,), name="harness-tool", daemon=True
                ).start()
            except RuntimeError as error:  # the system allows no more
                with self._lock:
                    self._count -= 1
                raise self._no_thread_left(str(error)) from None
        return future

    def close(self) -> None:
        """End idle threads now, and busy ones when they are done, without waiting for any."""
        with self._lock:
            self._closed = True
            for _ in range(self._idle):
                self._work.put(None)
            self._idle = 0

    def _reserve_thread(self) -> bool:
        """Reserve an idle thread; False if a new one must be started."""
        with self._lock:
            if self._closed:
                raise ToolUnavailable("This worker is shutting down.")
            if self._idle:
                self._idle -= 1
                return True
            if self._count >= self._limit:
                raise self._no_thread_left(f"{self._count:,} are busy")
            self._count += 1
            return False

    def _serve_calls(self, work: Work | None) -> None:
        while work is not None:
            deliver = work()
            kept = self._stay_idle()  # before its end is known, so that the next call finds it free
            deliver()
            del work, deliver  # what they hold may be large
            if not kept:
                return
            work = self._work.get()

    def _stay_idle(self) -> bool:
        with self._lock:
            self._full = False
            if self._closed or self._idle >= KEPT_IDLE:
                self._count -= 1
                return False
            self._idle += 1
            return True

    def _no_thread_left(self, why: str) -> ToolError:
        message = f"This worker has no thread left for a sync tool: {why}."
        if not self._full:
            log.error("%s Abandoned calls may occupy them: restart the worker.", message)
        self._full = True
        return ToolUnavailable(
            message,
            fix="Restart the worker, and give tools that can hang a timeout of their own.",
        )


def _run_call(future: Future[Any], call: Callable[[], Any]) -> Deliver:
    if not future.set_running_or_notify_cancel():
        return lambda: None
    try:
        value = call()
    except BaseException as error:
        failed = error  # the name `error` ends with this block
        return lambda: future.set_exception(failed)
    return lambda: future.set_result(value)
