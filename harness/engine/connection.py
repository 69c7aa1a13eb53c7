"""The connection of a process to Temporal and the database, with the stores on top."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from harness.capabilities.registry import load_errors
from harness.commons.log import get_logger, guarded_logs, outage
from harness.commons.telemetry import tracing_interceptors
from harness.config import secrets_of
from harness.config.settings import Settings
from harness.contracts.errors import StackUnreachable
from harness.crypto.keyring import keyring_of
from harness.crypto.signing import Signing
from harness.crypto.vault import Vault
from harness.engine.codec import Codec
from harness.engine.converter import data_converter
from harness.engine.large_payloads import external_storage
from harness.engine.native import native_runtime, release_at_exit
from harness.stack import Endpoints, make_connect_options
from harness.store import Artifacts, Database
from harness.store.families import Families
from harness.store.migrate import open_database
from harness.store.stores import Stores, open_stores


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What a process is connected to: Temporal and the database, with the stores on top."""

    settings: Settings
    endpoints: Endpoints
    project: Path
    temporal: Client
    database: Database
    vault: Vault
    stores: Stores
    signing: Signing


@asynccontextmanager
async def open_connection(
    settings: Settings, endpoints: Endpoints, project: Path, *, store: bool = True
) -> AsyncGenerator[Connection]:
    """Connect to Temporal and the database. With `store`, wait for the database and upgrade its
    tables. Callers that only steer runs or read them from Temporal pass False: an abort must work
    while the database hangs."""
    load_errors()
    async with AsyncExitStack() as stack:
        guard = guarded_logs(
            secrets=secrets_of(settings), discreet=settings.encryption.key is not None
        )
        stack.enter_context(guard)
        size = settings.database.pool_size
        if store:
            database = await open_database(endpoints.database_url, pool_size=size)
        else:
            database = Database(endpoints.database_url, pool_size=size)
        stack.push_async_callback(database.close)
        families = Families(database)
        if store and settings.encryption.key is None:
            await _warn_plain(families)
        folder = project / settings.state_dir / "artifacts"
        signing = Signing(settings, project)
        vault = Vault(families, keyring_of(settings, project), await signing.get_signer())
        opening = open_stores(database, families, vault, settings.artifacts, folder)
        stores = await stack.enter_async_context(opening)
        temporal = await _connect_client(settings, endpoints, stores.artifacts, vault)
        watching = asyncio.create_task(_tell_when_back(temporal))
        stack.callback(watching.cancel)
        yield Connection(
            settings=settings,
            endpoints=endpoints,
            project=project,
            temporal=temporal,
            database=database,
            vault=vault,
            stores=stores,
            signing=signing,
        )


async def _warn_plain(families: Families) -> None:
    """Warn if the encryption key is missing, which would silently turn encryption off."""
    if await families.has_keys():
        get_logger(__name__).warning(
            "this database has encrypted runs, but encryption.key is not set: they cannot be read, "
            "and new ones are stored as plain text"
        )


async def _connect_client(
    settings: Settings, endpoints: Endpoints, artifacts: Artifacts, vault: Vault
) -> Client:
    options = await make_connect_options(settings, endpoints)
    try:
        client = await Client.connect(
            **options,
            identity=get_identity(),
            data_converter=data_converter(
                external_storage(artifacts), Codec(vault) if vault.encrypts else None
            ),
            interceptors=tracing_interceptors(),
            runtime=native_runtime(settings.log.level),
        )
    except (RPCError, RuntimeError) as error:
        raise StackUnreachable(
            f"Temporal does not answer at {endpoints.temporal_address}: {error}"
        ) from error
    return release_at_exit(client)


async def _tell_when_back(client: Client) -> None:
    """Log the end of an outage; the SDK does not."""
    while True:
        await asyncio.sleep(1)
        if outage.lost:
            with suppress(RPCError):
                await client.service_client.check_health(timeout=timedelta(seconds=2))
                if outage.note_recovery():
                    get_logger(__name__).warning("Temporal answers again")


@cache
def get_identity() -> str:
    """The sender of signals and runs: user@host. In containers, a user may have no name."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
