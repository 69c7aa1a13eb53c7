"""What is too large for the SQL tools stays in Postgres."""

from __future__ import annotations

import pytest

from tests.fakes.clerk import Clerk, Table
from tests.fakes.clerk import clerk as clerk
from tests.fakes.clerk import table as table


@pytest.mark.slow
async def test_what_is_too_large_never_leaves_postgres(clerk: Clerk, table: Table) -> None:
    await table.run("CREATE TABLE t (id int PRIMARY KEY, a text)", "INSERT INTO t VALUES (1, 'a')")
    large = "repeat('x', 20000000)"
    said = await clerk.does(
        (f"INSERT INTO t VALUES (2, {large})", []),
        ("UPDATE t SET a = repeat('x', $1)", [20_000_000]),
        ("INSERT INTO t SELECT n, repeat('x', 100000) FROM generate_series(10, 200) AS n", []),
        ("UPDATE t SET a = 'b'; -- two\nDELETE FROM t", []),
    )
    assert "constants that are too large" in said[0]
    for words in said[1:3]:
        assert "exceed 8,000,000 bytes" in words
    assert "syntax" in said[3] or "multiple commands" in said[3], said[3]
    assert await table.rows("t") == ["(1,a)"]
    clerk.options = {"query": True}
    said = await clerk.does(
        (f"SELECT {large} AS kept, 1 AS kept", []),
        ("SELECT n, repeat('x', 100000) FROM generate_series(1, 400) AS n", []),
        (f"SELECT 1) AS kept UNION ALL SELECT {large}, 1 FROM (SELECT 1", []),
        ("SELECT n AS kept, 'it''s' AS kept, 1 AS n FROM generate_series(1, 3) AS n "
         "ORDER BY n.n DESC; ", []),
        ("VALUES (1, 'a')", []),
        ("SELECT generate_series($1::int, 1000000000)", [5]),
    )  # fmt: skip
    for words in said[:2]:
        assert "exceed 8,000,000 bytes" in words
    assert "syntax error" in said[2]
    assert '"rows":[[3,"it\'s",1],[2,"it\'s",1],[1,"it\'s",1]]' in said[3], said[3]
    assert '"rows":[[1,"a"]]' in said[4]
    assert "more than 100" in said[5]


async def test_a_row_that_became_large_since_is_not_fetched(clerk: Clerk, table: Table) -> None:
    await table.run("CREATE TABLE t (id int PRIMARY KEY, a text)", "INSERT INTO t VALUES (1, 'a')")
    await clerk.does(("UPDATE t SET a = 'b'", []))
    await table.run("UPDATE t SET a = repeat('x', 20000000)")
    report = await clerk.undo()
    assert report.stopped and report.stopped.obstacle
    assert "exceed 8,000,000 bytes" in report.stopped.obstacle.message
