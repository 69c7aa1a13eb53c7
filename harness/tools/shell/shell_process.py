"""Run a command under a watcher, within limits; no process of it is left afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harness.contracts.errors import ToolFailed

CHILD = Path(__file__).with_name("_shell_child.py")
KEPT = 256 * 1024
"""Bytes kept of the output, from its beginning and from its end each."""
BLOCK = 64 * 1024
LAST_WORDS_S = 2.0
PR_SET_DUMPABLE = 4


@dataclass(frozen=True, kw_only=True)
class Limits:
    seconds: float
    memory_mb: int
    file_mb: int

    def as_numbers(self) -> dict[str, int]:
        mega = 1024 * 1024
        return {
            "CPU": int(self.seconds) + 1, "AS": self.memory_mb * mega, "CORE": 0,
            "FSIZE": self.file_mb * mega, "NOFILE": 1024,
        }  # fmt: skip


class Ran(NamedTuple):
    code: int | None
    """None: it was stopped at its time limit."""
    output: str


async def run_command(command: str, folder: Path, env: Mapping[str, str], limits: Limits) -> Ran:
    """Run a command and wait for its end; kill it on cancellation."""
    if "\0" in command:
        raise ToolFailed("The command contains a NUL character. Remove it.")
    if os.name != "posix":
        raise ToolFailed("shell needs a POSIX system.")
    hide_memory()
    asked = json.dumps({"command": command, "limits": limits.as_numbers()}).encode()
    ours, theirs = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(CHILD),
            stdin=asyncio.subprocess.PIPE, stdout=theirs, stderr=theirs,
            cwd=folder, env=dict(env), start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        os.close(ours)
        raise ToolFailed(f"The command cannot be started: {error.strerror}.") from None
    finally:
        os.close(theirs)
    output = _Output()
    reading = asyncio.create_task(output.read(ours))
    code: int | None = None
    try:
        async with asyncio.timeout(limits.seconds):
            if process.stdin is not None:
                process.stdin.write(len(asked).to_bytes(4, "big") + asked)
            code = await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.stdin is not None:
            process.stdin.close()  # the watcher then kills all processes
        await process.wait()
        # A process that left the group may hold the pipe forever.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await asyncio.shield(reading)
        reading.cancel()
    return Ran(code, output.text())


@functools.cache
def hide_memory() -> None:
    """Make this process unreadable: no other process of this user can read its environment and
    memory, where our keys are. This also disables debuggers without root, and core dumps."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


class _Output:
    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._size = 0

    async def read(self, pipe: int) -> None:
        stream = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(stream)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb", 0))
        try:
            await self._read(stream)
        finally:
            transport.close()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while block := await stream.read(BLOCK):
            self._size += len(block)
            room = KEPT - len(self._head)
            self._head += block[:room]
            self._tail += block[room:] if room < len(block) else b""
            del self._tail[: max(0, len(self._tail) - KEPT)]

    def text(self) -> str:
        cut = self._size - len(self._head) - len(self._tail)
        middle = f"\n[{cut:,} bytes cut here]\n".encode() if cut else b""
        return bytes(self._head + middle + self._tail).decode(errors="replace")
