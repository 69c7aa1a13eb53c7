"""The time that a model's statements get, whatever they do with a cancel."""

from __future__ import annotations

import pytest

from harness import Agent
from harness.contracts.errors import ToolError
from harness.store import Database
from harness.tools.sql import sql
from harness.tools.sql.session import Access, limit_time, open_session
from tests.fakes.clerk import Clerk, Table
from tests.fakes.clerk import clerk as clerk
from tests.fakes.clerk import table as table
from tests.fakes.stack import until
from tests.fakes.steps import call, say

SHORT = Access(seconds=0.2, grace=0.2)
STUBBORN = """
CREATE FUNCTION stubborn() RETURNS int LANGUAGE plpgsql AS $$
BEGIN LOOP
  BEGIN PERFORM pg_sleep(3600);
  EXCEPTION WHEN query_canceled THEN NULL;
  END;
END LOOP; END $$
"""
"""A function that ignores a cancel, as some of Postgres's own do: `ltrim` of large texts looks at
nothing for hours."""
BUSY = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


async def test_all_statements_of_a_call_share_one_time_limit(runs_database: str) -> None:
    database = Database(runs_database)
    with pytest.raises(ToolError, match=r"longer than 0\.2 seconds") as caught:
        async with (
            database.connection() as connection,
            connection.transaction(),
            limit_time(SHORT),
            open_session(connection, SHORT) as made,
        ):
            for _ in range(100):
                await made.fetch_rows("SELECT pg_sleep(0.05)")
    assert caught.value.code == "tool.timeout"
    await database.close()


@pytest.mark.parametrize("tool", ["sql_query", "sql_execute"])
async def test_a_statement_that_ignores_its_cancel_is_given_up(
    clerk: Clerk, table: Table, tool: str
) -> None:
    """The call fails at once, for good and without an open question, and its process is ended."""
    await table.run("CREATE TABLE t (n int)", STUBBORN)
    access = Access(schemas=(table.schema,), seconds=0.2, grace=0.2)
    tools = [*sql._make_readers(access), sql._make_writer(access, "never")]
    asked = (
        {"query": "SELECT stubborn()"}
        if tool == "sql_query"
        else {"statement": "INSERT INTO t SELECT stubborn()"}
    )
    clerk.model.script(call(tool, **asked), say("Done."))
    run = await clerk.harness.start(Agent(clerk.name, tools=tools), "Go.")
    assert (await run.result()).output == "Done."
    [said] = [event for event in await run.trace() if event.type == "tool_call_finished"]
    assert "longer than 0.2 seconds" in said.content
    assert (said.ok, said.attempts) == (False, 1)
    assert [row.state for row in await run.effects()] == ["failed"] * (tool == "sql_execute")

    async def is_over() -> bool:
        return await (await table.connection.execute(BUSY)).fetchall() == []

    await until(is_over)


async def test_a_process_that_does_not_stop_keeps_its_place_in_the_pool(
    runs_database: str, table: Table
) -> None:
    """So statements that cannot be stopped are never more than the pool has connections."""
    await table.run(STUBBORN)
    access = Access(schemas=(table.schema,), seconds=0.2, grace=0.2)
    database = Database(runs_database, pool_size=1)
    with pytest.raises(ToolError):
        async with (
            database.connection() as connection,
            connection.transaction(),
            limit_time(access),
            open_session(connection, access) as made,
        ):
            pid = connection.info.backend_pid
            await made.fetch_rows("SELECT stubborn()")
    async with database.connection() as connection:  # waits for the other one's end
        gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        [count] = await (await connection.execute(gone, (pid,))).fetchone() or [None]
        assert count == 0
    await database.close()
