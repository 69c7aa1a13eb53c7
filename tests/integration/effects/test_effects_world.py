"""Any sequence of file and SQL operations, undone to any turn, gives the exact earlier world."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.store.migrate import open_database
from harness.tools import sql_tools
from tests.fakes.undoing import Calls, World, lay_out, operations, world

SCHEMA = "any_world"
SQL = sql_tools(schemas=[SCHEMA])
TABLES = """
DROP SCHEMA IF EXISTS any_world CASCADE;
CREATE SCHEMA any_world;
CREATE TABLE any_world.goods (
  id int PRIMARY KEY, name varchar(9) UNIQUE, price numeric, tags text[], at timestamptz,
  raw bytea, more jsonb, of int REFERENCES any_world.goods,
  long int GENERATED ALWAYS AS (length(name)) STORED);
CREATE TABLE any_world.bag (a char(3), n float8);
INSERT INTO any_world.goods (id, name, price, tags, at, raw, more, of) VALUES
  (1, 'tea', 1.50, '{a,NULL,"b,c"}', '2024-02-29 12:00:00.00001+05', '\\x00ff', '{"a": [1]}', NULL),
  (2, 'pot', 'NaN', '{}', 'infinity', '', 'null', 1),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO any_world.bag VALUES ('x', 0.1), ('x', 0.1), ('x', '-0'), (NULL, 'Infinity');
"""

ids = st.integers(1, 5)
names = st.sampled_from(["tea", "pot", "cup", "", "é 'x'", "more than nine", None])
prices = st.sampled_from(["1", "1.0", "NaN", "1e-30", "99999999999999999999.5", None])
tags = st.sampled_from(["{}", '{"", NULL}', "{{1,2},{3,4}}", None])
times = st.sampled_from(["2024-03-31 02:30+01", "-infinity", "0001-01-01 BC", None])
raws = st.sampled_from(["\\x", "\\xdeadbeef", None])
jsons = st.sampled_from(['{"b": 1, "a": 1.00}', "[]", '"\\u00e9"', None])
letters = st.sampled_from(["x", "y", "", None])
floats = st.sampled_from(["0.1", "1e308", "5e-324", "NaN", None])


def statement(text: str, *params: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    values = st.tuples(*params).map(list)
    return st.tuples(st.just("sql_execute"), values.map(lambda v: {"statement": text, "params": v}))


def on(text: str, *params: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return statement(
        text.replace("goods", f"{SCHEMA}.goods").replace("bag", f"{SCHEMA}.bag"), *params
    )


statements = st.one_of(
    on("INSERT INTO goods (id, name, price, tags, at, raw, more, of) "
       "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
       ids, names, prices, tags, times, raws, jsons, st.none() | ids),
    on("INSERT INTO goods (id, name) VALUES ($1, $2) "
       "ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = 0", ids, names),
    on("UPDATE goods SET price = price + 0.10, tags = $1, raw = $2", tags, raws),
    on("UPDATE goods SET name = $1, more = $2, at = $3 WHERE id >= $4", names, jsons, times, ids),
    on("UPDATE goods SET id = 6 - id"),
    on("UPDATE goods SET of = $1 WHERE id = $2", st.none() | ids, ids),
    on("DELETE FROM goods WHERE id = $1", ids),
    on("DELETE FROM goods"),
    on("INSERT INTO bag SELECT * FROM bag WHERE n < $1", floats),
    on("INSERT INTO bag VALUES ($1, $2), ($1, 2)", letters, floats),
    on("UPDATE bag SET n = $1 WHERE a = $2", floats, letters),
    on("UPDATE bag SET a = $1", letters),
    on("DELETE FROM bag WHERE a IS NOT DISTINCT FROM $1", letters),
)  # fmt: skip


class Both:
    """The folder and the tables, as they are."""

    def __init__(self, folder: Path, looker: psycopg.Connection[Any]) -> None:
        self.folder, self._looker = folder, looker

    def look(self) -> tuple[World, list[str]]:
        rows: list[str] = []
        for table in (b"goods", b"bag"):
            found = self._looker.execute(
                b"SELECT whole::text FROM any_world.%b AS whole ORDER BY 1" % table
            )
            rows += [table.decode() + row[0] for row in found.fetchall()]
        return world(self.folder), rows


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(statements | operations | statements, min_size=1, max_size=7),
    st.lists(st.integers(0, 7), min_size=1, max_size=3),
)
def test_undo_gives_the_exact_earlier_world_of_both(
    runs_database: str, done: list[tuple[str, dict[str, Any]]], backs: list[int]
) -> None:
    async def check() -> None:
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            looker = stack.enter_context(psycopg.connect(runs_database, autocommit=True))
            looker.execute(TABLES.encode())
            database = await open_database(runs_database, pool_size=2)
            stack.push_async_callback(database.close)
            calls = Calls(database, folder, folder.name, *SQL)
            stack.push_async_callback(calls.close)
            lay_out(folder)
            both = Both(folder, looker)
            worlds = [both.look()]
            for turn, (tool, arguments) in enumerate(done, 1):
                await calls.call(turn, tool, arguments)
                worlds.append(both.look())
                await calls.call(turn, tool, arguments)  # once is once
                assert both.look() == worlds[-1]
            for back in sorted({min(back, len(done)) for back in (*backs, 0)}, reverse=True):
                await calls.undo(back)
                assert both.look() == worlds[back]

    asyncio.run(check())
