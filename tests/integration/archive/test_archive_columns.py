"""What stands in columns beside a seal is compared with the sealed content."""

from __future__ import annotations

from harness import Harness
from harness.archive.verify import verify_run
from harness.store.seals import SealRow
from tests.integration.archive.test_archive_damage import own as own
from tests.integration.archive.test_archive_damage import rows as rows
from tests.integration.archive.test_archive_damage import sql, wrong

COLUMNS = {
    "agent": "'other'", "state": "'failed'", "model": "'openai/other'", "session": "'theirs'",
    "lineage": "'theirs'", "started": "started - interval '1 day'",
    "ended": "ended + interval '1 day'", "turns": "turns + 1", "tokens": "tokens + 1",
    "cost_micros": "1", "sealed": "sealed - interval '1 year'",
}  # fmt: skip


async def test_a_changed_column_is_found(own: Harness, rows: list[SealRow]) -> None:
    """What lists show and what the sweep deletes by stands in columns beside the sealed content."""
    found: dict[str, list[str]] = {}
    for column, value in COLUMNS.items():
        await sql(own, "CREATE TABLE kept AS SELECT * FROM harness.seal WHERE seq = 2")
        await sql(own, f"UPDATE harness.seal SET {column} = {value} WHERE seq = 2")
        found[column] = await wrong(own)
        report = await verify_run(own.connection, rows[1].run)
        assert [str(each) for each in report.problems] == found[column]
        await sql(own, "DELETE FROM harness.seal WHERE seq = 2")
        await sql(own, "INSERT INTO harness.seal SELECT * FROM kept")
        await sql(own, "DROP TABLE kept")
    of = f"Seal 2 of run {rows[1].run!r}: "
    assert found.pop("sealed") == [f"{of}its row differs from its entry"]
    assert found == {
        column: [f"{of}its columns differ from its content: {column}"] for column in found
    }
    assert await wrong(own) == []
