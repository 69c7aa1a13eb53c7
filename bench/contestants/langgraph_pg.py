"""LangGraph with the Postgres saver, every checkpoint written before the next step (sync)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from bench.work import MODEL, PROMPT, SYSTEM

TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


@tool
async def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@dataclass
class Context:
    graph: Any
    pool: Any

    async def run_one(self, id: str) -> str:
        config = {"configurable": {"thread_id": id}}
        messages = {"messages": [("user", PROMPT)]}
        result = await self.graph.ainvoke(messages, config, durability="sync")
        return result["messages"][-1].content

    async def storage(self, ids: list[str]) -> dict[str, float]:
        rows = size = 0
        async with self.pool.connection() as connection:
            for table in TABLES:
                query = (
                    "SELECT count(*) AS n, coalesce(sum(pg_column_size(t.*)), 0)::bigint AS b "
                    f"FROM {table} t WHERE thread_id = ANY(%s)"
                )
                found = await (await connection.execute(query, (ids,))).fetchone()
                rows, size = rows + found["n"], size + found["b"]
        return {"events": rows / len(ids), "bytes": size / len(ids)}


@asynccontextmanager
async def setup(options: dict[str, str]) -> AsyncGenerator[Context]:
    model = ChatOpenAI(
        model=MODEL,
        base_url=f"{options['model']}/v1",
        api_key="x",  # type: ignore[arg-type]
        max_retries=0,
        use_responses_api=options.get("wire") == "responses",
    )
    each = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    pool = AsyncConnectionPool(
        options["postgres"], min_size=4, max_size=20, open=False, kwargs=each
    )
    async with pool:
        saver = AsyncPostgresSaver(pool)  # type: ignore[arg-type]
        await saver.setup()
        graph = create_agent(model, [add], system_prompt=SYSTEM, checkpointer=saver)
        yield Context(graph, pool)
