"""What `harness serve` does before it serves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.fakes.command import harness_command
from tests.fakes.postgres import Postgres
from tests.fakes.postgres import empty_database_url as empty_database_url
from tests.integration.conftest import Engine


@contextmanager
def serving(
    engine: Engine, project: Path, database: str, port: int
) -> Generator[subprocess.Popen[str]]:
    env = os.environ | {
        "HARNESS_TEMPORAL__ADDRESS": engine.address, "HARNESS_DATABASE__URL": database,
    }  # fmt: skip
    process = subprocess.Popen(
        harness_command("serve", "--no-worker", "--port", str(port)),
        cwd=project, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_a_taken_port_is_refused_before_anything_is_migrated(
    engine: Engine, tmp_path: Path, empty_database_url: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with serving(engine, tmp_path, empty_database_url, taken.getsockname()[1]) as process:
            _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot listen" in said
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute("SELECT FROM pg_namespace WHERE nspname LIKE 'harness%'")
        assert found.fetchall() == []


@pytest.mark.slow
def test_a_database_that_is_coming_back_is_waited_for(engine: Engine, tmp_path: Path) -> None:
    database = Postgres({})
    try:
        database.start()
        url = database.create()
        database.kill()
        with serving(engine, tmp_path, url, 0) as process:
            assert process.stderr is not None and process.stdout is not None
            assert any("Trying again for" in line for line in process.stderr)
            database.start()
            assert any(line.startswith("API: http") for line in process.stdout)
    finally:
        database.stop()
