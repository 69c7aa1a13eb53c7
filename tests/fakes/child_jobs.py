"""What code in a child process must not be able to do."""

from __future__ import annotations

import json
import os
import resource
import socket


def read(content: bytes, *, path: str) -> bytes:
    return _tried(lambda: open(path, "rb").close())


def opened(content: bytes, *, descriptor: int) -> bytes:
    """Which of the system's files this descriptor is, told by what it contains."""
    first = os.pread(descriptor, 100, 0).split()
    return b"/proc/self/statm" if len(first) == 7 and all(map(bytes.isdigit, first)) else b"other"


def connect(content: bytes, *, port: int) -> bytes:
    return _tried(lambda: socket.create_connection(("127.0.0.1", port), timeout=5).close())


def kill(content: bytes, *, pid: int) -> bytes:
    return _tried(lambda: os.kill(pid, 0))


def environment(content: bytes) -> bytes:
    inside = [str(fd) for fd in range(64) if _is_open(fd)]
    found = {"environment": list(os.environ), "folder": os.getcwd(), "descriptors": inside}
    return json.dumps(found).encode()


def cpu_limit(content: bytes) -> bytes:
    """Seconds of CPU that are used, and at which the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft, _ = resource.getrlimit(resource.RLIMIT_CPU)
    return json.dumps([used.ru_utime + used.ru_stime, soft]).encode()


def grow(content: bytes) -> bytes:
    return b"x" * (1 << 28)


def large(content: bytes) -> bytes:
    return b"x" * (1 << 21)


def spin(content: bytes) -> bytes:
    while True:
        pass


def exit_now(content: bytes) -> bytes:
    os._exit(3)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _tried(act: object) -> bytes:
    try:
        act()  # type: ignore[operator]
    except OSError as error:
        return type(error).__name__.encode()
    return b"done"
