"""The vectors of memories, if the embedder is installed and Postgres has the extension pgvector.

Vectors give content away: whoever has one can guess close sentences. Therefore none is made while
`encryption.key` is set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, LiteralString, cast

from harness.commons.log import get_logger
from harness.config.settings import Settings
from harness.contracts.errors import HarnessError, ProviderPackageMissing
from harness.embeddings.clients import make_embedder
from harness.memory.settings import MemorySettings
from harness.store.database import Database, Row

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from harness.embeddings.embedder import Embedder, Purpose

MAX_INDEXED = 2_000
"""The most dimensions that pgvector can index."""
LOCK = 0x6D656D6F7279  # "memory"
TABLE = """
CREATE TABLE IF NOT EXISTS harness_memory.embedding (
  namespace text NOT NULL,
  owner text NOT NULL,
  seq bigint NOT NULL,
  scope text NOT NULL,
  embedder text NOT NULL,
  vector vector NOT NULL,
  mac text NOT NULL,
  PRIMARY KEY (namespace, owner, seq)
)
"""
STATE = """
SELECT to_regclass('harness_memory.embedding') IS NOT NULL,
  EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')
"""
INDEX = """
CREATE INDEX IF NOT EXISTS embedding_{n} ON harness_memory.embedding
USING hnsw ((vector::vector({n})) vector_ip_ops) WHERE vector_dims(vector) = {n}
"""

log = get_logger(__name__)


class Vectors:
    """Embeds texts for the index of memories. Made once per process."""

    def __init__(self, settings: Settings, *, encrypts: bool) -> None:
        self._settings = settings
        self._chosen = settings.section(MemorySettings).embedder
        self._embedder: Embedder | None = None
        self._opening = asyncio.Lock()
        self._open = False
        self._indexed = 0
        self.problem: str | None = "memories are encrypted" if encrypts else None
        """Why there are no vectors; None if there are."""

    async def embed(
        self, database: Database, texts: Sequence[str], purpose: Purpose
    ) -> list[str] | None:
        """Embed texts, in the form that Postgres reads; None if there are no vectors."""
        embedder = await self._get_embedder(database)
        if embedder is None or not texts:
            return None
        try:
            found = await embedder.embed(texts, purpose)
        except HarnessError as error:
            log.warning("memories are found by their words alone", why=error.message)
            return None
        await self._make_index(database, len(found[0]))
        return [f"[{','.join(f'{number:.6g}' for number in vector)}]" for vector in found]

    @property
    def name(self) -> str:
        """The embedder, as provider/model."""
        return self._embedder.name if self._embedder else ""

    async def close(self) -> None:
        if self._embedder is not None:
            await self._embedder.close()

    async def _get_embedder(self, database: Database) -> Embedder | None:
        if self._open or self.problem is not None:
            return self._embedder
        async with self._opening:
            if not self._open and self.problem is None:
                self.problem = await self._open_embedder(database)
                self._open = True
        return self._embedder

    async def _open_embedder(self, database: Database) -> str | None:
        """Load the embedder and make the table; returns why that is impossible."""
        if not self._chosen:
            return "memory.embedder is empty"
        try:
            made = await asyncio.to_thread(make_embedder, self._settings, self._chosen)
        except ProviderPackageMissing as error:
            return error.message
        async with database.connection() as connection:
            problem = await _make_table(connection)
        if problem is not None:
            await made.close()
            return problem
        self._embedder = made
        return None

    async def _make_index(self, database: Database, dimensions: int) -> None:
        if dimensions > MAX_INDEXED or self._indexed == dimensions:
            return
        statement = cast("LiteralString", INDEX.format(n=dimensions))
        async with database.connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            await connection.execute(statement)
        self._indexed = dimensions


async def _make_table(connection: AsyncConnection[Row]) -> str | None:
    """Make the extension and the table, unless they exist; returns why that is impossible."""
    from psycopg.errors import InsufficientPrivilege

    found = await connection.execute(STATE)
    row = await found.fetchone()
    made, available = row or (False, False)
    if made:
        return None
    if not available:
        return "this Postgres does not have the extension pgvector"
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            await connection.execute(TABLE)
    except InsufficientPrivilege as error:
        return f"harness may not make the extension pgvector: {error.diag.message_primary}"
    return None
