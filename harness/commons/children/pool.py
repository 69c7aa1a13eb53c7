"""The children of this process: started when needed, stopped when idle.

Each is served by a thread, so a call costs one hand-over. Callers take turns and calls are limited
to seconds, so no caller blocks another for long.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from harness.commons.children.jobs import Job
from harness.commons.children.limits import Limits
from harness.commons.children.process import Child
from harness.commons.children.turns import Turns, caller

CHILDREN = min(4, max(2, os.cpu_count() or 1))
KEPT_IDLE_S = 60.0


class Pool:
    def __init__(self) -> None:
        self._waiting = Turns[tuple[Future[bytes], Callable[[Child], bytes]]]()
        self._changed = threading.Condition()
        self._idle = self._count = 0
        self._closed = False

    def submit(
        self, job: Job, content: bytes, limits: Limits, arguments: dict[str, Any]
    ) -> Future[bytes]:
        future: Future[bytes] = Future()

        def call(child: Child) -> bytes:
            return child.run_job(job, content, arguments, limits)

        with self._changed:
            self._waiting.put(caller.get(), (future, call))
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._count < CHILDREN:
                self._count += 1
                threading.Thread(
                    target=self._serve_calls, name="harness-child", daemon=True
                ).start()
        return future

    def close(self) -> None:
        """Stop idle children now, and the others after their current call."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _serve_calls(self) -> None:
        child: Child | None = None
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._waiting or self._closed, KEPT_IDLE_S)
                self._idle -= 1
                if not self._waiting:  # idle for long, or closed
                    self._count -= 1
                    break
                future, call = self._waiting.take()
            if future.set_running_or_notify_cancel():
                child = self._run_call(child, future, call)
            del future, call  # what they hold may be large
        if child is not None:
            child.close()

    @staticmethod
    def _run_call(
        child: Child | None, future: Future[bytes], call: Callable[[Child], bytes]
    ) -> Child | None:
        try:
            if child is not None and not child.is_usable:
                child.close()
                child = None
            child = child or Child()
            answer = call(child)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(answer)
        return child


_pool = Pool()


def close_children() -> None:
    """Close the children; the next call starts new ones."""
    global _pool  # all workers of a process share it
    _pool.close()
    _pool = Pool()


async def run_in_child(job: Job, content: bytes, limits: Limits, /, **arguments: Any) -> bytes:
    """Run `job` over `content`. ToolError if it refuses or exceeds a limit."""
    return await asyncio.wrap_future(_pool.submit(job, content, limits, arguments))


def wait_for_child(job: Job, content: bytes, limits: Limits, /, **arguments: Any) -> bytes:
    """The same for threads; blocks."""
    return _pool.submit(job, content, limits, arguments).result()
