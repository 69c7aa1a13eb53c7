"""The users of a stack: each process holds a shared lock on a file, even after the stack stops."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager

from harness.stack.failures import Failure
from harness.stack.layout import Layout


@contextmanager
def join_users(layout: Layout) -> Generator[None]:
    """Register this process as a user of the stack for the block."""
    try:
        lock = os.open(layout.users, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise _gone_error(layout) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _gone_error(layout) from None
        yield
    finally:
        os.close(lock)


def is_used(layout: Layout) -> bool:
    """Whether a process that used the stack still runs, even if the stack does not."""
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


def _gone_error(layout: Layout) -> Failure:
    return Failure("stopped", f"The state folder {layout.state} is being replaced by a restore.")
