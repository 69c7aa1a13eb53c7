"""Many readers on live runs, while everything below them is killed."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.api import ApiClient
from harness.access.client import create_token
from harness.config.settings import settings_model
from harness.engine.connection import Connection, open_connection
from harness.history import reader
from harness.stack import ensure_search_attributes, open_stack
from tests.fakes.model_server import ModelServer
from tests.fakes.stack import kill, lives, pid_of
from tests.fakes.steps import Step, call, say
from tests.fakes.worker_process import Forge
from tests.streams.process import AGENT
from tests.streams.reader import BROKEN, PAUSE_S, Reader

KINDS = ("daemon", "worker", "temporal", "postgres")
TEXT = "one two three four five"


@dataclass(frozen=True)
class Plan:
    readers: int
    runs: int
    kills: int
    seed: int
    rounds: int = 6
    """Tool calls of each run."""
    every_s: float = 2.0
    """Between two kills, on average."""


@dataclass
class Result:
    kills: Counter[str] = field(default_factory=Counter[str])
    events: int = 0
    breaks: int = 0
    problems: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    def __str__(self) -> str:
        killed = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kills.items()))
        return (
            f"killed: {killed}; {self.events:,} durable events read, {self.breaks:,} reconnects, "
            f"{len(self.problems)} problems ({self.seconds:.0f} s)"
        )


@dataclass
class Ground:
    """The parts that are killed, and what keeps them up."""

    project: Path
    connection: Connection
    api: ApiClient
    make: Callable[[str], int]
    asked: dict[str, Any]
    pids: dict[str, int] = field(default_factory=dict[str, int])

    def start(self, role: str) -> None:
        self.pids[role] = self.make(json.dumps(self.asked | {"role": role}))

    async def keep_up(self) -> None:
        """Replace a daemon or a worker that is gone; the stack restarts the other two."""
        while True:
            for role in ("daemon", "worker"):
                if role not in self.pids or not lives(self.pids[role]):
                    self.start(role)
            await asyncio.sleep(PAUSE_S)

    async def kill(self, kind: str) -> None:
        kill(self.pids[kind] if kind in self.pids else await pid_of(self.project, kind))

    def end(self) -> None:
        for pid in self.pids.values():
            if lives(pid):
                kill(pid)


async def run_campaign(plan: Plan) -> Result:
    """Start the runs and their readers, kill, and compare what the readers have with history."""
    result, began = Result(), time.monotonic()
    async with make_ground(plan) as ground:
        runs = [await start_run(ground.api, number) for number in range(plan.runs)]
        readers = [Reader(ground.api, runs[n % plan.runs]) for n in range(plan.readers)]
        reading = [asyncio.create_task(each.read()) for each in readers]
        await kill_at_random(ground, plan, result)
        await asyncio.gather(*reading)
        for run in runs:
            whole = [
                (str(event.cursor), json.loads(event.wire()))
                async for event in reader.read_events(ground.connection, run, wait=False)
            ]
            for each in readers:
                if each.run == run:
                    result.problems += each.problems(whole)
    result.events = sum(len(each.events) for each in readers)
    result.breaks = sum(each.breaks for each in readers)
    result.seconds = time.monotonic() - began
    return result


async def start_run(api: ApiClient, number: int) -> str:
    """The id makes it the same run, however often it takes to start it."""
    while True:
        try:
            return await api.start(AGENT, "Look around.", id=f"followed-{number}")
        except BROKEN:
            await asyncio.sleep(PAUSE_S)


async def kill_at_random(ground: Ground, plan: Plan, result: Result) -> None:
    choices = random.Random(plan.seed)
    # Each kind as often as the others, in any order.
    kinds = [KINDS[number % len(KINDS)] for number in range(plan.kills)]
    choices.shuffle(kinds)
    for kind in kinds:
        await asyncio.sleep(choices.uniform(0.5, 1.5) * plan.every_s)
        await ground.kill(kind)
        result.kills[kind] += 1


@asynccontextmanager
async def make_ground(plan: Plan) -> AsyncGenerator[Ground]:
    async with AsyncExitStack() as stack:
        folder = tempfile.TemporaryDirectory(prefix="harness-streams-", ignore_cleanup_errors=True)
        project = Path(stack.enter_context(folder))
        server = await stack.enter_async_context(ModelServer())
        server.always(lambda body: answer(body, plan.rounds))
        options = make_options(server)
        settings = settings_model().model_validate(options)
        endpoints = await stack.enter_async_context(open_stack(settings, project))
        connection = await stack.enter_async_context(open_connection(settings, endpoints, project))
        await ensure_search_attributes(connection.temporal)
        _, token = await create_token(connection)
        options["temporal"] = {"address": endpoints.temporal_address}
        options["database"] = {"url": endpoints.database_url, "pool_size": 8}
        port = free_port()
        forge = Forge("tests.streams.process")
        stack.callback(forge.close)
        asked = {"options": options, "project": str(project), "port": port}
        api = ApiClient(f"http://127.0.0.1:{port}", token)
        ground = Ground(project, connection, api, forge.make, asked)
        stack.callback(ground.end)
        keeping = asyncio.create_task(ground.keep_up())
        stack.callback(keeping.cancel)
        yield ground


def answer(body: dict[str, Any], rounds: int) -> Step:
    done = sum(item.get("type") == "function_call_output" for item in body["input"])
    if done < rounds:
        return call("look", place=str(done))
    return say(TEXT, pieces=10, delay=0.2)


def make_options(server: ModelServer) -> dict[str, Any]:
    provider = {
        "kind": "openai", "base_url": server.openai, "api_key": "any", "timeout_seconds": 60,
    }  # fmt: skip
    return {
        "model": "openai/gpt-5",
        "providers": {"openai": provider},
        "worker": {"graceful_shutdown_seconds": 0.5},
        "archive": {"enabled": False},
        "signing": {"key": "test-signing-key-of-32-characters"},
    }


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
