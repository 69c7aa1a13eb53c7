"""The local Temporal: its development server with a database file; its web page on demand."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import socket
import sys
from collections.abc import Container
from pathlib import Path
from typing import Any

from harness.stack import guard, ports, rpc
from harness.stack.attributes import SEARCH_ATTRIBUTES, how_to_remove, wrong_types
from harness.stack.binaries import Binary, downloads_folder, find_temporal
from harness.stack.failures import Failure, check_free_space
from harness.stack.layout import Layout, read_kept, write_kept
from harness.stack.part import Command, clean_environment

# The defaults are for a cluster and slow on one machine; docs/explanation has the figures.
_DYNAMIC_CONFIG = (
    "system.enableActivityEagerExecution=true",
    "system.enableEagerWorkflowStart=true",
    "history.transferProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
    "history.visibilityProcessorMaxPollRPS=200",
    'history.timerProcessorMaxTimeShift="20ms"',
    "system.enableCancelActivityWorkerCommand=true",
    "frontend.WorkerCommandsEnabled=true",
    # The HTTP API has no authentication and cannot be disabled. It answers only to these hosts,
    # and no request can name this one: a Host with a space is malformed.
    'frontend.httpAllowedHosts=["closed by harness"]',
)
_PORTS = ("temporal", "ui")
TRIES = 200
"""Checks whether Temporal has settled before its start fails."""
LATE = 20
"""Checks after which missing search attributes are added explicitly."""
_SQLITE = b"SQLite format 3\0"


class Temporal:
    """`options` are those of the first command: binary, port, namespace and so on."""

    title = "Temporal"
    stop_signal = signal.SIGTERM
    orphan_signal = signal.SIGKILL  # nothing is lost: the database file is synchronous
    lost_signal = signal.SIGKILL
    start_seconds = 60.0

    def __init__(self, layout: Layout, options: dict[str, Any]) -> None:
        self.layout = layout
        self.options = options
        self.namespace = str(options["namespace"])
        self.data = layout.temporal_data
        self.log = layout.logs / "temporal.log"
        self.pid_file: Path | None = layout.state / "temporal.pid"
        self.binary: Binary | None = None
        self.ports: dict[str, int] = {}
        self.page = False
        """Whether the web page was requested."""
        self.hidden: tuple[str, int] | None = None
        """Where the page's own server listens, behind `harness.stack.door`."""
        self.notes: list[str] = []
        self._moved: list[str] = []
        self._has_run = False

    @property
    def endpoints(self) -> dict[str, Any]:
        return {
            "address": f"{ports.HOST}:{self.ports['temporal']}",
            "ui": f"http://{ports.HOST}:{self.ports['ui']}" if self.page else None,
            "namespace": self.namespace,
            "notes": self.notes,
        }

    async def prepare(self) -> None:
        self.binary = self.binary or await asyncio.to_thread(
            find_temporal, self.options["binary"], downloads_folder()
        )
        check_free_space(self.layout.state)
        self._check_data()
        await self._end_orphan()
        if not self._has_run:
            self._pick_ports()
        self.hidden = _pick_hidden() if self.page else None
        about = f"Temporal: started here ({self.binary.why}), data in {self.data}"
        self.notes = [about, *self._moved]

    def command(self) -> Command:
        assert self.binary is not None
        argv = [
            *(str(self.binary.path), "server", "start-dev", "--ip", ports.HOST),
            *("--port", str(self.ports["temporal"]), "--db-filename", str(self.data)),
            *("--log-level", "warn"),
            *("--disable-config-file", "--disable-config-env"),
            *("--sqlite-pragma", "journal_mode=WAL"),
            *("--sqlite-pragma", f"synchronous={str(self.options['synchronous']).upper()}"),
        ]
        if self.hidden is None:
            argv.append("--headless")
        else:
            address, port = self.hidden
            argv += ["--ui-ip", address, "--ui-port", str(port), "--ui-disable-news-fetch"]
        if self.namespace != "default":
            argv += ["--namespace", self.namespace]
        for value in _DYNAMIC_CONFIG:
            argv += ["--dynamic-config-value", value]
        for name, kind in SEARCH_ATTRIBUTES.items():
            argv += ["--search-attribute", f"{name}={kind}"]
        return Command(argv=tuple(argv), env=clean_environment())

    async def is_ready(self) -> bool:
        return await self._describe_namespace() is not None

    async def settle(self) -> None:
        """Set the retention (24 h by default, too short for a weekend) and search attributes."""
        wanted = int(self.options["retention_days"]) * 86400
        found = await self._describe_namespace() or rpc.Namespace()
        is_kept = found.retention_seconds == wanted
        for number in range(1, TRIES + 1):
            is_kept = is_kept or await rpc.set_retention(
                self.ports["temporal"], self.namespace, wanted
            )
            # Temporal maps Keyword01, Int02, ... to names: the type is what precedes the digits.
            types = {name: slot.rstrip("0123456789") for slot, name in found.aliases.items()}
            if is_kept and types.keys() >= SEARCH_ATTRIBUTES.keys():
                self._check_types(types)
                self._has_run = True
                return
            if number % LATE == 0:
                await self._add_attributes(types)
            await asyncio.sleep(0.025)
            found = await self._describe_namespace() or rpc.Namespace()
        if not is_kept:
            raise Failure(
                "start_failed",
                f"The local Temporal did not accept temporal.retention_days: it would delete ended "
                f"runs after one day (log: {self.log}).",
                "Restart it: harness down, then harness up.",
            )
        raise Failure(
            "search_attributes",
            f"The local Temporal did not register its search attributes (log: {self.log}).",
            f"It may have too many already. To start empty: mv {self.data} {self.data}.broken",
        )

    async def _add_attributes(self, known: Container[str]) -> None:
        """Add missing attributes: Temporal applies those of its command line only to a new
        namespace, not to one that an earlier version created."""
        missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known}
        if missing:
            await rpc.add_search_attributes(self.ports["temporal"], self.namespace, missing)

    def can_move(self, failure: Failure) -> bool:
        """Whether to try other ports: one was taken between the check and the start."""
        return failure.category == "port_in_use" and self.options["port"] is None

    def _check_types(self, types: dict[str, str]) -> None:
        wrong = {
            name: types[name] for name, kind in SEARCH_ATTRIBUTES.items() if types[name] != kind
        }
        if wrong:
            raise Failure(
                "search_attributes",
                wrong_types(self.namespace, wrong),
                how_to_remove(self.namespace, wrong),
            )

    def _check_data(self) -> None:
        if not self.data.exists() or self.data.stat().st_size == 0:
            return
        with self.data.open("rb") as file:
            head = file.read(len(_SQLITE))
        if head != _SQLITE:
            raise Failure(
                "data_broken",
                f"Temporal's data file {self.data} is not a SQLite database.",
                f"Restore it from a backup, or start empty: mv {self.data} {self.data}.broken",
            )

    async def _end_orphan(self) -> None:
        assert self.pid_file is not None
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pid_file.read_text())
            await guard.end_orphan(pid, like=str(self.data), signals=(signal.SIGKILL,))

    def _pick_ports(self) -> None:
        kept = read_kept(self.layout)
        configured = self.options["port"]
        taken: set[int] = set()
        for name in _PORTS:
            port = kept.get(f"{name}_port")
            if name == "temporal" and configured is not None:
                port = int(configured)
                if not ports.is_free(port):
                    raise Failure(
                        "port_in_use",
                        f"Port {port} (temporal.port) is used by another program.",
                        "Stop that program, or change or unset temporal.port. To use a Temporal "
                        f"that runs there, set TEMPORAL_ADDRESS=localhost:{port}.",
                    )
            elif not isinstance(port, int) or port in taken or not ports.is_free(port):
                old, port = port, ports.pick_port(self.layout.state, taken)
                if old is not None:
                    self._moved.append(f"Temporal: port {old} is in use; {name} now uses {port}")
            taken.add(port)
            self.ports[name] = port
        write_kept(self.layout, kept | {f"{name}_port": self.ports[name] for name in _PORTS})

    async def _describe_namespace(self) -> rpc.Namespace | None:
        return await rpc.describe_namespace(self.ports["temporal"], self.namespace)


def _pick_hidden() -> tuple[str, int]:
    """Pick a free port at a random loopback address: 24 bits more than a web page could try.

    macOS has only 127.0.0.1."""
    host = ports.HOST
    if sys.platform == "linux":
        host = f"127.{'.'.join(str(secrets.randbelow(254) + 1) for _ in range(3))}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return host, int(probe.getsockname()[1])
