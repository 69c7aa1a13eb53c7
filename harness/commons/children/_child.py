"""The child process: run by its path, so it imports only the standard library.

The parent sends frames: 8 bytes of length, then content. The first frame holds the set-up. Each
call is two frames (what to run as JSON, its content) and is answered by a letter and a frame: `r`
with the result, `e` with an error as JSON; in capitals if the child exits afterwards.
"""

import contextlib
import ctypes
import importlib
import json
import math
import os
import signal
import struct
import sys
from collections.abc import Callable

MEGA = 1024 * 1024
MOST_MEMORY = 1024 * MEGA
KEPT_MEMORY = 192 * MEGA
"""A child that holds more than this exits: freed memory may not return to the system."""
BLOCK = 1024 * 1024

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
READ_FILE_AND_FOLDER = 0b1100
LINUX = sys.platform == "linux"


def receive_frame() -> bytes:
    return receive_exactly(int.from_bytes(receive_exactly(8), "big"))


def receive_exactly(size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        block = os.read(0, min(BLOCK, size - len(content)))
        if not block:
            os._exit(0)  # the parent closed the pipe or died
        content += block
    return bytes(content)


def send_answer(letter: bytes, content: bytes) -> None:
    rest = memoryview(letter + len(content).to_bytes(8, "big") + content)
    while rest:
        rest = rest[os.write(0, rest) :]


def limit_resource(name: str, soft: int, hard: int) -> None:
    import resource

    kind = getattr(resource, f"RLIMIT_{name}", None)
    if kind is None:
        return
    most = resource.getrlimit(kind)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    with contextlib.suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(kind, (soft, hard))


def confine_process(readable: "list[str]") -> None:
    """Deny other processes, network and files except the code, as far as the system can."""
    for name, value in (("CORE", 0), ("FSIZE", 0), ("NPROC", 0), ("NOFILE", 64)):
        limit_resource(name, value, value)
    if not LINUX:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC)  # refused in many containers
    allow_only_reading(libc, readable)


def allow_only_reading(libc: ctypes.CDLL, readable: "list[str]") -> None:
    """Landlock: from Linux 5.13; each version of it can forbid more."""
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    files = (1 << (13 + (version > 1) + (version > 2) + (version > 4))) - 1
    network = 0b11 if version > 3 else 0
    scoped = 0b11 if version > 5 else 0  # abstract sockets, signals
    rules = struct.pack("QQQ", files, network, scoped)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(CREATE_RULESET, rules[:size], size, 0)
    if ruleset < 0:
        return
    for path in readable:
        try:
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", READ_FILE_AND_FOLDER, folder), 0)
        os.close(folder)
    libc.syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def set_limits(seconds: float, memory_mb: int) -> None:
    import resource

    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    limit_resource("CPU", math.ceil(used + seconds) + 1, resource.RLIM_INFINITY)
    if LINUX:
        limit_resource("AS", min(memory_mb * MEGA, MOST_MEMORY), MOST_MEMORY)


def open_own_size() -> int:
    """Open before the confinement, which forbids it. On Linux, the peak of getrusage is useless: it
    starts from the parent's memory at the time of the fork."""
    return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC) if LINUX else -1


def has_grown(own_size: int) -> bool:
    if own_size < 0:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > KEPT_MEMORY
    pages = int(os.pread(own_size, 100, 0).split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") > KEPT_MEMORY


def run_job(asked: "dict[str, object]", content: bytes) -> "tuple[bytes, bytes]":
    """Run a job: return the letter and the content of the answer."""
    module, _, name = str(asked["target"]).partition(":")
    try:
        fn: Callable[..., bytes] = getattr(importlib.import_module(module), name)
        return b"r", fn(content, **asked["arguments"])  # type: ignore[arg-type]
    except MemoryError:
        return b"E", b'{"kind": "memory", "message": ""}'
    except RecursionError:
        kind, message = "refused", "It is nested too deeply."
    except ValueError as error:
        kind, message = "refused", str(error)
    except Exception as error:
        kind, message = "broken", f"{type(error).__name__}: {error}"
    return b"e", json.dumps({"kind": kind, "message": message[:2000]}).encode()


def main() -> None:
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for each in (signal.SIGINT, signal.SIGTERM):  # meant for the parent, which then closes the pipe
        signal.signal(each, signal.SIG_IGN)
    begin = json.loads(receive_frame())
    sys.path += begin["paths"]
    for package in begin["packages"]:
        importlib.import_module(package)
    own_size = open_own_size()
    confine_process(begin["readable"])
    send_answer(b"r", b"")
    while True:
        asked = json.loads(receive_frame())
        set_limits(asked["seconds"], asked["memory_mb"])
        try:
            letter, answer = run_job(asked, receive_frame())
        except MemoryError:  # the content alone is too large
            letter, answer = b"E", b'{"kind": "memory", "message": ""}'
        leaves = letter == b"E" or has_grown(own_size)
        send_answer(letter.upper() if leaves else letter, answer)
        if leaves:
            return


if __name__ == "__main__":
    main()
