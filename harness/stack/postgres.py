"""The local database: Postgres behind a unix socket, with a password of its own."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from harness.commons.files import write_private
from harness.stack import guard
from harness.stack.binaries import Binary, find_postgres
from harness.stack.datafiles import check_data_files
from harness.stack.failures import Failure, check_free_space, read_cause
from harness.stack.layout import Layout
from harness.stack.part import Command, clean_environment, close_all
from harness.stack.unprivileged import Runner, choose_runner

MAX_MEMORY_KB = 2 * 1024 * 1024
ROLE = DATABASE = "harness"
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # One machine, no replicas: the log needs no more than a crash does.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "jit": "off",
    # The SQL tools recognize by this name a server in which they may revoke functions.
    "cluster_name": "harness-local",
    "log_checkpoints": "off",
    # The command line wins over the files in the data folder (see `datafiles.py`): nothing there
    # loads a library, runs a program, names a file to write or another server to follow.
    "shared_preload_libraries": "",
    "session_preload_libraries": "",
    "local_preload_libraries": "",
    "dynamic_library_path": "$libdir",
    "extension_control_path": "$system",
    "oauth_validator_libraries": "",
    "jit_provider": "llvmjit",
    "archive_library": "",
    "archive_mode": "off",
    "archive_command": "",
    "archive_cleanup_command": "",
    "recovery_end_command": "",
    "restore_command": "",
    "ssl": "off",
    "ssl_passphrase_command": "",
    "logging_collector": "off",
    "log_destination": "stderr",
    "external_pid_file": "",
    "primary_conninfo": "",
    "primary_slot_name": "",
    "allow_alter_system": "off",  # what it writes would be refused at the next start
}


def _setting_flags(settings: Mapping[str, str]) -> list[str]:
    return [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]


class Postgres:
    title = "Postgres"
    stop_signal = signal.SIGINT  # "fast": disconnect clients, write a checkpoint, end
    orphan_signal = signal.SIGINT
    lost_signal = signal.SIGQUIT  # "immediate": end every process, write nothing
    start_seconds = 120.0  # a long crash recovery is not a failure
    pid_file: Path | None = None  # it writes postmaster.pid itself

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.data = layout.postgres_data
        self.log = layout.logs / "postgres.log"
        self.binary: Binary | None = None
        self.notes: list[str] = []
        self._runner: Runner | None = None

    @property
    def endpoints(self) -> dict[str, Any]:
        password = quote(self.layout.password.read_text().strip(), safe="")
        where = urlencode({"host": str(self.layout.database_sockets)}, quote_via=quote, safe="/")
        return {"url": f"postgresql://{ROLE}:{password}@/{DATABASE}?{where}", "notes": self.notes}

    async def prepare(self) -> None:
        self.binary = self.binary or find_postgres()
        self._runner = self._runner or choose_runner(self.layout, self.binary.path)
        check_free_space(self.layout.state)
        await self._end_orphan()
        fresh = not self.data.exists()
        if fresh:
            await self._create_cluster(self._runner)
        else:
            self._runner.take_ownership(self.data)
            await self._check_data()
        self.notes[:] = [f"Postgres: started here ({self.binary.why}), data in {self.data}"]

    def command(self) -> Command:
        assert self._runner is not None
        handed: list[int] = []
        data = self._runner.hand_over(self.data, handed)
        sockets = self._runner.hand_over(self.layout.database_sockets, handed)
        # The last one puts the data folder in the process list, which identifies an orphan.
        settings = {**_SETTINGS, "unix_socket_directories": sockets, "harness.data": str(self.data)}
        arguments = ("postgres", "-D", data, *_setting_flags(settings))
        return self._limit_memory(self._build_command(*arguments, handed=handed))

    def _limit_memory(self, command: Command) -> Command:
        """Limit the memory of each process: one statement of a model could use all of it."""
        limit = ("/bin/sh", "-c", f'ulimit -v {MAX_MEMORY_KB} 2>/dev/null; exec "$@"', "sh")
        return replace(command, argv=(*limit, *command.argv))

    async def is_ready(self) -> bool:
        """Whether Postgres is ready, by the eighth line of postmaster.pid, as pg_ctl does."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    async def settle(self) -> None:
        return

    def can_move(self, failure: Failure) -> bool:
        del failure
        return False

    def _build_command(self, program: str, *arguments: str, handed: Sequence[int] = ()) -> Command:
        assert self.binary is not None and self._runner is not None
        argv = (*self._runner.prefix, str(self.binary.path / program), *arguments)
        env = clean_environment()
        return Command(argv=argv, env=env, user=self._runner.user, handed=tuple(handed))

    async def _end_orphan(self) -> None:
        """End a server that an earlier supervisor left behind."""
        pid_file = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().split()[0])
            signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
            await guard.end_orphan(pid, like=str(self.data), signals=signals)
            # Another program may have the pid by now, which would prevent Postgres from starting.
            pid_file.unlink(missing_ok=True)

    async def _check_data(self) -> None:
        version = await self._read_major_version()
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise Failure(
                "data_broken",
                f"{self.data} is not a Postgres data folder: PG_VERSION cannot be read.",
                f"Restore it from a backup, or start empty: mv {self.data} {self.data}.broken",
            ) from error
        if found != version:
            raise Failure(
                "data_broken",
                f"{self.data} was created by Postgres {found}; Postgres {version} is installed.",
                f"Dump it with Postgres {found} and load the dump into a new one, "
                f"or start empty: mv {self.data} {self.data}.{found}",
            )
        check_data_files(self.data)
        if not self.layout.password.exists():
            await self._set_password()

    async def _read_major_version(self) -> str:
        text = await self._run_program("postgres", "--version")
        return text.split()[2].split(".")[0]

    async def _create_cluster(self, runner: Runner) -> None:
        """Create the cluster in a draft folder, so that a partial one is never used."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        runner.take_ownership(draft)
        password = secrets.token_urlsafe(24)
        write_private(self.layout.password, password + "\n")
        readable = self.layout.database_sockets / "password"
        write_private(readable, password + "\n")
        runner.take_ownership(readable)
        try:
            handed: list[int] = []
            data = runner.hand_over(draft, handed)
            sockets = runner.hand_over(readable.parent, handed)
            await self._run_program(
                *("initdb", "-D", data, "-U", ROLE, "-A", "scram-sha-256"),
                *("--pwfile", f"{sockets}/{readable.name}", "-E", "UTF8", "--no-instructions"),
                *("--locale-provider=builtin", "--locale=C.UTF-8"),
                handed=handed,
            )
        finally:
            readable.unlink()
        await self._single_user(draft, f"CREATE DATABASE {DATABASE}")
        draft.replace(self.data)

    async def _set_password(self) -> None:
        password = secrets.token_urlsafe(24)
        await self._single_user(self.data, f"ALTER ROLE {ROLE} PASSWORD '{password}'")
        write_private(self.layout.password, password + "\n")

    async def _single_user(self, data: Path, statement: str) -> None:
        assert self._runner is not None
        handed: list[int] = []
        folder = self._runner.hand_over(data, handed)
        asked = ("postgres", "--single", "-D", folder, *_setting_flags(_SETTINGS), "postgres")
        await self._run_program(*asked, stdin=statement + "\n", handed=handed)

    async def _run_program(
        self, program: str, *arguments: str, stdin: str = "", handed: Sequence[int] = ()
    ) -> str:
        command = self._build_command(program, *arguments, handed=handed)
        try:
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                env=dict(command.env),
                user=command.user,
                pass_fds=command.handed,
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                preexec_fn=guard.die_with_me(signal.SIGKILL),
            )
        finally:
            close_all(command.handed)
        output, _ = await process.communicate(stdin.encode())
        text = output.decode(errors="replace")
        if process.returncode != 0:
            with self.log.open("a") as log:
                log.write(text)
            raise read_cause(f"Postgres ({program})", text, data=self.data, log_file=self.log)
        return text
