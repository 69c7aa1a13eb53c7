"""Bring the tables to what this version of harness needs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import harness_migrations
from harness.contracts.errors import SchemaTooNew, StoreError
from harness_migrations import HEAD, REVISIONS

if TYPE_CHECKING:
    from harness.store.database import Database

SCRIPTS = Path(harness_migrations.__file__).parent
LOCK = 0x6861726E657373  # "harness"


async def bring_up(database: Database) -> bool:
    """Take the steps that are missing; True where there were any. With nothing to do this is one
    SELECT, and alembic is not loaded."""
    found = await revision(database)
    if found == HEAD:
        return False
    if found is not None and found not in REVISIONS:
        raise SchemaTooNew(
            f"Postgres {database.name} is at schema {found}; this harness knows up to {HEAD}.",
        )
    await asyncio.to_thread(_run, database, HEAD, up=True)
    return True


async def take_down(database: Database, to: str = "base") -> None:
    """Take the steps back, down to revision `to`; `base` leaves nothing of them."""
    await asyncio.to_thread(_run, database, to, up=False)


async def revision(database: Database) -> str | None:
    """The step that the database is at; None where it has none yet."""
    from psycopg.errors import InvalidSchemaName, UndefinedTable

    try:
        rows = await database.fetch("SELECT version_num FROM harness.alembic_version")
    except StoreError as error:
        if isinstance(error.__cause__, UndefinedTable | InvalidSchemaName):
            return None
        raise
    return rows[0][0] if rows else None


def _run(database: Database, target: str, *, up: bool) -> None:
    import psycopg
    import sqlalchemy
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(database.url, connect_timeout=5),
        poolclass=NullPool,
    )
    try:
        with engine.begin() as connection:
            # Held until the commit: of two processes that start at once, one finds it all done.
            connection.execute(sqlalchemy.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            connection.execute(sqlalchemy.text("CREATE SCHEMA IF NOT EXISTS harness"))
            config.attributes["connection"] = connection
            if up:
                command.upgrade(config, target)
            else:
                command.downgrade(config, target)
    except (psycopg.OperationalError, OperationalError) as error:
        raise database.unavailable(error) from error
