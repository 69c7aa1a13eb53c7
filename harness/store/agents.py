"""The agents that workers serve, as they published them: the newest publication of a name counts.

Whoever starts a run takes the tools' policies from here. A row is therefore encrypted, or carries a
MAC, for its place: write access to the database is not enough to drop an approval.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.contracts.errors import ContentCorrupt, StoreError
from harness.contracts.published import PublishedAgent
from harness.crypto.place import place_of
from harness.crypto.vault import Vault
from harness.store.database import Database, Row

PLACE = "agent.published"
PUBLISH = """
INSERT INTO harness.agent (namespace, name, published, build, host) VALUES (%s, %s, %b, %s, %s)
ON CONFLICT (namespace, name) DO UPDATE SET published = excluded.published,
  build = excluded.build, host = excluded.host, last_at = now()
"""
READ = """
SELECT name, published, build, host, extract(epoch FROM first_at)::float8,
  extract(epoch FROM last_at)::float8
FROM harness.agent WHERE namespace = %s AND (%s::text IS NULL OR name = %s) ORDER BY name
"""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What is stored about a published agent."""

    name: str
    agent: PublishedAgent | StoreError
    """The error if the row cannot be read or is not genuine."""
    build: str
    """The code of the worker that published it last."""
    host: str
    """The host of that worker."""
    first: float
    """Seconds since the epoch."""
    last: float


class Agents:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def publish(self, namespace: str, agent: PublishedAgent, build: str, host: str) -> None:
        """Store the agent under its name, in place of an earlier publication."""
        place = place_of(PLACE, agent.name, namespace, build, host)
        content = await self._vault.encrypt(None, agent.wire(), place)
        await self._database.fetch(PUBLISH, (namespace, agent.name, content, build, host))

    async def find(self, namespace: str, name: str) -> Publication | None:
        rows = await self._database.fetch(READ, (namespace, name, name))
        return await self._read(namespace, rows[0]) if rows else None

    async def list_all(self, namespace: str) -> list[Publication]:
        """List what is published, by name."""
        rows = await self._database.fetch(READ, (namespace, None, None))
        return [await self._read(namespace, row) for row in rows]

    async def _read(self, namespace: str, row: Row) -> Publication:
        name, content, build, host, first, last = row
        agent: PublishedAgent | StoreError
        try:
            place = place_of(PLACE, name, namespace, build, host)
            agent = _parse(name, await self._vault.decrypt(bytes(content), place))
        except StoreError as error:
            agent = error
        return Publication(name=name, agent=agent, build=build, host=host, first=first, last=last)


def _parse(name: str, content: bytes) -> PublishedAgent:
    try:
        return PublishedAgent.model_validate_json(content)
    except ValueError as error:
        raise ContentCorrupt(
            f"The published agent {name!r} cannot be read by this version: {error}",
            fix="Upgrade harness here: a newer version published the agent.",
        ) from error
