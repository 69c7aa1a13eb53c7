"""Processes that die with the supervisor, however it dies.

On Linux the kernel sends the signal (the request survives exec and `unshare -U`; a setuid would
clear it, so it is made afterwards). Elsewhere a small shell waits on a pipe that only the
supervisor holds open.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GUARD = 'trap "" INT TERM HUP; cat >/dev/null; kill -s "$1" "$0"; sleep 5; kill -s KILL "$0"'


def die_with_me(sign: signal.Signals) -> Callable[[], None] | None:
    """Return what the child runs before exec; None if the kernel does not support it."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def request_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
        if os.getppid() != parent:  # the parent died in between
            os._exit(1)

    return request_signal


async def start_guard(pid: int, sign: signal.Signals) -> asyncio.subprocess.Process:
    """Start a process that ends `pid` when the supervisor dies; kill it once `pid` has ended."""
    return await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        _GUARD,
        str(pid),
        sign.name.removeprefix("SIG"),
        env={"PATH": os.defpath},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def is_running(pid: int, *, like: str) -> bool:
    """Whether `pid` is alive (not a zombie) and its command line contains `like`."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # another user's, so not ours
    command = Path(f"/proc/{pid}/cmdline")
    if command.parent.parent.joinpath("self").exists():
        try:
            return like in command.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    done = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return like in done.stdout


async def end_orphan(pid: int, *, like: str, signals: tuple[signal.Signals, ...]) -> None:
    """End a process that an earlier supervisor left behind: each signal gets five seconds."""
    for sign in signals:
        if not is_running(pid, like=like):
            break
        os.kill(pid, sign)
        for _ in range(250):
            if not is_running(pid, like=like):
                break
            await asyncio.sleep(0.02)
    for _ in range(250):
        if not is_ending(pid):
            return
        await asyncio.sleep(0.02)


def is_ending(pid: int) -> bool:
    """Whether a killed process still holds its ports: Linux clears the command line first, and
    closes files when the last thread ends. On a busy machine that takes a moment, in which a
    successor would find the ports in use and pick others."""
    process = Path(f"/proc/{pid}")
    try:
        if (process / "cmdline").read_bytes():
            return False
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len(list((process / "task").iterdir())) > 1
    except OSError:
        return False
