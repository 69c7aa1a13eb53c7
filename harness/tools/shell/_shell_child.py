"""The process of `shell_process`: run by its path, so it imports nothing but the standard library.

It starts the command in a process group of its own, and kills all that it started and that is left
when the command is over, or when the worker lets go or is gone: then its own input closes. On Linux
that is every descendant, also one that made itself a daemon; elsewhere it is the group.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
SCRIPT = 3
ROUNDS, PAUSE_S = 500, 0.01
LINUX = sys.platform == "linux"


def limit(limits: "dict[str, int]") -> None:
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is None:
            continue
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    # Who kills a parent gets its children; only another user's are left in the end.
    for _ in range(ROUNDS if LINUX else 0):
        if not reap():
            return
        for pid in descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE_S)


def reap() -> bool:
    """Whether there are children still."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def descendants() -> "set[int]":
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The name before the last bracket may be anything.
            words = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            parents[int(folder.name)] = int(words[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def receive() -> bytes:
    """4 bytes of length, and so many. The pipe stays open after it."""
    size = int.from_bytes(os.read(0, 4), "big")
    content = b""
    while len(content) < size:
        block = os.read(0, size - len(content))
        if not block:
            os._exit(137)
        content += block
    return content


def keep(command: bytes) -> int:
    """The command in a file without a name: every user can read the arguments of a process."""
    if LINUX:
        fd = os.memfd_create("command", 0)
    else:
        fd, path = tempfile.mkstemp()
        Path(path).unlink()
    os.write(fd, command)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def main() -> None:
    asked = json.loads(receive())
    if LINUX:  # what is orphaned comes here
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ended, ends = os.pipe()
    signal.signal(signal.SIGCHLD, _woken)
    signal.set_wakeup_fd(_unblocking(ends))
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        # Python ignores some, and an ignored signal stays ignored in what is started from here.
        for each in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(each, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        script = keep(asked["command"].encode(errors="surrogateescape"))
        os.dup2(nothing, 0)
        os.dup2(script, SCRIPT)
        os.closerange(SCRIPT + 1, 256)
        limit(asked["limits"])
        os.execve("/bin/sh", ["sh", f"/dev/fd/{SCRIPT}"], dict(os.environ))  # nosec B606
    with contextlib.suppress(OSError):  # whoever comes first makes the group
        os.setpgid(child, child)
    while True:
        ready, _, _ = select.select([0, ended], [], [])
        if 0 in ready:  # nobody writes there
            kill(child)
            os._exit(137)
        pid = -1
        while pid:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                kill(child)
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
        os.read(ended, 512)


def _woken(number: int, frame: object) -> None:
    """It is enough that the wakeup pipe has a byte."""


def _unblocking(fd: int) -> int:
    os.set_blocking(fd, False)
    return fd


if __name__ == "__main__":
    main()
