"""What commands work on: the settings of the project, its stack, a client."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from harness.cli.out import Out
from harness.commons.log import configure_logs
from harness.commons.telemetry import start_traces
from harness.config import find_project, load_settings, secrets_of
from harness.config.settings import Settings
from harness.engine.connection import open_connection
from harness.sdk.client import HarnessClient
from harness.stack import ensure_search_attributes, open_stack


def prepare() -> tuple[Path, Settings]:
    """The project and its settings; logs and traces go where those say."""
    project = find_project(Path.cwd())
    settings = load_settings(project)
    configure_logs(
        settings.log.level,
        settings.log.format,
        secrets=secrets_of(settings),
        discreet=settings.encryption.key is not None,
    )
    start_traces(settings.telemetry.endpoint, settings.telemetry.service_name)
    return project, settings


class CommandClient(HarnessClient):
    async def warn_unserved(self, id: str, agent: str) -> None:
        """Commands say it themselves, with the command that helps."""


@asynccontextmanager
async def opened(
    out: Out,
    *,
    index: bool = False,
    keep: bool = False,
    page: bool = False,
    store: bool = True,
) -> AsyncGenerator[HarnessClient]:
    """A client that serves nothing. Where the local stack is down it is started for as long as
    this takes, because runs can be read and steered while their worker is away.

    `index`: search attributes are needed, and no worker may have registered them yet.
    `page`: Temporal's web page is served for as long as the local stack runs.
    `store`: the database is needed too.
    """
    project, settings = prepare()
    async with (
        open_stack(settings, project, keep=keep, page=page, progress=out.note) as endpoints,
        open_connection(settings, endpoints, project, store=store) as connection,
    ):
        if index:
            await ensure_search_attributes(connection.temporal)
        yield CommandClient(connection)
