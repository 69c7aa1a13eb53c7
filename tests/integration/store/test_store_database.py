from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

from harness.contracts.errors import ConfigError, StoreError
from harness.store.database import Database
from harness.store.migrate import (
    OWN,
    SCRIPTS,
    Line,
    bring_up,
    find_lines,
    open_database,
    read_revision,
)
from harness.store.sessions import Sessions
from harness_migrations import HEAD

if TYPE_CHECKING:
    from tests.fakes.postgres import Postgres

pytest_plugins = ("tests.fakes.postgres",)


async def run_python(code: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


def revert_migrations(url: str, line: Line = OWN, to: str = "base") -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(line.folder))
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    with engine.begin() as connection:
        config.attributes |= {"connection": connection, "schema": line.schema}
        command.downgrade(config, to)
    engine.dispose()


async def test_up_down_up(empty_database_url: str) -> None:
    database = await open_database(empty_database_url)
    assert await read_revision(database) == HEAD
    assert not await bring_up(database)
    await asyncio.to_thread(revert_migrations, empty_database_url)
    assert await read_revision(database) is None
    assert await bring_up(database)
    assert await Sessions(database).find_last("none") == 0
    await database.close()


@pytest.mark.parametrize(
    "line", [each for each in find_lines() if len(each.revisions) > 1], ids=lambda line: line.schema
)
async def test_steps_of_capabilities_can_be_taken_back(empty_database_url: str, line: Line) -> None:
    database = await open_database(empty_database_url)
    for to in (*reversed(line.revisions[:-1]), "base"):
        await asyncio.to_thread(revert_migrations, empty_database_url, line, to)
    assert await bring_up(database)
    await database.close()


@pytest.mark.slow
async def test_many_processes_migrate_at_once(empty_database_url: str) -> None:
    code = (
        "import asyncio, sys; from harness.store.migrate import open_database;"
        "asyncio.run(open_database(sys.argv[1]))"
    )
    await asyncio.gather(*(run_python(code, empty_database_url) for _ in range(2)))


async def test_nothing_to_do_loads_no_alembic(database_url: str) -> None:
    code = (
        "import asyncio, sys; from harness.store.migrate import open_database;"
        "asyncio.run(open_database(sys.argv[1]));"
        "assert not {'alembic', 'sqlalchemy'} & set(sys.modules)"
    )
    await run_python(code, database_url)


async def test_a_newer_schema_is_refused(database_url: str) -> None:
    database = await open_database(database_url)
    await database.fetch("UPDATE harness.alembic_version SET version_num = '9999'")
    await database.close()
    with pytest.raises(StoreError, match="9999") as caught:
        await open_database(database_url)
    assert caught.value.code == "store.schema_too_new"


async def test_sessions_keep_the_greatest(database_url: str) -> None:
    database = await open_database(database_url)
    sessions = Sessions(database)
    assert await sessions.advance_last("s", 1) == 1
    assert await sessions.advance_last("s", 3) == 3
    assert await sessions.advance_last("s", 2) == 3
    assert await sessions.find_last("s") == 3
    await database.close()


async def test_survives_a_crash_of_postgres(postgres: Postgres, database_url: str) -> None:
    database = await open_database(database_url)
    await asyncio.gather(*(database.fetch("SELECT pg_sleep(0.01)") for _ in range(4)))
    await asyncio.to_thread(postgres.kill)
    with pytest.raises(StoreError, match="cannot be used") as caught:
        await database.fetch("SELECT 1")
    assert caught.value.retryable
    await asyncio.to_thread(postgres.start)
    assert await database.fetch("SELECT 1") == [(1,)]
    async with database.connection() as connection, connection.transaction():
        await connection.execute("SELECT 1")
    await database.close()


async def test_no_server(unused_tcp_port: int) -> None:
    with pytest.raises(StoreError, match=rf"127.0.0.1:{unused_tcp_port}/x cannot be used"):
        await open_database(f"postgresql://me:secret@127.0.0.1:{unused_tcp_port}/x")


async def test_no_address() -> None:
    with pytest.raises(ConfigError, match=r"database\.url"):
        await open_database("mysql://localhost/x")


async def test_a_closed_database_is_reported(database_url: str) -> None:
    database = await open_database(database_url)
    await database.close()
    with pytest.raises(StoreError, match="closed by this process"):
        await database.fetch("SELECT 1")


async def test_the_pool_has_its_size(database_url: str) -> None:
    database = await open_database(database_url, pool_size=2)
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    results = await asyncio.gather(*(database.fetch(count) for _ in range(10)))
    assert max(rows[0][0] for rows in results) <= 2
    await database.close()


async def until_running(database: Database, query: str) -> None:
    find = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = %s"
    async with await database.connect() as watch, asyncio.timeout(20):
        while not await (await watch.execute(find, (query,))).fetchall():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def test_a_cancelled_query_leaves_the_pool_whole(database_url: str) -> None:
    database = await open_database(database_url, pool_size=1)
    for _ in range(3):
        asleep = asyncio.create_task(database.fetch("SELECT pg_sleep(60)"))
        await until_running(database, "SELECT pg_sleep(60)")
        asleep.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asleep
        assert await database.fetch("SELECT 1") == [(1,)]
    await database.close()


async def test_a_wrong_statement_is_not_an_outage(database_url: str) -> None:
    database = await open_database(database_url, pool_size=1)
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with database.connection() as connection, connection.transaction():
            await connection.execute("SELECT 1 FROM nowhere")
    assert await database.fetch("SELECT 1") == [(1,)]
    await database.close()
