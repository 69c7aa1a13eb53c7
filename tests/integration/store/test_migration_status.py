"""What is pending, what it would run, and what an upgrade leaves."""

from __future__ import annotations

import pytest

from harness.contracts.errors import SchemaTooNew
from harness.store.database import Database
from harness.store.migrate import OWN, bring_up, inspect_schemas
from harness.store.migration_preview import preview_steps
from harness_migrations import REVISIONS
from tests.fakes.postgres import empty_database_url

__all__ = ["empty_database_url"]


async def test_an_empty_database_and_after_its_upgrade(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    before = await inspect_schemas(database)
    assert [state.found for state in before] == [None] * len(before)
    assert before[0].pending == REVISIONS
    steps = [step for state in before for step in preview_steps(state)]
    assert len(steps) == sum(len(state.pending) for state in before)
    assert all(step.summary and step.sql for step in steps)
    assert steps[-1].sql != steps[0].sql
    assert not [step for step in steps if ";;" in (step.sql or "")]
    assert await database.fetch("SELECT 1 FROM pg_namespace WHERE nspname = 'harness'") == []
    await bring_up(database)
    after = await inspect_schemas(database)
    assert all(state.found == state.line.revisions[-1] for state in after)
    assert not any(state.pending or state.problem for state in after)
    await database.close()


async def test_what_a_preview_shows_is_what_runs(empty_database_url: str) -> None:
    """Run by hand in their order, the previewed statements make the same tables."""
    database = Database(empty_database_url)
    columns = (
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
        "WHERE starts_with(table_schema, 'harness') AND table_name <> 'alembic_version' "
        "ORDER BY 1, 2, 3"
    )
    states = await inspect_schemas(database)
    async with database.connection() as connection, connection.transaction(force_rollback=True):
        for state in states:
            await connection.execute(f"CREATE SCHEMA {state.line.schema}".encode())
            for step in preview_steps(state):
                assert step.sql is not None
                await connection.execute(step.sql.encode())
        shown = await (await connection.execute(columns)).fetchall()
    await bring_up(database)
    assert await database.fetch(columns) == shown
    await database.close()


async def test_a_schema_of_a_newer_version(database_url: str) -> None:
    database = Database(database_url)
    await bring_up(database)
    await database.fetch("UPDATE harness.alembic_version SET version_num = '9999'")
    (own,) = [state for state in await inspect_schemas(database) if state.line == OWN]
    assert (own.found, own.pending) == ("9999", ())
    assert own.problem is not None
    with pytest.raises(SchemaTooNew):
        await bring_up(database)
    await database.close()
