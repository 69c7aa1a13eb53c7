"""The stores that a process uses through its connection: a new one is a line here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.config.settings import ArtifactSettings
from harness.crypto.vault import Vault
from harness.store.agents import Agents
from harness.store.artifacts import Artifacts
from harness.store.children import Children
from harness.store.database import Database
from harness.store.families import Families
from harness.store.live.reader import LiveReader
from harness.store.live.stops import Stops
from harness.store.sessions import Sessions
from harness.store.specs import Specs


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Each holds the SQL of its tables."""

    families: Families
    children: Children
    artifacts: Artifacts
    specs: Specs
    agents: Agents
    sessions: Sessions
    live: LiveReader
    stops: Stops


@asynccontextmanager
async def open_stores(
    database: Database,
    families: Families,
    vault: Vault,
    settings: ArtifactSettings,
    folder: Path,
) -> AsyncGenerator[Stores]:
    """The stores over `database`, until the block ends. `folder`: for large artifacts, unless the
    settings name another place."""
    artifacts = Artifacts(database, settings, folder, vault)
    stores = Stores(
        families=families,
        children=Children(database, vault),
        artifacts=artifacts,
        specs=Specs(artifacts),
        agents=Agents(database, vault),
        sessions=Sessions(database),
        live=LiveReader(database, vault),
        stops=Stops(database),
    )
    try:
        yield stores
    finally:
        await stores.live.close()
        await stores.stops.close()
