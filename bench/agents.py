"""The agents of the separate measurements, the settings they run with, and their worker process."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from bench.backends import ROOT, Backends, backends, model_server
from bench.contestants.harness import add, settings_for
from bench.work import SYSTEM
from harness import Agent, Budget, Harness, tool
from harness.config.settings import Settings
from harness.engine.connection import open_connection
from harness.stack import find_stack
from harness_workers import serve


@tool(name="add", effect="write", approval="always")
def careful_add(a: int, b: int) -> int:
    "Add two integers, once a person agrees."
    return a + b


def agent_of(name: str) -> Agent[Any, Any]:
    """`NAME` or `NAME:MODEL`: the agent `asking` waits for approval, all others just add."""
    name, _, model = name.partition(":")
    tools = [careful_add] if name == "asking" else [add]
    return Agent(
        name,
        model=f"bench/{model or 'fake-model'}",
        instructions=SYSTEM,
        tools=tools,
        budget=Budget(turns=1_000_000),  # some run for longer than the default limit
    )


@dataclass(frozen=True)
class Ground:
    backends: Backends
    model: str
    model_pid: int

    @property
    def options(self) -> dict[str, str]:
        back = self.backends
        return {"temporal": back.temporal, "postgres": back.postgres, "model": self.model}

    @property
    def settings(self) -> Settings:
        return settings_for(self.options)

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Harness]:
        with tempfile.TemporaryDirectory() as project:
            async with Harness.connect(project=Path(project), settings=self.settings) as harness:
                yield harness

    async def start_worker(self, *agents: str, **options: Any) -> asyncio.subprocess.Process:
        """A worker in a process of its own; returns when it serves."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.agents", *agents),
            *("--options", json.dumps(self.options), "--worker", json.dumps(options)),
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        return process

    @asynccontextmanager
    async def worker(self, *agents: str, **options: Any) -> AsyncGenerator[int]:
        """The worker's process id."""
        process = await self.start_worker(*agents, **options)
        try:
            yield process.pid
        finally:
            process.kill()
            await process.wait()


@asynccontextmanager
async def ground() -> AsyncGenerator[Ground]:
    async with AsyncExitStack() as stack:
        model, pid = await stack.enter_async_context(model_server())
        back = await stack.enter_async_context(backends())
        yield Ground(back, model, pid)


async def main(chosen: argparse.Namespace) -> None:
    worker: dict[str, Any] = json.loads(chosen.worker)
    if worker.pop("no_push", False):
        # Without worker heartbeats Temporal cannot push a cancellation, as in older versions.
        from temporalio.runtime import Runtime, TelemetryConfig

        quiet = Runtime(telemetry=TelemetryConfig(), worker_heartbeat_interval=None)
        Runtime.set_default(quiet)
    settings = settings_for(json.loads(chosen.options))
    sections = {"worker": settings.worker.model_copy(update=worker)}
    settings = settings.model_copy(update=sections)
    with tempfile.TemporaryDirectory() as project:
        endpoints = await find_stack(settings, Path(project))
        assert endpoints is not None
        async with open_connection(settings, endpoints, Path(project)) as connection:
            agents = [agent_of(name) for name in chosen.agents]
            async with serve(connection, *agents):
                await asyncio.sleep(0.5)  # it polls from its first moment on
                print("ready", flush=True)
                await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("agents", nargs="+")
    parser.add_argument("--options", required=True)
    parser.add_argument("--worker", default="{}")
    uvloop.run(main(parser.parse_args()))
