"""The child process of `shell_process`: run by path, so it imports only the standard library.

It starts the command in its own process group, and kills all remaining processes when the command
ends, or when the worker stops or dies: its lifeline is then closed. On Linux it kills every
descendant, even daemons; elsewhere, the group.

The lifeline is its input; or the file descriptor in its first argument, for a program that talks
to the worker and gets the input and the outputs as they are.
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
from typing import Any

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
    # Orphans become our children; in the end only processes of other users are left.
    for _ in range(ROUNDS if LINUX else 0):
        if not reap():
            return
        for pid in descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE_S)


def reap() -> bool:
    """Reap ended children; returns whether any are left."""
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
            # The name before the last bracket may contain anything.
            words = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            parents[int(folder.name)] = int(words[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def receive(lifeline: int) -> bytes:
    """Read a message: 4 bytes of length, then the content. The pipe stays open."""
    size = int.from_bytes(os.read(lifeline, 4), "big")
    content = b""
    while len(content) < size:
        block = os.read(lifeline, size - len(content))
        if not block:
            os._exit(137)
        content += block
    return content


def keep(command: bytes) -> int:
    """Put the command into an unnamed file: every user can read the arguments of a process."""
    if LINUX:
        fd = os.memfd_create("command", 0)
    else:
        fd, path = tempfile.mkstemp()
        Path(path).unlink()
    os.write(fd, command)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def main() -> None:
    lifeline = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    asked = json.loads(receive(lifeline))
    if LINUX:  # adopt orphans
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ended, ends = os.pipe()
    signal.signal(signal.SIGCHLD, _woken)
    signal.set_wakeup_fd(_unblocking(ends))
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        # Python ignores some signals, and children would inherit that.
        for each in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(each, signal.SIG_DFL)
        if lifeline:
            run_program(asked)
        nothing = os.open(os.devnull, os.O_RDONLY)
        script = keep(asked["command"].encode(errors="surrogateescape"))
        os.dup2(nothing, 0)
        os.dup2(script, SCRIPT)
        os.closerange(SCRIPT + 1, 256)
        limit(asked["limits"])
        os.execve("/bin/sh", ["sh", f"/dev/fd/{SCRIPT}"], dict(os.environ))  # noqa: S606
    with contextlib.suppress(OSError):  # parent and child race; either may do it
        os.setpgid(child, child)
    if lifeline:  # the ends of the pipes are the program's: it must see that they close
        nothing = os.open(os.devnull, os.O_RDWR)
        for each in (0, 1, 2):
            os.dup2(nothing, each)
    while True:
        ready, _, _ = select.select([lifeline, ended], [], [])
        if lifeline in ready:  # closed: nothing is ever written there
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


def run_program(asked: "dict[str, Any]") -> None:
    """Become the program, without a shell."""
    argv = [str(each) for each in asked["argv"]]
    os.closerange(SCRIPT, 256)
    limit(asked["limits"])
    try:
        os.execvpe(argv[0], argv, dict(os.environ))  # noqa: S606
    except OSError as error:
        os.write(2, f"{argv[0]} cannot be started: {error.strerror}\n".encode())
        os._exit(127)


def _woken(number: int, frame: object) -> None:
    """Do nothing: the byte in the wakeup pipe is enough."""


def _unblocking(fd: int) -> int:
    os.set_blocking(fd, False)
    return fd


if __name__ == "__main__":
    main()
