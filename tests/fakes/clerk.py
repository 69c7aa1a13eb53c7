"""An agent with the SQL tools on a real Postgres: the fixtures `clerk` and `table`."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from harness import Agent, Harness
from harness.contracts.effect import UndoReport
from harness.tools import sql_tools
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import call, say


class Table:
    """A schema of the test's own, and its database as it is."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], schema: str) -> None:
        self.connection, self.schema = connection, schema

    async def run(self, *statements: str) -> None:
        for statement in statements:
            await self.connection.execute(statement.encode())

    async def rows(self, table: str) -> list[str]:
        """Every row, as text."""
        query = f"SELECT whole::text FROM {table} AS whole ORDER BY 1"
        return [row[0] for row in await (await self.connection.execute(query.encode())).fetchall()]


@pytest.fixture
async def table(runs_database: str) -> AsyncIterator[Table]:
    schema = f"shop_{uuid.uuid4().hex[:8]}"
    async with await psycopg.AsyncConnection.connect(runs_database, autocommit=True) as made:
        found = Table(made, schema)
        await found.run(f"CREATE SCHEMA {schema}", f"SET search_path = {schema}")
        yield found
        await found.run(f"DROP SCHEMA {schema} CASCADE")


class Clerk:
    """An agent with the SQL tools, and what its calls came to."""

    def __init__(self, harness: Harness, model: ModelServer, name: str, table: Table) -> None:
        self.harness, self.model, self.name, self.table, self.count = harness, model, name, table, 0
        self.options: dict[str, Any] = {}

    async def does(self, *calls: tuple[str, list[Any]]) -> list[str]:
        """Run the statements as one run; what the model read of each."""
        steps = [
            call(
                "sql_query" if "query" in self.options else "sql_execute",
                **{"query" if "query" in self.options else "statement": text, "params": params},
            )
            for text, params in calls
        ]
        self.model.script(*steps, say("Done."))
        options = {key: value for key, value in self.options.items() if key != "query"}
        tools = sql_tools(schemas=[self.table.schema], **options)
        self.count += 1
        agent = Agent(f"{self.name}-{self.count}", tools=list(tools))
        self.run = await self.harness.start(agent, "Go.")
        result = await self.run.outcome()
        assert result.error is None, result.error
        return [
            event.content for event in await self.run.trace() if event.type == "tool_call_finished"
        ]

    async def undo(self, to: int | None = None, **more: Any) -> UndoReport:
        return await self.run.undo(to, **more)


@pytest.fixture
def clerk(harness: Harness, model_server: ModelServer, name: str, table: Table) -> Clerk:
    return Clerk(harness, model_server, name, table)
