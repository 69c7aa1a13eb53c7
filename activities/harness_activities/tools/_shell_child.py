"""The process of `shell_process`: run by its path, so it imports nothing but the standard library.

It starts the command in a process group of its own, and kills what is left of that group when the
command is over, or when the worker lets go or is gone: then its own input closes.
"""

import contextlib
import json
import os
import resource
import select
import signal
import sys


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


def main() -> None:
    asked = json.loads(sys.argv[1])
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
        os.dup2(nothing, 0)
        os.closerange(3, 256)
        limit(asked["limits"])
        os.execve("/bin/sh", ["sh", "-c", asked["command"]], dict(os.environ))
    with contextlib.suppress(OSError):  # whoever comes first makes the group
        os.setpgid(child, child)
    while True:
        ready, _, _ = select.select([0, ended], [], [])
        if 0 in ready:  # nobody writes there
            kill(child)
            os._exit(137)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
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
