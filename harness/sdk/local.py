"""Harness: a client that finds or starts Temporal and Postgres, and can serve agents."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from typing_extensions import TypeVar

from harness.agent import Agent
from harness.agent.subagent import with_subagents
from harness.commons.log import get_logger
from harness.config import find_project, load_project
from harness.config.settings import Settings
from harness.contracts.errors import StackUnreachable
from harness.engine.connection import Connection, open_connection
from harness.runs.start_request import Request
from harness.sdk.client import HarnessClient
from harness.sdk.handle import RunHandle
from harness.sdk.session import Session
from harness.stack import Endpoints, find_stack, open_stack
from harness_activities.parts import ProcessParts
from harness_workers.capabilities import DELAY_S
from harness_workers.shared import open_process_parts
from harness_workers.worker import AgentWorker

Out = TypeVar("Out", default=Any)


class Harness(HarnessClient):
    """Starts and finds runs. `Harness.local()` starts what they need and serves their agents;
    `Harness.connect()` connects to what is running."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, *, project: Path | None = None, settings: Settings | None = None
    ) -> AsyncGenerator[Harness]:
        """Connect to the Temporal and Postgres that are configured or running. Starts nothing and
        serves no agents.

        Args:
            project: The project's folder, or one inside it. Default: the current folder.
            settings: Used instead of `harness.toml` and the environment.

        Returns:
            A harness, open until the block ends.

        Raises:
            StackUnreachable: Nothing is configured or running, or it does not answer.
            ConfigError: A setting is wrong.
        """
        folder, chosen = _find_settings(project, settings)
        endpoints = await find_stack(chosen, folder)
        if endpoints is None:
            raise StackUnreachable(
                f"No Temporal and Postgres are configured or running for {folder}.",
                fix="Start them with `harness up --detach`, use Harness.local(), or set "
                "TEMPORAL_ADDRESS and DATABASE_URL.",
            )
        async with open_connection(chosen, endpoints, folder) as connection:
            yield cls(connection)

    @classmethod
    @asynccontextmanager
    async def local(
        cls,
        *,
        project: Path | None = None,
        settings: Settings | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> AsyncGenerator[Harness]:
        """Start or join the project's stack, and serve the agent of each run that is started here.

        Servers that are configured (`temporal.address`, `database.url`) are used, not started. At a
        terminal, Temporal's web page is served too. The first start takes a few seconds.

        Args:
            project: The project's folder, or one inside it. Default: the current folder.
            settings: Used instead of `harness.toml` and the environment.
            progress: Called with a line of text for each thing found or started, such as `print`.
                Default: the logger `harness.sdk.local`, at INFO.

        Returns:
            A harness, open until the block ends.

        Raises:
            StackError: Temporal or Postgres cannot be started or reached.
            ConfigError: A setting is wrong.
        """
        folder, chosen = _find_settings(project, settings)
        async with AsyncExitStack() as stack:
            report = progress or get_logger(__name__).info
            page = sys.stdin.isatty() and sys.stdout.isatty()
            opening = open_stack(chosen, folder, page=page, progress=report)
            endpoints: Endpoints = await stack.enter_async_context(opening)
            connection = await stack.enter_async_context(open_connection(chosen, endpoints, folder))
            yield await stack.enter_async_context(host_agents(connection))

    def session(self, id: str | None = None) -> Session:
        """Open a session: consecutive runs that share one transcript.

        Args:
            id: An existing session's id, or one for a new session. Default: a new id.

        Returns:
            The session. Nothing is stored until its first run.

        Raises:
            InvalidValue: The id is not valid.
        """
        return Session(self, id)


@asynccontextmanager
async def host_agents(
    connection: Connection, *, capabilities_after: float = DELAY_S
) -> AsyncGenerator[Hosting]:
    """Open a Harness that serves the agents of the runs it starts until the block ends. The
    capabilities' own workflows, such as conversations, are served after so many seconds."""
    opening = open_process_parts(connection, capabilities_after=capabilities_after)
    async with opening as parts, Hosting(connection, parts) as harness:
        yield harness


class Hosting(Harness):
    """A Harness that serves the agents whose runs it starts."""

    def __init__(self, connection: Connection, parts: ProcessParts) -> None:
        super().__init__(connection)
        self._parts = parts
        self._stack = AsyncExitStack()
        self._served: dict[str, Agent[Any, Any]] = {}
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Hosting:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def begin(self, agent: Agent[Any, Out] | str, request: Request) -> RunHandle[Out]:
        if request.workspace is not None:  # the caller named it, so this process may serve it
            self.allow_workspace(request.workspace)
        return await super().begin(agent, request)

    def allow_workspace(self, folder: Path) -> None:
        """Let tools of runs in this process use a folder, which the caller named."""
        self._parts.workspaces.allow_folder(folder)

    async def serve(self, agent: Agent[Any, Any]) -> bool:
        async with self._lock:
            for each in with_subagents(agent):
                if each.name not in self._served:
                    worker = AgentWorker(self._parts, each)
                    await self._stack.enter_async_context(worker)
                    self._served[each.name] = worker.agent
        return True

    async def load_servers(self, agent: Agent[Any, Out]) -> Agent[Any, Out]:
        """Use the tools that this process serves."""
        servers = self._parts.servers.find_servers(agent)
        return self._served[agent.name] if servers else agent


def _find_settings(project: Path | None, settings: Settings | None) -> tuple[Path, Settings]:
    start = project or Path.cwd()
    return load_project(start) if settings is None else (find_project(start), settings)
