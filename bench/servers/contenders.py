"""The servers, each as its makers say it is started, and how a client uses them."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg import sql

from bench.agents import Ground
from bench.backends import ROOT
from harness.access.client import create_token

SLOW = "clock-20-250"
"""A model that streams for five seconds: time to kill its server."""
GRAPHS = {each: f"{ROOT}/bench/servers/graph.py:{each}" for each in ("calculator", "slow")}
LOGS = ROOT / "build" / "bench"
Event = tuple[str, str, str]
"""Kind, id and data of an event of a stream."""


class Contender(ABC):
    """A server in processes of its own."""

    name: str

    def __init__(self, ground: Ground, python: Path) -> None:
        self.ground = ground
        self.python = python
        self.port = _free_port()
        self.processes: list[asyncio.subprocess.Process] = []
        self.folder = tempfile.TemporaryDirectory(prefix="harness-bench-")
        self.client = httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=200))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name.split()[0]}.log"

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    @abstractmethod
    async def start(self) -> None:
        """Start the server, or start it again after a kill."""

    @abstractmethod
    async def begin(self, agent: str, prompt: str) -> str:
        """Start a run in the background; returns what it is known by."""

    @abstractmethod
    def stream(self, agent: str, prompt: str) -> AsyncGenerator[Event]:
        """Start a run and read its events until it ends."""

    @abstractmethod
    async def find_state(self, run: str) -> str:
        """How a run stands, in the server's words."""

    async def kill(self) -> None:
        """kill -9."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self.processes.clear()

    async def close(self) -> None:
        await self.kill()
        await self.client.aclose()
        self.folder.cleanup()

    async def until_up(self, path: str) -> None:
        while True:
            with suppress(httpx.HTTPError):
                if (await self.client.get(self.url + path)).status_code < 500:
                    return
            if any(process.returncode is not None for process in self.processes):
                raise SystemExit(f"{self.name} did not start: see {self.log}")
            await asyncio.sleep(0.1)

    async def run_process(self, *command: str, env: dict[str, str] | None = None) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = await self._spawn(command, env or {}, log)
        self.processes.append(process)

    async def _spawn(
        self, command: tuple[str, ...], env: dict[str, str], log: IO[bytes]
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder.name,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def read_events(self, method: str, path: str, body: Any = None) -> AsyncGenerator[Event]:
        async with self.client.stream(method, self.url + path, json=body) as reply:
            if reply.status_code >= 300:
                raise SystemExit(f"{self.name}: {reply.status_code} {await reply.aread()!r}")
            kind = id = data = ""
            async for line in reply.aiter_lines():
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "event":
                    kind = value
                elif name == "id":
                    id = value
                elif name == "data":
                    data += value
                elif not line and data:
                    yield kind, id, data
                    kind = id = data = ""


class Ours(Contender):
    """`harness serve` and a worker, each in a process of its own."""

    name = "harness"

    async def start(self) -> None:
        async with self.ground.client() as harness:
            _, token = await create_token(harness.connection)
        self.client.headers["authorization"] = f"Bearer {token}"
        worker = await self.ground.start_worker("calculator", f"slow:{SLOW}")
        self.processes.append(worker)
        command = (sys.executable, "-m", "bench.api", "--port", str(self.port))
        await self.run_process(*command, "--options", json.dumps(self.ground.options))
        await self.until_up("/api/v1/version")

    async def begin(self, agent: str, prompt: str) -> str:
        body = {"agent": agent, "prompt": prompt}
        reply = await self.client.post(f"{self.url}/api/v1/runs", json=body)
        return reply.raise_for_status().json()["id"]

    async def stream(self, agent: str, prompt: str) -> AsyncGenerator[Event]:
        run = await self.begin(agent, prompt)
        async for event in self.read_events("GET", f"/api/v1/runs/{run}/events"):
            yield event

    async def find_state(self, run: str) -> str:
        reply = await self.client.get(f"{self.url}/api/v1/runs/{run}")
        return reply.raise_for_status().json()["state"]


class LangGraph(Contender):
    """What servers have in common that speak LangGraph's protocol."""

    @property
    def env(self) -> dict[str, str]:
        return {"BENCH_MODEL": self.ground.model, "BENCH_SLOW": SLOW}

    async def begin(self, agent: str, prompt: str) -> str:
        thread = await self._make_thread()
        path = f"{self.url}/threads/{thread}/runs"
        reply = await self.client.post(path, json=self._body(agent, prompt))
        return f"{thread}/runs/{reply.raise_for_status().json()['run_id']}"

    async def stream(self, agent: str, prompt: str) -> AsyncGenerator[Event]:
        thread = await self._make_thread()
        path, body = f"/threads/{thread}/runs/stream", self._body(agent, prompt)
        async for event in self.read_events("POST", path, body):
            yield event

    async def find_state(self, run: str) -> str:
        reply = await self.client.get(f"{self.url}/threads/{run}")
        if reply.status_code == httpx.codes.NOT_FOUND:
            return "not found"
        return reply.raise_for_status().json()["status"]

    async def _make_thread(self) -> str:
        reply = await self.client.post(f"{self.url}/threads", json={})
        return reply.raise_for_status().json()["thread_id"]

    def _body(self, agent: str, prompt: str) -> dict[str, Any]:
        asked = {"messages": [{"role": "user", "content": prompt}]}
        return {"assistant_id": agent, "input": asked, "stream_mode": ["updates"]}


class Aegra(LangGraph):
    """The open server of LangGraph's protocol, on Postgres. Its pools, which begin at two and six
    connections, are as large as ours."""

    name = "aegra"
    database = "aegra"

    async def start(self) -> None:
        url = self.ground.backends.postgres
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            with suppress(psycopg.errors.DuplicateDatabase):
                await connection.execute("CREATE DATABASE aegra")
            place = sql.Literal(f"{self._write_extension()}:$system")
            await connection.execute(
                sql.SQL("ALTER DATABASE aegra SET extension_control_path = {}").format(place)
            )
        config = Path(self.folder.name) / "aegra.json"
        config.write_text(json.dumps({"graphs": GRAPHS}))
        env = {
            **self.env,
            "DATABASE_URL": _with_database(url, self.database),
            "AEGRA_CONFIG": str(config),
            "SQLALCHEMY_POOL_SIZE": "20",
            "LANGGRAPH_MAX_POOL_SIZE": "20",
            "LOG_LEVEL": "ERROR",
        }
        command = ("-m", "uvicorn", "aegra_api.main:app", "--log-level", "error")
        await self.run_process(str(self.python), *command, "--port", str(self.port), env=env)
        await self.until_up("/health")

    def _write_extension(self) -> Path:
        """Its migrations want an extension that the local Postgres does not have, for the one
        function that Postgres has under another name since version 13."""
        folder = Path(self.folder.name) / "extension"
        folder.mkdir(exist_ok=True)
        (folder / "uuid-ossp.control").write_text("default_version = '1'\nrelocatable = true\n")
        (folder / "uuid-ossp--1.sql").write_text(
            "CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql "
            "AS 'SELECT gen_random_uuid()';"
        )
        folder.parent.chmod(0o755)  # Postgres may run as another user
        return folder.parent


class LangGraphMemory(LangGraph):
    """LangGraph's own development server; the one with Postgres needs a licence."""

    name = "langgraph (in memory)"

    async def start(self) -> None:
        command = ("-m", "bench.servers.langgraph_server", str(self.port), json.dumps(GRAPHS))
        await self.run_process(str(self.python), *command, env=self.env)
        await self.until_up("/ok")


CONTENDERS: list[type[Contender]] = [Ours, Aegra, LangGraphMemory]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
