"""Process 1 of the sandbox: run by path, so it imports only the standard library.

It starts the command without privileges, network families and system calls that it does not need,
and ends when the command ends or exceeds a limit. The kernel then kills every process in here.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 4, 22, 38
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
SCRIPT = 3
POLL_S = 0.05
MEGA = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")
LIBC = ctypes.CDLL(None, use_errno=True)

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
ENOSYS, EPERM, EAFNOSUPPORT = 38, 1, 97
FAMILIES = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16}
"""What the sandbox's own network namespace isolates. Others, such as vsock, reach the host."""
FORBIDDEN_IOCTLS = {"TIOCSTI": 0x5412, "TIOCLINUX": 0x541C}
DENIED = {
    # name: (x86_64, aarch64)
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),  # the worker's keyring
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    # memory that no process has mapped would count for nobody
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
}  # fmt: skip
ARCHITECTURES = {
    # machine: (audit number, column of DENIED, socket, ioctl)
    "x86_64": (0xC000003E, 0, 41, 16),
    "aarch64": (0xC00000B7, 1, 198, 29),
}


def main() -> None:
    request, status = int(sys.argv[1]), int(sys.argv[2])
    asked = json.loads(os.read(request, 64 * MEGA))
    os.close(request)
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    os.write(status, b'{"started": true}\n')
    ended, ends = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, _woken)
    signal.set_wakeup_fd(ends)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        become_command(asked)
    os.write(status, json.dumps(watch_command(child, asked, ended)).encode() + b"\n")
    os._exit(0)


def watch_command(child: int, asked: "dict[str, Any]", ended: int) -> "dict[str, Any]":
    until = time.monotonic() + asked["seconds"]
    floor = min(512 * MEGA, read_memory("MemTotal") // 20)
    while True:
        select.select([ended], [], [], POLL_S)
        with contextlib.suppress(BlockingIOError):
            os.read(ended, 512)
        code = reap(child)
        if code is not None:
            return {"code": code}
        if time.monotonic() > until:
            return {"code": 137, "limit": "seconds"}
        limit = find_exceeded(asked)
        if limit is None and read_memory("MemAvailable") < floor:
            limit = "host_memory"
        if limit is not None:
            return {"code": 137, "limit": limit}


def reap(child: int) -> "int | None":
    """Reap what has ended, orphans too; return the exit code of the command once it has."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 137
        if pid == 0:
            return None
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def find_exceeded(asked: "dict[str, Any]") -> "str | None":
    threads = memory = 0
    pids = [each.name for each in os.scandir("/proc") if each.name.isdigit()]
    pids.remove("1")
    if len(pids) > asked["processes"]:
        return "processes"
    for pid in pids:
        try:
            # The name before the last bracket may contain anything.
            words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        threads += int(words[17])
        memory += int(words[21]) * PAGE
    if threads > asked["processes"]:
        return "processes"
    if memory > asked["memory"] and sum(map(read_share, pids)) > asked["memory"]:
        return "memory"
    return None


def read_share(pid: str) -> int:
    """Return the memory of a process, with its share of what several have mapped."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:  # ended, or it does not let itself be read
        pass
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def read_memory(name: str) -> int:
    with open("/proc/meminfo", "rb") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(name.encode()):
                return int(line.split()[1]) * 1024
    return 1 << 62


def become_command(asked: "dict[str, Any]") -> None:
    os.setsid()
    os.nice(5)  # process 1 must get its turn
    signals = (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)
    for each in signals:  # Python ignores some, and children would inherit that
        signal.signal(each, signal.SIG_DFL)
    # In a file: other users of the host can read the arguments of a process.
    script = os.memfd_create("script", 0)
    os.write(script, asked["script"].encode(errors="surrogateescape"))
    os.lseek(script, 0, os.SEEK_SET)
    if asked["stdin"]:
        os.dup2(script, 0)
        os.closerange(3, 1024)
    else:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(script, SCRIPT)
        os.closerange(SCRIPT + 1, 1024)
    os.chdir(asked["folder"])
    for name, value in asked["limits"].items():
        limit_resource(name, value)
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    restrict_files(asked["writable"])
    forbid_calls()
    argv = asked["argv"]
    try:
        os.execve(argv[0], argv, asked["env"])  # noqa: S606
    except OSError as error:
        os.write(2, f"{argv[0]} cannot be started: {error.strerror}\n".encode())
    os._exit(127)


def limit_resource(name: str, value: int) -> None:
    kind = getattr(resource, f"RLIMIT_{name}")
    hard = resource.getrlimit(kind)[1]
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (most, most))


def restrict_files(writable: "list[str]") -> None:
    """Landlock, a second wall behind the mounts: what is not listed can only be read."""
    version = LIBC.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    every = (1 << (13 + (version > 1) + (version > 2) + (version > 4))) - 1
    scoped = 0b11 if version > 5 else 0  # abstract sockets and signals of others
    rules = struct.pack("QQQ", every, 0, scoped)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = LIBC.syscall(CREATE_RULESET, rules[:size], size, 0)
    devices = 1 << 1 | (version > 2) << 14 | (version > 4) << 15
    for path, rights in (("/", 0b1101), ("/dev", devices), *((each, every) for each in writable)):
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
        packed = struct.pack("=Qi", rights & every, folder)
        if LIBC.syscall(ADD_RULE, ruleset, 1, packed, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refuses a rule for {path}")
        os.close(folder)
    if LIBC.syscall(RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "Landlock refuses the rules")
    os.close(ruleset)


def forbid_calls() -> None:
    """Seccomp: what the namespaces do not isolate."""
    program = make_filter(os.uname().machine)
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
    if LIBC.prctl(PR_SET_SECCOMP, 2, ctypes.c_char_p(head), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp refuses the filter")


def make_filter(machine: str) -> "list[tuple[int, int, int, int]]":
    """Make the BPF program: (code, lines to skip if true, if false, value)."""
    audit, column, socket, ioctl = ARCHITECTURES[machine]
    load, equal, above, answer = 0x20, 0x15, 0x35, 0x06
    number, architecture, first, second = 0, 4, 16, 24

    def refuse(value: int, result: int) -> "list[tuple[int, int, int, int]]":
        return [(equal, 0, 1, value), (answer, 0, 0, result)]

    families = [line for each in FAMILIES.values() for line in refuse(each, ALLOW)]
    sockets = [(load, 0, 0, first), *families, (answer, 0, 0, ERRNO | EAFNOSUPPORT)]
    ioctls = [line for each in FORBIDDEN_IOCTLS.values() for line in refuse(each, ERRNO | EPERM)]
    terminals = [(load, 0, 0, second), *ioctls, (answer, 0, 0, ALLOW)]
    return [
        (load, 0, 0, architecture),
        (equal, 1, 0, audit),
        (answer, 0, 0, KILL),  # 32-bit programs: their numbers are others
        (load, 0, 0, number),
        (above, 0, 1, 0x40000000),  # the x32 numbers of x86_64
        (answer, 0, 0, ERRNO | ENOSYS),
        *(line for each in DENIED.values() for line in refuse(each[column], ERRNO | ENOSYS)),
        (equal, 0, len(sockets), socket),
        *sockets,
        (equal, 0, len(terminals), ioctl),
        *terminals,
        (answer, 0, 0, ALLOW),
    ]


def _woken(number: int, frame: object) -> None:
    """Do nothing: the byte in the wakeup pipe is enough."""


if __name__ == "__main__":
    main()
