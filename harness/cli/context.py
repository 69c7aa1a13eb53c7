"""Load the settings of the project and open its stack and a client, for commands."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from harness.capabilities.registry import problem_of, source_of
from harness.cli.out import Out
from harness.commons.telemetry import start_traces
from harness.config import find_project, load_settings
from harness.config.settings import Settings
from harness.contracts.errors import BrokenCapability
from harness.engine.connection import open_connection
from harness.sdk.client import HarnessClient
from harness.stack import ensure_search_attributes, open_stack
from harness.terminal.logs import configure_project_logs


def prepare_project() -> tuple[Path, Settings]:
    """The project and its settings; logs and traces go where those say."""
    project = find_project(Path.cwd())
    settings = load_settings(project)
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
) -> AsyncGenerator[HarnessClient]:
    """Open a client that serves nothing. A local stack that is down is started meanwhile,
    because runs can be read and steered without a worker.

    Args:
        out: The output of the command.
        index: Register search attributes, in case no worker has yet.
        keep: Leave a stack that was started running.
        page: Serve Temporal's web page while the local stack runs.
        store: Connect to the database too.

    Returns:
        The client.

    Raises:
        BrokenCapability: The tables of the command's capability cannot be migrated.
    """
    project, settings = prepare_project()
    async with (
        open_stack(settings, project, keep=keep, page=page, progress=out.note) as endpoints,
        open_connection(settings, endpoints, project, store=store) as connection,
    ):
        _check_capability(out.capability)
        if index:
            await ensure_search_attributes(connection.temporal)
        yield CommandClient(connection)
