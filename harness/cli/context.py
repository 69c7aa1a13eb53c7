"""Load the settings of the project and open its stack and a client, for commands."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from harness.capabilities.registry import problem_of, source_of
from harness.cli.out import Out
from harness.cli.patience import Patience
from harness.commons.log import Level, configure_logs
from harness.commons.telemetry import start_traces
from harness.config import load_project
from harness.config.settings import Settings
from harness.contracts.errors import BrokenCapability
from harness.engine.connection import Connection, open_connection
from harness.sdk.client import HarnessClient
from harness.stack import Endpoints, ensure_search_attributes, open_stack
from harness.terminal.logs import configure_project_logs

if TYPE_CHECKING:
    from harness.cli.stack_backend import StackBackend
    from harness.config.logins import Server
    from harness.remote.backend import RemoteBackend


def prepare_project() -> tuple[Path, Settings]:
    """The project and its settings; logs and traces go where those say."""
    project, settings = load_project(Path.cwd())
    configure_project_logs(settings)
    start_traces(settings.telemetry.endpoint, settings.telemetry.service_name)
    return project, settings


def _check_capability(name: str | None) -> None:
    """Refuse a command whose capability turned out to be broken when the database was opened."""
    if name is not None and (problem := problem_of(name)):
        raise BrokenCapability(f"The capability {name} ({source_of(name)}) is broken: {problem}")


class CommandClient(HarnessClient):
    async def warn_unserved(self, id: str, agent: str) -> None:
        """Stay silent: commands print a note with the command that helps."""


@asynccontextmanager
async def open_client(
    out: Out,
    *,
    index: bool = False,
    keep: bool = False,
    page: bool = False,
    store: bool = True,
    patience: Patience | None = None,
) -> AsyncGenerator[HarnessClient]:
    """Open a client that serves nothing. A local stack that is down is started meanwhile,
    because runs can be read and steered without a worker.

    Args:
        out: The output of the command.
        index: Register search attributes, in case no worker has yet.
        keep: Leave a stack that was started running.
        page: Serve Temporal's web page while the local stack runs.
        store: Connect to the database too.
        patience: Waits for a database or a Temporal that does not answer yet.

    Returns:
        The client.

    Raises:
        BrokenCapability: The tables of the command's capability cannot be migrated.
    """
    project, settings = prepare_project()
    async with AsyncExitStack() as stack:
        opening = open_stack(settings, project, keep=keep, page=page, progress=out.note)
        endpoints = await stack.enter_async_context(opening)
        connect = partial(_connect, settings, endpoints, project, store=store, index=index)
        # The stack stays open meanwhile: left and joined again, it would be started anew.
        connection = await (
            stack.enter_async_context(connect())
            if patience is None
            else patience.enter(stack, connect)
        )
        _check_capability(out.capability)
        yield CommandClient(connection)


@asynccontextmanager
async def _connect(
    settings: Settings, endpoints: Endpoints, project: Path, *, store: bool, index: bool
) -> AsyncGenerator[Connection]:
    async with open_connection(settings, endpoints, project, store=store) as connection:
        if index:
            await ensure_search_attributes(connection.temporal)
        yield connection


@asynccontextmanager
async def open_backend(
    args: Namespace, out: Out, *, index: bool = False, store: bool = True
) -> AsyncGenerator[StackBackend | RemoteBackend]:
    """Open the place that the command works on: the daemon that was chosen, or else the stack.

    Args:
        args: The arguments of the command.
        out: The output of the command.
        index: Register search attributes of a stack, in case no worker has yet.
        store: Connect to the database of a stack too.

    Returns:
        The operations of that place.
    """
    if args.server is not None:
        async with open_daemon(args.server) as remote:
            yield remote
        return
    from harness.cli import stack_backend

    async with open_client(out, index=index, store=store) as client:
        yield stack_backend.StackBackend(client)


@asynccontextmanager
async def open_daemon(server: Server) -> AsyncGenerator[RemoteBackend]:
    """Open a daemon on another machine. Logs say nothing of its token.

    Args:
        server: Its address and the token.

    Returns:
        Its operations.
    """
    from harness.remote.backend import open_daemon_backend

    configure_logs(_read_level(), secrets=[server.token])
    async with open_daemon_backend(server) as backend:
        yield backend


def _read_level() -> Level:
    """The level of logs; the settings of a project do not count for a daemon elsewhere."""
    named = os.environ.get("HARNESS_LOG__LEVEL", "")
    return next((level for level in get_args(Level) if level == named), "warning")
