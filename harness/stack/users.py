"""Who uses a stack: each process holds a shared lock on one file, even once the stack is down."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from harness.stack.failures import Failure
from harness.stack.layout import Layout


@contextmanager
def joined(layout: Layout) -> Generator[None]:
    """Count as a user of the stack in the block."""
    try:
        lock = os.open(layout.users, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise _gone(layout) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _gone(layout) from None
        yield
    finally:
        os.close(lock)


def is_used(layout: Layout) -> bool:
    """Whether a process is left that used the stack, running or not."""
    try:
        lock = os.open(layout.users, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _gone(layout: Layout) -> Failure:
    return Failure("stopped", f"The state folder {layout.state} is being replaced.")
