"""A connection to the database alone: users and tokens need no engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.crypto.signing import Signer
from harness.crypto.vault import Vault
from harness.engine.connection import Connection
from harness.store.database import Database
from harness.store.migrate import open_database

KEY = b"a signing key of 32 bytes or more"


def bare_connection(database: Database, key: bytes | None = KEY) -> Connection:
    vault = Vault(signer=Signer(key) if key else None)
    return cast("Connection", SimpleNamespace(database=database, vault=vault))


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    database = await open_database(database_url, pool_size=4)
    yield bare_connection(database)
    await database.close()


def nowhere() -> Connection:
    """Whatever was asked of it would fail the test."""
    return cast("Connection", cast("Any", object()))
