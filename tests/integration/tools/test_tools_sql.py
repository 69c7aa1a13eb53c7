"""The SQL tools on a real Postgres: what they do, refuse, and take back exactly."""

from __future__ import annotations

from typing import Any

from harness import Agent, Harness
from harness.tools import sql_execute, sql_query, sql_tables, sql_tools
from tests.fakes.clerk import Clerk, Table
from tests.fakes.clerk import clerk as clerk
from tests.fakes.clerk import table as table
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import call, say

SQL = [sql_tables, sql_query, sql_execute]


async def test_rows_of_all_types_come_back_exactly(clerk: Clerk, table: Table) -> None:
    await table.run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE DOMAIN grade AS int CHECK (VALUE BETWEEN 1 AND 6)",
        "CREATE TABLE odd (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n numeric, "
        "f float8, g float4, b bytea, at timestamptz, day date, took interval, a int[], t text[], "
        "j json, k jsonb, c char(5), v varchar(9), m mood, gr grade, u uuid, ip inet, r int4range, "
        "bits bit(3), money money, yes bool, x xml, sum int GENERATED ALWAYS AS (gr * 2) STORED, "
        "long int GENERATED ALWAYS AS (length(v)) VIRTUAL)",
        "INSERT INTO odd (n, f, g, b, at, day, took, a, t, j, k, c, v, m, gr, u, ip, r, bits, "
        "money, yes) VALUES "
        "('NaN', 'Infinity', 0.1, '\\x00ff', '2024-02-29 23:59:59.999999+05:30', 'infinity', "
        "'1 mon -3 days 04:05:06.7', '{{1,NULL},{3,4}}', '{\"a,b\",NULL,\"\"}', "
        "'{\"b\" :1,  \"a\":2}', '{\"b\":1}', 'ab', '', 'glad', 6, gen_random_uuid(), "
        "'10.0.0.1/8', '[1,5)', B'101', 12.34, true), "
        "(1.500, '-0', 1e-40, '', '-infinity', '0044-03-15 BC', '-1 year', '{}', NULL, '1', "
        "'null', NULL, ' ', 'sad', 1, NULL, '::1', 'empty', NULL, -1, false), "
        "(0.1234567890123456789012345678901234567890, 5e-324, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    )
    before = await table.rows("odd")
    said = await clerk.does(
        ("UPDATE odd SET n = 7, f = 1, g = 2, b = '\\x01', at = now(), day = 'today', took = '1s', "
         "a = NULL, t = '{}', j = NULL, k = '{}', c = 'z', v = 'w', m = 'sad', gr = 2, u = NULL, "
         "ip = NULL, r = NULL, bits = B'000', money = 0, yes = NULL WHERE id < $1", [3]),
        ("DELETE FROM odd", []),
        ("INSERT INTO odd (n) VALUES ($1) -- one", ["1e400"]),
    )  # fmt: skip
    assert "Updated 2" in said[0], said
    assert "Deleted 3" in said[1]
    assert len(await table.rows("odd")) == 1
    report = await clerk.undo()
    assert [step.state for step in report.steps] == ["undone"] * 3, report
    assert await table.rows("odd") == before
    assert (await clerk.undo()).steps == ()


async def test_a_table_without_a_key_is_restored_as_a_bag(clerk: Clerk, table: Table) -> None:
    await table.run("CREATE TABLE bag (a text, b numeric)")
    await table.run("INSERT INTO bag VALUES ('x', 1.0), ('x', 1.0), ('x', 1.00), (NULL, NULL)")
    before = await table.rows("bag")
    await clerk.does(
        ("UPDATE bag SET b = 2 WHERE a = 'x'", []),
        ("INSERT INTO bag VALUES ('x', 2), (NULL, NULL)", []),
        ("DELETE FROM bag WHERE a IS NULL", []),
    )
    assert await table.rows("bag") == ["(x,2)"] * 4
    assert [step.state for step in (await clerk.undo()).steps] == ["undone"] * 3
    assert await table.rows("bag") == before


async def test_swapped_keys_and_rows_that_point_at_each_other(clerk: Clerk, table: Table) -> None:
    await table.run("CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree)")
    await table.run("INSERT INTO tree VALUES (3, NULL), (2, 3), (1, 2)")
    before = await table.rows("tree")
    await clerk.does(("DELETE FROM tree", []))
    assert await table.rows("tree") == []
    assert [step.state for step in (await clerk.undo()).steps] == ["undone"]
    assert await table.rows("tree") == before
    await table.run(
        "CREATE TABLE line (id int PRIMARY KEY)", "INSERT INTO line VALUES (3), (2), (1)"
    )
    await clerk.does(("UPDATE line SET id = id + 1", []))
    assert await table.rows("line") == ["(2)", "(3)", "(4)"]
    assert [step.state for step in (await clerk.undo()).steps] == ["undone"]
    assert await table.rows("line") == ["(1)", "(2)", "(3)"]


async def test_rows_that_were_changed_since_are_named_and_left(clerk: Clerk, table: Table) -> None:
    await table.run("CREATE TABLE t (id int PRIMARY KEY, a text)", "INSERT INTO t VALUES (1, 'x')")
    await clerk.does(
        ("UPDATE t SET a = $1 WHERE id = 1", ["y"]),
        ("INSERT INTO t VALUES (2, 'z')", []),
        ("DELETE FROM t WHERE id = 2", []),
    )
    await table.run("UPDATE t SET a = 'by hand'", "INSERT INTO t VALUES (2, 'new')")
    seen = await table.rows("t")
    report = await clerk.undo()
    assert report.stopped and report.stopped.obstacle
    assert report.stopped.obstacle.code == "tool.changed"
    assert "duplicate key" in report.stopped.obstacle.message
    assert await table.rows("t") == seen
    await table.run("DELETE FROM t WHERE id = 2")
    report = await clerk.undo()
    assert [step.state for step in report.steps] == ["undone", "undone", "stopped"]
    assert report.stopped and report.stopped.obstacle
    assert f"{table.schema}.t was changed" in report.stopped.obstacle.message
    assert "id=1" in report.stopped.obstacle.message
    assert await table.rows("t") == ['(1,"by hand")']


async def test_what_an_undo_would_take_along_is_left(clerk: Clerk, table: Table) -> None:
    """A row that came since refers to one that the undo would delete."""
    await table.run(
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE kid (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE)",
    )
    await clerk.does(("INSERT INTO t VALUES (1)", []))
    await table.run("INSERT INTO kid VALUES (1, 1)")
    report = await clerk.undo()
    assert report.stopped and report.stopped.obstacle
    assert "kid" in report.stopped.obstacle.message
    assert await table.rows("kid") == ["(1,1)"]


async def test_what_could_not_be_undone_is_not_done(clerk: Clerk, table: Table) -> None:
    await table.run(
        "CREATE TABLE t (id int PRIMARY KEY, a text)",
        "CREATE TABLE kid (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE)",
        "INSERT INTO t VALUES (1, 'x'), (2, 'y')",
        "INSERT INTO kid VALUES (1, 1)",
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE TABLE parts (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9)",
        "CREATE TABLE guarded (a int)",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER watch BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION f()",
        f"CREATE FUNCTION sly() RETURNS int LANGUAGE sql AS "
        f"$$ DELETE FROM {table.schema}.kid; SELECT 1 $$",
        "CREATE FUNCTION steps_up() RETURNS text LANGUAGE sql VOLATILE AS "
        "$$ SELECT set_config('role', 'none', false) $$",
    )
    seen = [await table.rows("t"), await table.rows("kid")]
    refused = {
        "DELETE FROM t WHERE id = 1": "kid",
        "UPDATE t SET a = 'z' WHERE sly() = 1": "kid",
        "WITH x AS (DELETE FROM kid RETURNING *) UPDATE t SET a = 'z'": "one INSERT",
        "INSERT INTO guarded VALUES (1)": "triggers (watch)",
        "INSERT INTO parts VALUES (1)": "not a plain table",
        "UPDATE v SET a = 'q'": "ctid",
        "UPDATE t SET a = 'q' RETURNING id": "Remove RETURNING",
        "UPDATE t SET a = 'q'; DELETE FROM t": "multiple commands",
        "UPDATE t SET a = 'q'); DELETE FROM t; --": "syntax error",
        "DROP TABLE t": "syntax error",
        "COMMIT": "syntax error",
        "SELECT 1": "one INSERT",
        "CREATE TABLE y AS SELECT 1": "one INSERT",
        "TRUNCATE t": "syntax error",
        "MERGE INTO t USING kid ON t.id = kid.id WHEN MATCHED THEN DELETE": "one INSERT",
        "COPY t FROM PROGRAM 'id'": "syntax error",
        "INSERT INTO t SELECT oid::int, rolname FROM pg_authid": "permission denied",
        "INSERT INTO t SELECT 9, key FROM harness.effect": "permission denied",
        "UPDATE harness.effect SET note = 'x'": "permission denied",
        "INSERT INTO t SELECT 9, pg_read_file('/etc/passwd')": "permission denied",
        "INSERT INTO t SELECT 9, set_config('role', 'none', false)": "set_config may not be used",
        "INSERT INTO t VALUES (9, steps_up())": "may not change its role",
        "INSERT INTO t SELECT g, '' FROM generate_series(10, 2000) g": "more than 1,000",
        "INSERT INTO t VALUES (1, 'again')": "duplicate key",
    }  # fmt: skip
    said = await clerk.does(*((statement, list[Any]()) for statement in refused))
    for statement, words, wanted in zip(refused, said, refused.values(), strict=True):
        assert wanted in words, (statement, words)
    assert [await table.rows("t"), await table.rows("kid")] == seen
    assert (await clerk.undo()).steps == ()


async def test_what_goes_beyond_is_done_where_the_author_says_so(
    clerk: Clerk, table: Table
) -> None:
    await table.run(
        "CREATE TABLE t (id int PRIMARY KEY, a text)",
        "CREATE TABLE kid (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE)",
        "INSERT INTO t VALUES (1, 'x'), (2, 'y')",
        "INSERT INTO kid VALUES (1, 1)",
    )
    clerk.options = {"beyond": True}
    await clerk.does(("DELETE FROM t WHERE id = 2", []), ("DELETE FROM t WHERE id = 1", []))
    assert await table.rows("kid") == []
    dry = await clerk.undo(dry_run=True)
    assert [step.state for step in dry.steps] == ["stopped", "would_undo"]
    assert dry.stopped and dry.stopped.obstacle
    assert dry.stopped.obstacle.code == "tool.no_undo"
    assert "kid" in dry.stopped.obstacle.message
    await clerk.undo(past=[dry.stopped.call])
    assert await table.rows("t") == ["(2,y)"]


async def test_a_role_of_ones_own_is_the_limit(clerk: Clerk, table: Table) -> None:
    role = table.schema.replace("shop", "clerk")
    await table.run(
        "CREATE TABLE t (id int PRIMARY KEY, a text)",
        "CREATE TABLE secret (id int)",
        f"CREATE ROLE {role}",
        f"GRANT USAGE ON SCHEMA {table.schema} TO {role}",
        f"GRANT SELECT, INSERT ON t TO {role}",
    )
    clerk.options = {"role": role}
    said = await clerk.does(
        ("INSERT INTO t VALUES (1, current_user)", []),
        ("DELETE FROM t", []),
        ("INSERT INTO t SELECT id FROM secret", []),
    )
    assert "Inserted 1" in said[0]
    assert ["permission denied" in words for words in said[1:]] == [True, True]
    assert await table.rows("t") == [f"(1,{role})"]
    assert [step.state for step in (await clerk.undo()).steps] == ["undone"]
    assert await table.rows("t") == []
    await table.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


async def test_a_statement_leaves_nothing_in_the_connection(clerk: Clerk, table: Table) -> None:
    await table.run(
        "CREATE TABLE t (a text)",
        "CREATE FUNCTION sets(name text, value text) RETURNS text LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN set_config(name, value, false); END $$",
        "CREATE FUNCTION locks() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_advisory_lock(7); END $$",
    )
    said = await clerk.does(
        ("INSERT INTO t VALUES (sets('statement_timeout', '30'))", []),
        ("INSERT INTO t VALUES (sets('search_path', 'pg_catalog'))", []),
        ("INSERT INTO t SELECT locks()::text", []),
        ("INSERT INTO t SELECT pg_sleep(0.05)::text", []),
    )
    assert all("Inserted 1" in words for words in said), said
    held = await table.connection.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND classid = 0"
    )
    assert await held.fetchall() == []
    assert [step.state for step in (await clerk.undo()).steps] == ["undone"] * 4


# Each takes another role, has it run a text, and gives it back: nothing is left to be seen.
STEALTHY = """
SELECT set_config('role', 'pg_read_all_data', true), found FROM
  (SELECT set_config('role', 'none', true) AS role OFFSET 0) AS first, LATERAL
  (SELECT string_agg(word, ' ') AS found FROM ts_stat(
     'SELECT to_tsvector(''simple'', pg_read_file(''/etc/passwd''))' || left(role, 0))) AS second
"""
UNSEEN = (
    STEALTHY,
    STEALTHY.replace("set_config", 'pg_catalog . "set_config"'),
    STEALTHY.replace("set_config", 'U&"set\\005fconfig"'),
    "SELECT word FROM ts_stat('SELECT to_tsvector(''x'')')",
    "SELECT Query_To_Xml('SELECT 1', true, true, '')",
    "SELECT pg_advisory_lock(8), 1 / (random() * 0)::int",
    "SELECT pg_notify('harness_stop', 'x')",
    "SELECT setval('serial', 1)",
)


async def test_what_would_leave_no_trace_is_refused(clerk: Clerk, table: Table) -> None:
    await table.run("CREATE TABLE t (a text)", "CREATE SEQUENCE serial")
    writes = await clerk.does(
        *((f"INSERT INTO t SELECT '' FROM ({q}) q", list[Any]()) for q in UNSEEN)
    )
    clerk.options = {"query": True}
    for words in [*writes, *await clerk.does(*((query, list[Any]()) for query in UNSEEN))]:
        assert "may not be used" in words, words
    assert await table.rows("t") == []
    held = await table.connection.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 8 AND classid = 0"
    )
    assert await held.fetchall() == []


async def test_reading(clerk: Clerk, table: Table) -> None:
    await table.run(
        "CREATE TABLE t (id int PRIMARY KEY, a text, n numeric, j jsonb, yes bool)",
        "INSERT INTO t VALUES (1, 'x', 1.50, '{\"b\": [1]}', true), (2, NULL, 'NaN', NULL, NULL)",
        "CREATE VIEW v AS SELECT key FROM harness.effect",
    )
    clerk.options = {"query": True}
    said = await clerk.does(
        ("SELECT * FROM t WHERE id < $1 ORDER BY id", [5]),
        ("SELECT generate_series(1, 200)", []),
        ("SELECT 1; DROP TABLE t", []),
        ("DELETE FROM t", []),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", []),
        ("SELECT * FROM harness.effect", []),
        ("SELECT * FROM v", []),
        ("SELECT * FROM pg_authid", []),
        ("SELECT pg_read_file('/etc/passwd')", []),
        ("SELECT nextval('x')", []),
        ("SELECT * FROM nowhere", []),
        ("COMMIT", []),
    )
    assert said[0] == (
        '{"columns":["id","a","n","j","yes"],'
        '"rows":[[1,"x","1.50",{"b":[1]},true],[2,null,"NaN",null,null]]}'
    )
    assert "more than 100" in said[1]
    for words in said[2:5]:
        assert "Postgres: " in words
    assert "may not be used" in said[6], said[6]  # a view reads as its owner, so its lock is seen
    for words in (said[5], said[7], said[8]):
        assert "permission denied" in words, words
    for words in said[9:]:
        assert "Postgres: " in words
    assert len(await table.rows("t")) == 2


async def test_tables_are_listed(
    harness: Harness, model_server: ModelServer, name: str, table: Table
) -> None:
    await table.run("CREATE TABLE t (id int PRIMARY KEY, a numeric(10,2) NOT NULL, b text[])")
    model_server.script(call("sql_tables"), say("Done."))
    tools = list(sql_tools(schemas=[table.schema]))
    run = await harness.start(Agent(name, tools=tools), "Look.")
    await run.outcome()
    [said] = [event.content for event in await run.trace() if event.type == "tool_call_finished"]
    assert said == (f"{table.schema}.t: id integer (key), a numeric(10,2) (not null), b text[]")
