"""Join the supervisor of a project, or start it: the commands' side."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.stack import layout as layouts
from harness.stack.failures import Failure, from_oserror
from harness.stack.layout import PROTOCOL, Layout
from harness.stack.part import rotate_log

# Stopping takes about 1.5 s (Temporal drains); a supervisor that holds the lock longer than this
# without a socket is stuck.
_LOCK_SECONDS = 30.0
_ATTEMPTS = 5


@dataclass
class Lease:
    """Keeps the stack running as long as it is open."""

    parts: dict[str, dict[str, Any]]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def wait_until_lost(self) -> str:
        """Wait until the supervisor ends; returns `asked`, `removed` (state folder) or `died`."""
        why = "died"
        with contextlib.suppress(OSError, ValueError):
            while line := await self.reader.readline():
                why = json.loads(line).get("stopping", why)
        return why

    def release(self) -> None:
        self.writer.close()


async def acquire_lease(
    layout: Layout,
    parts: dict[str, dict[str, Any]],
    *,
    keep: bool,
    progress: Callable[[str], None],
) -> Lease:
    """Join the running supervisor or start one; raises Failure."""
    request = {"want": "lease", "protocol": PROTOCOL, "parts": parts, "keep": keep}
    for _ in range(_ATTEMPTS):
        reader, writer = await _connect_or_start(layout)
        try:
            answer = await _send_request(reader, writer, request, progress)
        except BaseException:
            writer.close()
            raise
        if "ready" in answer:
            return Lease(answer["ready"], reader, writer)
        writer.close()
        if "failed" in answer:
            raise Failure(*answer["failed"])
        if answer.get("stopping") == "removed":
            continue  # it has ended; the next one creates the folder again
        if answer.get("stopping") == "asked":
            raise Failure("start_failed", "The local stack was stopped while it was starting.")
    log = layout.logs / "supervisor.log"
    reason = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise Failure(
        "start_failed",
        f"The supervisor of the local stack ended while it was starting: {''.join(reason)} "
        f"(log: {log})",
    )


async def read_status(layout: Layout) -> dict[str, Any] | None:
    """Read the status of the running stack; None if it does not run."""
    try:
        reader, writer = await asyncio.open_unix_connection(layout.socket)
    except OSError:
        return None
    try:
        answer = await _send_request(
            reader, writer, {"want": "status", "protocol": PROTOCOL}, _ignore_progress
        )
    finally:
        writer.close()
    return answer.get("status")


async def stop_supervisor(layout: Layout) -> bool:
    """Stop the running stack, even if it is in use; False if none runs."""
    try:
        reader, writer = await asyncio.open_unix_connection(layout.socket)
    except OSError:
        return False
    try:
        await _send_request(
            reader, writer, {"want": "stop", "protocol": PROTOCOL}, _ignore_progress
        )
    finally:
        writer.close()
    if not layout.state.exists():
        return True  # the lock is gone with it
    # The end of the connection is the answer to "stop"; the lock is released a moment later.
    for _ in range(int(_LOCK_SECONDS / 0.01)):
        if (lock := _try_lock(layout)) is not None:
            os.close(lock)
            break
        await asyncio.sleep(0.01)
    return True


async def _send_request(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: dict[str, Any],
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Send a request and return the answer; empty if the supervisor ends first."""
    with contextlib.suppress(ConnectionError):
        writer.write(json.dumps(request).encode() + b"\n")
        while line := await reader.readline():
            answer: dict[str, Any] = json.loads(line)
            if "progress" not in answer:
                return answer
            progress(answer["progress"])
    return {}


async def _connect_or_start(
    layout: Layout,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    deadline = asyncio.get_running_loop().time() + _LOCK_SECONDS
    while True:
        with contextlib.suppress(OSError):
            return await asyncio.open_unix_connection(layout.socket)
        layouts.make_folders(layout)
        lock = _try_lock(layout)
        if lock is not None:
            try:
                _start_supervisor(layout, lock)
            finally:
                os.close(lock)
        elif asyncio.get_running_loop().time() > deadline:
            raise Failure(
                "start_failed",
                f"Another process holds {layout.lock}, but nothing answers at {layout.socket}.",
                "It may run in another container, or its sockets were deleted: stop the process "
                f"that holds the lock (fuser {layout.lock}).",
            )
        else:
            await asyncio.sleep(0.01)


def _try_lock(layout: Layout) -> int | None:
    try:
        lock = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise from_oserror(error, f"opening {layout.lock}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return None
        raise Failure(
            "start_failed",
            f"{layout.lock} cannot be locked ({error}).",
            "Set state_dir to a folder on a local disk.",
        ) from error
    return lock


def _start_supervisor(layout: Layout, lock: int) -> None:
    """Start a supervisor that inherits the lock and a listening socket."""
    log = layout.logs / "supervisor.log"
    layouts.make_folders(layout)  # again: the previous one removed its socket folder as it ended
    try:
        layouts.write_kept(layout, layouts.read_kept(layout) | {"sockets": str(layout.sockets)})
        layout.socket.unlink(missing_ok=True)
        rotate_log(log)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, log.open("ab") as out:
            listener.bind(str(layout.socket))
            layout.socket.chmod(0o600)
            listener.listen(128)
            handed = (str(lock), str(listener.fileno()), str(layout.state), str(layout.sockets))
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.stack.supervisor", *handed],
                pass_fds=(lock, listener.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                start_new_session=True,
            )
        # It usually outlives this process; if not, it must not stay as a zombie.
        threading.Thread(target=process.wait, daemon=True).start()
    except OSError as error:
        raise from_oserror(error, "starting the local stack") from error


def _ignore_progress(line: str) -> None:
    del line
