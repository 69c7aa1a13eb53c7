"""`python`, without the second of CPU that loading harness and the SDKs costs each process.

A server in its own process has loaded everything once. Each `warm_python(...)` command line starts
a small client, which has the server fork: the fork takes over the client's descriptors, folder,
environment and arguments and runs in a session of its own, with the terminal where there is one.
Signals to the client reach the fork; the death of the client kills it.

`python -m tests.run` starts one server for all its test processes; a test process that was started
otherwise has its own.

Coverage measures real processes instead, and so do systems without pidfds.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import gc
import importlib
import marshal
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import types
from collections.abc import Generator
from pathlib import Path
from typing import Any

OURS = (
    "harness", "harness_workflows", "harness_activities", "harness_workers", "harness_daemon",
    "harness_starter",
)  # fmt: skip
LIBRARIES = (
    "temporalio.client", "temporalio.worker", "openai", "anthropic", "psycopg", "rich",
    "fastapi", "uvicorn", "websockets", "httptools", "uvloop",
)  # fmt: skip
STREAMS = (
    ("stdin", "r", "strict"), ("stdout", "w", "strict"), ("stderr", "w", "backslashreplace"),
)  # fmt: skip
CLIENT = Path(__file__).with_name("warm_client.py")
SHARED = "TESTS_WARM_PYTHON"
"""The variable with the address of the server that test processes share."""

Selector = selectors.DefaultSelector


def warm_python(*words: str) -> list[str]:
    """The command line that does what `python *words` does."""
    if sys.platform != "linux" or "COVERAGE_FILE" in os.environ:
        return [sys.executable, *words]
    return [sys.executable, "-I", "-S", str(CLIENT), _server(), *words]


@functools.cache
def _server() -> str:
    """The address of the shared server, or of this process's own, which ends with it."""
    if shared := os.environ.get(SHARED):
        return shared
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(serving())


@contextlib.contextmanager
def serving() -> Generator[str]:
    """A server, until the block ends; its address."""
    with tempfile.TemporaryDirectory(prefix="harness-warm-") as folder:
        address = f"{folder}/s"
        process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, address],
            cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for who made it
        )  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        try:
            yield address
        finally:
            process.communicate()


def main(address: str) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    print("ready", flush=True)
    load_everything()  # meanwhile tests are collected; who is early waits
    words = serve(listener)
    if words is not None:
        run(words)


def load_everything() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    for package in map(importlib.import_module, OURS):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.rpartition(".")[2] not in ("__main__", "_child"):
                importlib.import_module(found.name)
    gc.collect()
    gc.freeze()


def serve(listener: socket.socket) -> list[str] | None:
    """In the server: until its maker is gone, then None. In a fork: the words it is to run."""
    running: dict[int, int] = {}  # pids by the descriptor of their connection
    with Selector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        selector.register(0, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == 0:
                    for pid in running.values():
                        os.kill(pid, signal.SIGKILL)
                    return None
                if key.fileobj is not listener:
                    _end(selector, key, running)
                    continue
                connection, _ = listener.accept()
                opened, asked = _receive(connection)
                pid = os.fork()
                if pid == 0:
                    return become(opened, asked)
                for fd in opened:
                    os.close(fd)
                connection.sendall(pid.to_bytes(8, "big", signed=True))
                running[connection.fileno()] = pid
                handle = os.pidfd_open(pid)
                selector.register(handle, selectors.EVENT_READ, connection)
                selector.register(connection, selectors.EVENT_READ, handle)


def _end(
    selector: selectors.BaseSelector, key: selectors.SelectorKey, running: dict[int, int]
) -> None:
    """The process ended, or its client did: then it is killed, and ends."""
    if isinstance(key.fileobj, socket.socket):
        os.kill(running[key.fd], signal.SIGKILL)
        selector.unregister(key.fileobj)
        return
    connection: socket.socket = key.data
    code = os.waitstatus_to_exitcode(os.waitpid(running.pop(connection.fileno()), 0)[1])
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(code.to_bytes(8, "big", signed=True))
    if connection in selector.get_map():
        selector.unregister(connection)
    selector.unregister(key.fileobj)
    os.close(key.fd)
    connection.close()


def _receive(connection: socket.socket) -> tuple[list[int], Any]:
    head, opened, _, _ = socket.recv_fds(connection, 8, 3)
    content = b""
    while len(content) < int.from_bytes(head, "big"):
        content += connection.recv(1 << 16)
    return opened, marshal.loads(content)


def become(opened: list[int], asked: Any) -> list[str]:
    """Turn this fork into the process that the client was asked to be."""
    numbers, folder, environment, words = asked
    os.setsid()
    # As from a terminal, also where the tests themselves run in the background and ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, 3) for fd in opened[: len(numbers)]]
    for number in (0, 1, 2):
        os.close(number)
    for number, fd in zip(numbers, moved, strict=True):
        os.dup2(fd, number)
    os.closerange(3, 1 << 16)
    for number, (name, mode, errors) in enumerate(STREAMS):
        stream = None
        if number in numbers:
            lines = name == "stderr" or os.isatty(number)
            stream = os.fdopen(number, mode, 1 if lines else -1, "utf-8", errors, closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    if 0 in numbers and os.isatty(0):
        _take_terminal()
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(environment)
    return words


def _take_terminal() -> None:
    try:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    except PermissionError:
        return  # it is the terminal of another session


def run(words: list[str]) -> None:
    """As the interpreter does with its command line: -c, -m or a file."""
    kind, *rest = words
    if kind == "-c":
        sys.path.insert(0, "")
        sys.argv = ["-c", *rest[1:]]
        sys.modules["__main__"] = module = types.ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), vars(module))
    elif kind == "-m":
        sys.path.insert(0, os.getcwd())
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(kind).parent))
        sys.argv = words
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    sys.path.pop(0)
    main(sys.argv[1])
