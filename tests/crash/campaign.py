"""Many trials at a time on one stack."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.config.settings import settings_model
from harness.engine.connection import Connection, open_connection
from harness.sdk.client import HarnessClient
from harness.stack import ensure_search_attributes, open_stack
from tests.crash import evidence
from tests.crash.agent import Ground
from tests.crash.case import Case
from tests.crash.line import Switchboard, Visit
from tests.crash.model import Model
from tests.crash.plan import Trial
from tests.crash.proxy import Proxy
from tests.crash.strikes import Strikes
from tests.crash.trial import Outcome, make
from tests.crash.worker import Crew, new_forge
from tests.crash.world import TABLE, Services, World
from tests.fakes.model_server import ModelServer


@dataclass
class Campaign:
    plan: tuple[Trial, ...]
    """Of all trials; those that share a kill are found by it."""
    kept: Path
    """Where evidence goes."""
    together: int
    told: Callable[[Outcome], None]
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    failures: list[str] = field(default_factory=list[str])

    async def run(self) -> None:
        async with AsyncExitStack() as stack:
            ground = await stack.enter_async_context(_ground(self.plan))
            self.failures = ground.strikes.failures
            slots = asyncio.Semaphore(self.together)
            async with asyncio.TaskGroup() as group:
                for trial in self.plan:
                    await slots.acquire()
                    task = group.create_task(self._one(ground, trial))
                    task.add_done_callback(lambda _: slots.release())

    async def _one(self, ground: Everything, trial: Trial) -> None:
        case, tools = await ground.case(trial)
        try:
            case.crew.start(ground.proxied(case))
            outcome = await make(case, ground.client, tools, ground.strikes, ground.world)
            if outcome.bad:
                await evidence.keep(outcome, self.kept / str(trial.number), ground.client)
            self.outcomes.append(outcome)
            self.told(outcome)
        finally:
            ground.leave(case)


@dataclass
class Everything:
    """What trials share."""

    client: HarnessClient
    strikes: Strikes
    world: World
    options: dict[str, Any]
    socket: Path
    project: Path
    make: Callable[[str], int]

    async def case(self, trial: Trial) -> tuple[Case, Ground]:
        """The agent, its queue and its run have one name."""
        name = f"trial-{trial.number}"
        folder = self.world.folder(trial.number)
        folder.mkdir()
        tools = Ground(trial.number, folder, self.socket, self.world.services.port)
        asked = {
            "options": self.options, "project": str(self.project), "name": name,
            "trial": trial.number, "folder": str(folder), "socket": str(self.socket),
            "services": tools.services, "files": trial.files,
        }  # fmt: skip
        crew = Crew(self.make, asked)
        if trial.strike.point == "done":
            host, _, port = self.connection.endpoints.temporal_address.rpartition(":")
            crew.proxy = Proxy(host, int(port))
            await crew.proxy.start()
        case = Case(trial, name, crew, self.client.get_run(name))
        self.strikes.cases[trial.number] = case
        return case, tools

    def proxied(self, case: Case) -> dict[str, Any] | None:
        """Settings of a first worker whose way to the engine can be held."""
        if case.crew.proxy is None:
            return None
        where = {"database": {"url": self.connection.endpoints.database_url, "pool_size": 2}}
        return self.options | where | {"temporal": {"address": case.crew.proxy.address}}

    def leave(self, case: Case) -> None:
        case.crew.end()
        self.strikes.cases.pop(case.trial.number, None)

    @property
    def connection(self) -> Connection:
        return self.client.connection


@asynccontextmanager
async def _ground(plan: tuple[Trial, ...]) -> AsyncGenerator[Everything]:
    async with AsyncExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="harness-crash-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(temporary))
        project, folders = folder / "project", folder / "trials"
        project.mkdir()
        folders.mkdir()
        server = await stack.enter_async_context(ModelServer())
        options = _options(server)
        options["worker"] = {**options.get("worker", {}), "workspaces": [str(folders)]}
        settings = settings_model().model_validate(options | {"database": {"pool_size": 8}})
        endpoints = await stack.enter_async_context(open_stack(settings, project))
        connection = await stack.enter_async_context(open_connection(settings, endpoints, project))
        await ensure_search_attributes(connection.temporal)
        for statement in TABLE.split("; "):
            await connection.database.fetch(statement)  # type: ignore[arg-type]
        strikes = Strikes(project, connection, plan)
        stack.callback(strikes.close)
        server.always(Model(plan, strikes.asked).answer)

        async def inside(said: dict[str, Any]) -> None:
            await strikes.visited(_visit(said))

        services = await stack.enter_async_context(Services(inside))
        world = World(services, folders, connection.database.fetch)  # type: ignore[arg-type]
        forge = new_forge()
        stack.callback(forge.close)

        def died(trial: int, pid: int) -> None:
            case = strikes.cases.get(trial)
            if case is not None:
                case.say(f"worker {pid} is dead")
                case.crew.died(pid)

        board = Switchboard(folder / "line", strikes.visited, died)
        await stack.enter_async_context(board)
        client = HarnessClient(connection)
        yield Everything(client, strikes, world, options, board.socket, project, forge.make)


def _visit(said: dict[str, Any]) -> Visit:
    return Visit(**{name: said[name] for name in ("trial", "pid", "point", "tool", "text", "key")})


def _options(server: ModelServer) -> dict[str, Any]:
    provider = {
        "kind": "openai",
        "base_url": server.openai,
        "api_key": "any",
        "timeout_seconds": 60,
    }
    return {
        "model": "openai/gpt-5",
        "providers": {"openai": provider},
        "database": {"pool_size": 2},
        "worker": {"graceful_shutdown_seconds": 0.5},
        "archive": {"enabled": False},
    }
