"""A cluster on this machine: Postgres, Temporal's services, workers and daemons, each a process."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.api import ApiClient
from harness.config.settings import settings_model
from harness.engine.connection import Connection, open_connection
from harness.stack import open_stack
from harness.stack.ports import pick_port
from tests.cluster import agent as agent_file
from tests.cluster.build import TemporalBuild, build_temporal
from tests.cluster.processes import Part
from tests.cluster.services import create_namespace, create_schemas, make_services
from tests.fakes.model_server import ModelServer
from tests.fakes.postgres import Postgres

CLUSTER = "SELECT 1 FROM cluster_metadata_info"
TABLE = "CREATE SCHEMA shop; CREATE TABLE shop.orders (run text, item text)"
DURABLE = {"max_connections": "300", "shared_buffers": "64MB"}
HARNESS = str(Path(sys.executable).with_name("harness"))
START_S = 60.0
PAUSE_S = 0.1
NOTHING: Mapping[str, str] = {}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Ground:
    """The parts of the cluster by name, and what the campaign itself uses."""

    parts: dict[str, Part]
    postgres: Postgres
    model: ModelServer
    apis: tuple[ApiClient, ApiClient]
    connection: Connection

    async def replace(self, name: str) -> None:
        """kill -9, and start it again."""
        part = self.parts[name]
        part.kill()
        part.start()


@asynccontextmanager
async def open_ground(say: Say, more: Mapping[str, str] = NOTHING) -> AsyncGenerator[Ground]:
    """Start all parts. `more`: settings for workers and daemons."""
    build = await build_temporal(say)
    async with AsyncExitStack() as stack:
        folder = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="harness-cluster-", ignore_cleanup_errors=True)
            )
        )
        postgres = Postgres(DURABLE)
        stack.callback(postgres.stop)
        postgres.start()
        services, address = await _start_temporal(build, folder, postgres, stack, say)
        model = await stack.enter_async_context(ModelServer())
        postgres.execute("CREATE DATABASE harness")
        postgres.execute(TABLE, "harness")
        env = _make_environment(address, postgres.url("harness"), model) | dict(more)
        shutil.copy(agent_file.__file__, folder / "agent.py")
        harness, urls = _make_harness_parts(folder, env)
        for part in harness:
            stack.callback(part.stop)
            part.start()
        token = await asyncio.to_thread(_create_token, folder, env)
        settings = settings_model().model_validate(
            {
                "temporal": {"address": address},
                "database": {"url": env["DATABASE_URL"]},
                "signing": {"key": env["HARNESS_SIGNING__KEY"]},
            }
        )
        endpoints = await stack.enter_async_context(open_stack(settings, folder))
        connection = await stack.enter_async_context(open_connection(settings, endpoints, folder))
        for url in urls:
            await _until_ready(url, harness)
        say("two workers and two daemons are ready")
        first, second = (ApiClient(url, token) for url in urls)
        parts = {part.name: part for part in (*services, *harness)}
        yield Ground(parts, postgres, model, (first, second), connection)


async def _start_temporal(
    build: TemporalBuild, folder: Path, postgres: Postgres, stack: AsyncExitStack, say: Say
) -> tuple[list[Part], str]:
    create_schemas(build, postgres.port)
    services, address = make_services(build, folder, postgres.port)
    first, *others = services
    stack.callback(first.stop)
    first.start()
    # The first service creates the cluster's record; one that tries at the same time exits.
    await _until(lambda: bool(postgres.execute(CLUSTER, "temporal")), [first])
    for part in others:
        stack.callback(part.stop)
        part.start()
    await create_namespace(address, services)
    say(f"Temporal runs as {len(services)} processes: {', '.join(part.name for part in services)}")
    return services, address


def _make_environment(address: str, database: str, model: ModelServer) -> dict[str, str]:
    passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return passed | {
        "TEMPORAL_ADDRESS": address,
        "DATABASE_URL": database,
        "OPENAI_API_KEY": "any",
        "OPENAI_BASE_URL": model.openai,
        "HARNESS_MODEL": "openai/gpt-5",
        "HARNESS_SIGNING__KEY": secrets.token_hex(32),
        "HARNESS_WORKER__GRACEFUL_SHUTDOWN_SECONDS": "1",
    }


def _make_harness_parts(folder: Path, env: dict[str, str]) -> tuple[list[Part], list[str]]:
    command = [HARNESS]
    parts = [
        Part(f"harness-worker-{n}", [*command, "worker", "agent.py"], folder, env) for n in (1, 2)
    ]
    urls: list[str] = []
    taken: set[int] = set()
    for n in (1, 2):
        port = pick_port(folder / f"daemon-{n}", taken)
        taken.add(port)
        argv = [*command, "serve", "--no-worker", "--port", str(port)]
        parts.append(Part(f"harness-daemon-{n}", argv, folder, env))
        urls.append(f"http://127.0.0.1:{port}")
    return parts, urls


def _create_token(folder: Path, env: dict[str, str]) -> str:
    made = subprocess.run(
        [HARNESS, "token", "create", "--json"],
        cwd=folder, env=env, capture_output=True, text=True, timeout=START_S, check=False,
    )  # fmt: skip
    if made.returncode != 0:
        raise RuntimeError(f"`harness token create` failed:\n{made.stderr}")
    return json.loads(made.stdout)["token"]


async def _until_ready(url: str, parts: list[Part]) -> None:
    """Until a daemon says that it can do its work."""

    def is_ready() -> bool:
        try:
            urllib.request.urlopen(f"{url}/health/ready", timeout=5).close()
        except (OSError, urllib.error.HTTPError):
            return False
        return True

    await _until(is_ready, parts)


async def _until(holds: Callable[[], bool], parts: list[Part]) -> None:
    """Until `holds`, as long as none of the parts has ended."""
    async with asyncio.timeout(START_S):
        while not await asyncio.to_thread(holds):
            for part in parts:
                part.check()
            await asyncio.sleep(PAUSE_S)
