"""The one door through which every command leaves.

A process that has used the engine's client can abort at interpreter exit (sdk-python issue 300), so
none of ours gets there: what is buffered is written out, and the process ends.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

DONE, FAILED, BAD_USE, ABORTED, WAITING = 0, 1, 2, 3, 4
INTERRUPTED = 130
"""Detached by Ctrl-C before the end; as shells have it, so that `harness run ... && next` stops."""
BROKEN_PIPE = 141


def leave(code: int) -> NoReturn:
    telemetry = sys.modules.get("harness.commons.telemetry")
    if telemetry is not None:
        telemetry.stop_traces()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def enter(main: Callable[[], Coroutine[Any, Any, int | None]]) -> NoReturn:
    """Run a script's `main` and leave by the door, with errors told in words."""
    import asyncio

    from harness.contracts.errors import HarnessError

    try:
        code = run(main()) or DONE
    except HarnessError as error:
        sys.stderr.write(f"{error.message}\n  {error.fix}\n")
        code = FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = INTERRUPTED
    except BrokenPipeError:
        code = BROKEN_PIPE
    leave(code)


def run(main: Coroutine[Any, Any, T]) -> T:
    import asyncio

    try:
        from uvloop import new_event_loop
    except ImportError:  # there is none for Windows
        new_event_loop = None
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
