"""Migrate the tables to what this version of harness and its capabilities need.

Each capability has a line of migrations and a schema of its own, with alembic's version table in
it. One line for all, with branches, would be simpler, but a removed package would leave an unknown
revision behind, which blocks every later migration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString, NamedTuple, cast

import harness_migrations
from harness.capabilities.registry import enabled_capabilities, load_part, report_problem
from harness.commons.log import get_logger
from harness.contracts.capability import Capability, capability_schema
from harness.contracts.errors import SchemaTooNew, StoreError
from harness.store.database import Database

SCRIPTS = Path(harness_migrations.__file__).parent
LOCK = 0x6861726E657373  # "harness"


class Line(NamedTuple):
    """A line of migrations: its steps in order, and the schema they change."""

    schema: str
    folder: Path
    """Contains one file per step."""
    revisions: tuple[str, ...]
    owner: Capability | None = None
    """None: harness itself."""


OWN = Line("harness", SCRIPTS / "versions", harness_migrations.REVISIONS)


async def open_database(url: str, *, pool_size: int = 8) -> Database:
    """Open a pool of connections to a database, and migrate its tables."""
    database = Database(url, pool_size=pool_size)
    try:
        await bring_up(database)
    except BaseException:
        await database.close()
        raise
    return database


async def bring_up(database: Database) -> bool:
    """Run the missing steps; True if there were any. Otherwise this costs one SELECT per line, and
    alembic is not loaded."""
    changed = await _bring_up(database, OWN)
    for line in find_lines():
        try:
            changed = await _bring_up(database, line) or changed
        except StoreError:
            raise
        except Exception as error:
            assert line.owner is not None
            report_problem(line.owner, f"its migration failed: {error}")
            get_logger(__name__).warning(
                "a capability is disabled: its migration failed",
                capability=line.owner.name,
                error=str(error),
            )
    return changed


def find_lines() -> Iterator[Line]:
    """The lines of enabled capabilities that have tables."""
    for record in enabled_capabilities():
        package = load_part(record, record.migrations) if record.migrations else None
        if package is not None:
            folder = Path(package.__file__).parent / "versions"
            revisions = tuple(package.REVISIONS)
            yield Line(capability_schema(record.name), folder, revisions, record)


async def take_down(database: Database, to: str = "base", line: Line = OWN) -> None:
    """Revert the steps of a line down to revision `to`; `base` reverts all."""
    await asyncio.to_thread(_run_alembic, database, line, to, up=False)


async def read_revision(database: Database, line: Line = OWN) -> str | None:
    """Read the current revision of the database; None before the first migration."""
    from psycopg.errors import InvalidSchemaName, UndefinedTable

    # A schema's name consists of letters, digits and _: `registry.NAME`.
    query = cast("LiteralString", f"SELECT version_num FROM {line.schema}.alembic_version")  # nosec B608
    try:
        rows = await database.fetch(query)
    except StoreError as error:
        if isinstance(error.__cause__, UndefinedTable | InvalidSchemaName):
            return None
        raise
    return rows[0][0] if rows else None


async def _bring_up(database: Database, line: Line) -> bool:
    found, head = await read_revision(database, line), line.revisions[-1]
    if found == head:
        return False
    if found is not None and found not in line.revisions:
        raise SchemaTooNew(
            f"Schema {line.schema} of Postgres {database.name} is at {found}; this version knows "
            f"up to {head}.",
        )
    await asyncio.to_thread(_run_alembic, database, line, head, up=True)
    return True


def _run_alembic(database: Database, line: Line, target: str, *, up: bool) -> None:
    import psycopg
    import sqlalchemy
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(line.folder))
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(database.url, connect_timeout=5),
        poolclass=NullPool,
    )
    try:
        with engine.begin() as connection:
            # Held until the commit: of two processes that start at once, the second finds it done.
            connection.execute(sqlalchemy.text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            connection.execute(sqlalchemy.text(f"CREATE SCHEMA IF NOT EXISTS {line.schema}"))
            config.attributes["connection"] = connection
            config.attributes["schema"] = line.schema
            if up:
                command.upgrade(config, target)
            else:
                command.downgrade(config, target)
    except (psycopg.OperationalError, OperationalError) as error:
        raise database.unavailable_error(error) from error
