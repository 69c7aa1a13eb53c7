"""`python -m harness.stack.supervisor LOCK_FD SOCKET_FD STATE SOCKETS`: runs the local stack.

Each user of the stack holds a lease: an open connection to the supervisor's unix socket, which the
kernel closes when its owner dies. When the last one is closed, the supervisor stops both parts and
ends.

`harness.stack.lease` starts it with the lock already held and the socket already listening, so that
of two commands exactly one starts it and both can connect immediately. It imports little, to start
fast and stay small.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.stack import ports
from harness.stack.door import Door
from harness.stack.failures import Failure, from_oserror
from harness.stack.layout import PROTOCOL, Layout, read_kept, write_kept
from harness.stack.part import Part
from harness.stack.postgres import Postgres
from harness.stack.temporal import Temporal

GRACE_SECONDS = 1.0
WATCH_SECONDS = 1.0


@dataclass
class Supervisor:
    layout: Layout
    lock: int | None = None
    """The open lock file."""
    parts: dict[str, Part] = field(default_factory=dict)
    leases: set[asyncio.StreamWriter] = field(default_factory=set)
    waiting: set[asyncio.StreamWriter] = field(default_factory=set)
    keep: bool = False
    asked: bool = False
    """It was asked to stop: its users must not start it again."""
    removed: bool = False
    """Its state folder was removed: there is nothing left to run."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    door: Door | None = None
    """The proxy to Temporal's page, once it was requested."""
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _grace: asyncio.TimerHandle | None = None

    def report_progress(self, line: str) -> None:
        sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")
        sys.stderr.flush()
        for writer in self.waiting:
            send_message(writer, {"progress": line})

    async def serve_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request: dict[str, Any] = json.loads(await reader.readline() or b"{}")
            match request.get("want"):
                case "stop":  # whatever its version
                    self.asked = True
                    self.over.set()
                    await reader.read()
                case _ if request.get("protocol") != PROTOCOL:
                    send_message(writer, {"failed": other_version(request.get("protocol"))})
                case "lease":
                    await self.hold_lease(request, reader, writer)
                case "status":
                    send_message(writer, {"status": self.status()})
                case _:
                    pass
        except (OSError, ValueError, asyncio.CancelledError):
            pass  # the client hung up or is foreign, or the supervisor ends
        finally:
            writer.close()

    async def hold_lease(
        self, request: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.look_for_folder()
        if self.over.is_set():  # the client waits for the end, then starts a new one
            await reader.read()
            return
        self.leases.add(writer)
        self._end_grace()
        ready = asyncio.create_task(self.bring_up(request, writer))
        try:
            await reader.read()  # returns when the owner closes it or dies
        finally:
            ready.cancel()
            self.leases.discard(writer)
            self.waiting.discard(writer)
            if not self.leases and not self.keep:
                self.begin_grace()

    async def bring_up(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        self.waiting.add(writer)
        try:
            answer = await self._bring_up(request["parts"])
        except Exception as error:  # the client waits for an answer
            answer = {"failed": ["start_failed", f"The supervisor failed: {error!r}", ""]}
        self.waiting.discard(writer)
        if "ready" in answer and request.get("keep"):
            self.keep = True
            self.layout.keep.touch()
        send_message(writer, answer)

    async def _bring_up(self, wanted: dict[str, dict[str, Any]]) -> dict[str, Any]:
        for name, options in wanted.items():
            if name not in self.parts or self.parts[name].state == "failed":
                kind = (
                    Temporal(self.layout, options) if name == "temporal" else Postgres(self.layout)
                )
                if isinstance(kind, Temporal):
                    kind.page = bool(options["page"])
                self.parts[name] = Part(kind, self.report_progress)
                self.report_progress(f"{kind.title} is starting")
        results = await asyncio.gather(*(self.parts[name].ensure_running() for name in wanted))
        if wanted.get("temporal", {}).get("page") and not any(results):
            results.append(await self._show_page())
        failures = [failure for failure in results if failure is not None]
        for failure in failures or [self._other_namespace(wanted.get("temporal"))]:
            if failure is not None:
                return {"failed": [failure.category, failure.message, failure.fix]}
        return {"ready": {name: self.endpoints_of(name) for name in wanted}}

    async def _show_page(self) -> Failure | None:
        """Serve Temporal's page. A Temporal without it is restarted: runs continue where they were,
        and workers reconnect."""
        async with self._opening:
            part = self.parts["temporal"]
            kind = part.kind
            assert isinstance(kind, Temporal)
            if not kind.page:
                kind.page = True
                self.report_progress("Temporal is restarting with its web page")
                if failure := await part.restart_program():
                    return failure
            if self.door is None:
                try:
                    self.door = await self._open_door(kind)
                except OSError as error:
                    return from_oserror(error, "serving Temporal's page")
        return None

    async def _open_door(self, kind: Temporal) -> Door:
        door = Door(kind.ports["ui"], lambda: kind.hidden)
        try:
            await door.open()
        except OSError:  # taken since the start: use another port from now on
            door.port = kind.ports["ui"] = ports.pick_port(
                self.layout.state, set(kind.ports.values())
            )
            await door.open()
            write_kept(self.layout, read_kept(self.layout) | {"ui_port": door.port})
        return door

    def _other_namespace(self, wanted: dict[str, Any] | None) -> Failure | None:
        """Refuse another namespace: Temporal has that of the command that started it."""
        if wanted is None or wanted["namespace"] == self.endpoints_of("temporal")["namespace"]:
            return None
        return Failure(
            "start_failed",
            f"The running stack has the namespace {self.endpoints_of('temporal')['namespace']!r}, "
            f"but this command needs {wanted['namespace']!r}.",
            "Stop it first: harness down",
        )

    def endpoints_of(self, name: str) -> dict[str, Any]:
        kind = self.parts[name].kind
        assert isinstance(kind, Temporal | Postgres)
        return kind.endpoints

    def status(self) -> dict[str, Any]:
        parts = {
            name: {
                "state": part.state,
                "pid": part.pid,
                "failure": part.failure.message if part.failure else None,
                "endpoints": self.endpoints_of(name) if part.state == "running" else None,
            }
            for name, part in self.parts.items()
        }
        return {
            "pid": os.getpid(),
            "leases": len(self.leases),
            "keep": self.keep,
            "stopping": self.over.is_set(),
            "parts": parts,
        }

    def begin_grace(self) -> None:
        self._end_grace()
        self._grace = asyncio.get_running_loop().call_later(GRACE_SECONDS, self.over.set)

    def _end_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    def look_for_folder(self) -> None:
        """Detect that the state folder was removed: its lock file is then another one, or gone."""
        if self.removed or self.lock is None:
            return
        held = os.fstat(self.lock)
        try:
            found = self.layout.lock.stat()
            self.removed = (found.st_dev, found.st_ino) != (held.st_dev, held.st_ino)
        except (FileNotFoundError, NotADirectoryError):
            self.removed = True
        if self.removed:
            self.over.set()

    async def _watch_folder(self) -> None:
        while not self.removed:
            await asyncio.sleep(WATCH_SECONDS)
            self.look_for_folder()

    async def run(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._on_signal)
        server = await asyncio.start_unix_server(self.serve_client, sock=listener)
        self.keep = self.layout.keep.exists()
        if not self.keep:
            self.begin_grace()  # the process that started it may be dead
        watching = asyncio.create_task(self._watch_folder())
        await self.over.wait()
        watching.cancel()
        why = "removed" if self.removed else "asked" if self.asked else "unused"
        for writer in self.leases:
            send_message(writer, {"stopping": why})
        self.report_progress("stopping")
        if self.door is not None:
            self.door.close()
        await asyncio.gather(*(part.stop(lost=self.removed) for part in self.parts.values()))
        self.layout.keep.unlink(missing_ok=True)
        self.layout.socket.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.layout.database_sockets.rmdir()
            self.layout.sockets.rmdir()
        self.report_progress("stopped")
        server.close()

    def _on_signal(self) -> None:
        self.asked = True
        self.over.set()


def other_version(protocol: object) -> list[str]:
    return [
        "start_failed",
        f"The running stack speaks protocol {PROTOCOL}, this command {protocol}: "
        "another version of harness started it.",
        "Stop it first: harness down",
    ]


def send_message(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(message).encode() + b"\n")


def main(arguments: list[str]) -> None:
    lock, listening = int(arguments[0]), int(arguments[1])
    layout = Layout(state=Path(arguments[2]), sockets=Path(arguments[3]))
    os.umask(0o077)
    # Both were inherited; the parts must not inherit them, or they would keep the lock.
    os.set_inheritable(lock, False)
    listener = socket.socket(fileno=listening)
    listener.set_inheritable(False)
    listener.setblocking(False)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Supervisor(layout, lock).run(listener))


if __name__ == "__main__":
    main(sys.argv[1:])
