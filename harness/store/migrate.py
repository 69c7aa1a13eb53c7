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
from harness.capabilities.checks import MIGRATIONS
from harness.capabilities.registry import (
    LOADING_FAILS,
    OURS,
    enabled_capabilities,
    load_part,
    report_problem,
    source_of,
)
from harness.commons.log import get_logger
from harness.contracts.capability import Capability, capability_schema
from harness.contracts.errors import SchemaTooNew, StoreError, StoreUnavailable
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
        except StoreUnavailable:
            raise
        except LOADING_FAILS as error:
            _leave_out(line, error)
    return changed


def _leave_out(line: Line, error: BaseException) -> None:
    """Disable the capability of a line that cannot be migrated: runs do not need it. Built-in ones
    they may need."""
    if line.owner is None or source_of(line.owner.name) == OURS:
        raise error
    too_new = isinstance(error, SchemaTooNew)
    problem = error.message if too_new else f"its migration failed: {_describe_failure(error)}"
    report_problem(line.owner, problem)
    get_logger(__name__).warning(
        "a capability is disabled", capability=line.owner.name, problem=problem
    )


def _describe_failure(error: BaseException) -> str:
    """The first line of what a migration raised, without what SQLAlchemy adds."""
    error = getattr(error, "orig", None) or error
    first, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first}"


class LineState(NamedTuple):
    """A schema as it is, and what it needs."""

    line: Line
    found: str | None
    """The step that it is at; None before the first one."""
    pending: tuple[str, ...]
    """The steps that are missing, in the order in which they would run."""
    problem: str | None
    """Why it cannot be migrated."""


async def inspect_schemas(database: Database) -> list[LineState]:
    """The schemas of harness and of enabled capabilities. Changes nothing."""
    states: list[LineState] = []
    for line in (OWN, *find_lines()):
        found = await read_revision(database, line)
        if found is not None and found not in line.revisions:
            states.append(LineState(line, found, (), _too_new(database, line, found).message))
            continue
        start = 0 if found is None else line.revisions.index(found) + 1
        states.append(LineState(line, found, line.revisions[start:], None))
    return states


async def find_outdated(database: Database) -> dict[str, str]:
    """What is wrong with the schemas of capabilities, by their names. Changes nothing."""
    problems: dict[str, str] = {}
    for line, found, pending, problem in await inspect_schemas(database):
        if line.owner is None:
            continue
        if problem is not None:
            problems[line.owner.name] = problem
        elif pending:
            at = f"at {found}" if found else "missing"
            problems[line.owner.name] = f"Schema {line.schema} is {at}; {pending[-1]} is needed."
    return problems


def find_lines() -> Iterator[Line]:
    """The lines of enabled capabilities that have tables."""
    for record in enabled_capabilities():
        target = record.migrations
        package = load_part(record, target, MIGRATIONS) if target else None
        if package is None:
            continue
        folder = Path(package.__file__).parent / "versions"
        yield Line(capability_schema(record.name), folder, tuple(package.REVISIONS), record)


async def read_revision(database: Database, line: Line = OWN) -> str | None:
    """Read the current revision of the database; None before the first migration."""
    from psycopg.errors import InvalidSchemaName, UndefinedTable

    # A schema's name consists of letters, digits and _: `registry.NAME`.
    query = cast("LiteralString", f"SELECT version_num FROM {line.schema}.alembic_version")
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
        raise _too_new(database, line, found)
    await asyncio.to_thread(_run_alembic, database, line)
    return True


def _too_new(database: Database, line: Line, found: str) -> SchemaTooNew:
    knows = f"{source_of(line.owner.name)} knows" if line.owner else "this version knows"
    return SchemaTooNew(
        f"Schema {line.schema} of Postgres {database.name} is at {found}; {knows} "
        f"up to {line.revisions[-1]}.",
    )


def _run_alembic(database: Database, line: Line) -> None:
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
            command.upgrade(config, line.revisions[-1])
    except (psycopg.OperationalError, OperationalError) as error:
        if line.owner and _is_of_statement(error):
            raise
        raise database.unavailable_error(error) from error


def _is_of_statement(error: BaseException) -> bool:
    """Whether a statement failed on a server that goes on: a time limit, a lock. The migration of a
    capability that does so must not look like a database that does not answer."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return state[:2] in ("54", "55") or state == "57014"
