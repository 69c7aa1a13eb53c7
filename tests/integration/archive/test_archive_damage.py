"""Whatever is changed in the archive is found, named, and not believed."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.archive import sweep
from harness.archive.bundle import Moved, export_archive, import_files
from harness.archive.verify import verify_all, verify_recording, verify_run
from harness.config.settings import settings_model
from harness.contracts.errors import HarnessError
from harness.contracts.seal import SealEntry
from harness.history.export import dump_recording, read_file
from harness.history.reader import open_seals, read_sealed
from harness.history.recording import record_run
from harness.journal.seal import hash_of
from harness.store.seals import SealRow
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, look
from tests.fakes.steps import call, say


@pytest.fixture
async def own(
    options: dict[str, Any], fresh_engine: Any, database_url: str, tmp_path: Path
) -> AsyncIterator[Harness]:
    """A store of the test's own, whose chain it breaks, and an engine with few runs."""
    changed = {
        **options,
        "temporal": {"address": fresh_engine.address, "ui": fresh_engine.ui},
        "database": {"url": database_url, "pool_size": 4},
    }
    settings = settings_model().model_validate(changed)
    async with Harness.local(project=tmp_path / "own", settings=settings) as serving:
        yield serving


@pytest.fixture
async def rows(own: Harness, model_server: ModelServer, name: str) -> list[SealRow]:
    """Three sealed runs."""
    agent = Agent(name, tools=[look])
    found: list[SealRow] = []
    for n in range(3):
        model_server.script(call("look", place="north"), say("Nothing."))
        run = await own.start(agent, "Look.", id=f"{name}-{n}")
        await run.result()
        found.append(await sweep.seal_run(own.connection, run.id))
    return found


async def sql(harness: Harness, statement: Any, *params: Any) -> None:
    await harness.connection.database.fetch(statement, params)


async def wrong(harness: Harness) -> list[str]:
    return [str(each) for each in (await verify_all(harness.connection)).problems]


async def test_a_flipped_byte_names_the_event(own: Harness, rows: list[SealRow]) -> None:
    assert await wrong(own) == []
    flip = """UPDATE harness.artifact SET content = set_byte(content, octet_length(content) - 100,
              get_byte(content, octet_length(content) - 100) # 1) WHERE id = %s"""
    await sql(own, flip, rows[1].content)
    [problem] = await wrong(own)
    assert problem.startswith(f"Seal {rows[1].seq} of run {rows[1].run!r}: event ")
    report = await verify_run(own.connection, rows[1].run)
    assert str(report.problems[0]) == problem
    assert (await verify_run(own.connection, rows[0].run)).problems == ()


async def test_damaged_content_is_not_shown(
    own: Harness, rows: list[SealRow], options: dict[str, Any], harness: Harness, tmp_path: Path
) -> None:
    cut = "UPDATE harness.artifact SET content = substring(content FOR 900) WHERE id = %s"
    await sql(own, cut, rows[0].content)
    await sql(own, "DELETE FROM harness.artifact WHERE id = %s", rows[1].content)
    other = await sweep.seal_run(own.connection, rows[2].run)
    await sql(own, "UPDATE harness.seal SET content = %s WHERE seq = %s", None, other.seq)
    settings = settings_model().model_validate({
        **options,
        "temporal": {"address": harness.connection.endpoints.temporal_address},
        "database": {"url": own.connection.endpoints.database_url, "pool_size": 2},
    })  # fmt: skip
    codes: list[str] = []
    async with Harness.connect(project=tmp_path / "past", settings=settings) as past:
        for row in rows:
            with pytest.raises(HarnessError) as caught:
                await past.get_run(row.run).trace()
            codes.append(caught.value.code)
            if row is rows[0]:
                assert "event " in caught.value.message
        with pytest.raises(HarnessError, match="no run 'nobody'"):
            await past.get_run("nobody").trace()
    assert codes == ["store.bad_chain", "store.artifact_missing", "store.bad_chain"]
    assert [each.split(":")[0] for each in await wrong(own)] == [
        f"Seal {row.seq} of run {row.run!r}" for row in rows
    ]


CHANGES: list[tuple[str, int, str]] = [
    ("DELETE FROM harness.seal WHERE seq = 2", 3, "seal 2 was removed"),
    ("UPDATE harness.seal SET entry = entry || ' '::bytea WHERE seq = 2", 2, "was changed"),
    ("UPDATE harness.seal SET run = 'other' WHERE seq = 2", 2, "row differs"),
    ("UPDATE harness.seal SET key = NULL WHERE seq = 2", 2, "key of its commitments"),
    ("UPDATE harness.seal SET key = set_byte(key, 0, get_byte(key, 0) # 1) WHERE seq = 2",
     2, "valid MAC"),
    ("UPDATE harness.seal SET content = NULL, key = NULL WHERE seq = 2", 2, "is missing"),
    ("UPDATE harness.seal a SET content = b.content FROM harness.seal b "
     "WHERE a.seq = 2 AND b.seq = 3", 2, "valid MAC"),
    ("UPDATE harness.seal SET seq = 20 WHERE seq = 2", 3, "seal 2 was removed"),
    ("INSERT INTO harness.seal SELECT 4, hash || 'x', entry, kind, namespace, run, run_ids, "
     "sealed, content, key FROM harness.seal WHERE seq = 2", 4, "was changed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "seq", "what"),
    [*CHANGES[:2], *(pytest.param(*each, marks=pytest.mark.slow) for each in CHANGES[2:])],
)
async def test_a_changed_chain_is_found(
    own: Harness, rows: list[SealRow], statement: str, seq: int, what: str
) -> None:
    await sql(own, statement)
    found = (await verify_all(own.connection)).problems
    assert found
    assert found[0].seq == seq
    assert what in found[0].what


async def test_a_seal_of_a_newer_version_chains_and_is_not_read(
    own: Harness, rows: list[SealRow]
) -> None:
    entry = rows[2].entry.replace(b'"version":1', b'"version":99').replace(b'"seq":3', b'"seq":4')
    entry = entry.replace(rows[2].read.prev.encode(), rows[2].hash.encode())
    await sql(
        own, "INSERT INTO harness.seal SELECT 4, %s, %b, kind, namespace, 'newer', run_ids, "
        "sealed, content, key FROM harness.seal WHERE seq = 3", hash_of(entry), entry,
    )  # fmt: skip
    report = await verify_all(own.connection)
    assert (report.problems, report.newer, report.checked) == ([], 1, 3)
    with pytest.raises(HarnessError) as caught:
        await own.get_run("newer").trace()
    assert caught.value.code == "run.too_new"


async def test_the_index_is_made_again(own: Harness, rows: list[SealRow]) -> None:
    store = open_seals(own.connection)
    before = await store.list_runs("default")
    assert [each.index.state for each in before] == ["completed"] * 3
    await sql(
        own, "UPDATE harness.seal SET agent = NULL, state = NULL, tokens = NULL, ended = NULL"
    )
    assert await store.list_runs("default") == []
    assert await sweep.rebuild_index(own.connection) == 3
    assert await store.list_runs("default") == before
    assert len(await store.list_runs("default", state="failed")) == 0
    assert len(await store.list_runs("default", limit=2)) == 2


async def test_a_sweep_indexes_what_an_older_version_could_not_read(
    own: Harness, rows: list[SealRow]
) -> None:
    store = open_seals(own.connection)
    before = await store.list_runs("default")
    await sql(
        own, "UPDATE harness.seal SET agent = NULL, state = NULL, lineage = NULL WHERE seq = 2"
    )
    assert len(await store.list_runs("default")) == 2
    await sweep.seal_ended(own.connection)
    listed = {each.run: each for each in await store.list_runs("default", limit=1000)}
    assert [listed[each.run] for each in before] == before


async def test_many_who_seal_at_once_make_one_chain(
    own: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Hello."))
    runs = [await own.start(Agent(name), "Hello?") for _ in range(8)]
    for run in runs:
        await run.result()
    await asyncio.gather(
        *(sweep.seal_run(own.connection, run.id) for run in (*runs, *runs)),
        sweep.seal_ended(own.connection),
        sweep.seal_ended(own.connection),
    )
    found = [row.run async for row in open_seals(own.connection).iterate_chain()]
    assert sorted(run for run in found if run in {r.id for r in runs}) == sorted(r.id for r in runs)
    assert len(found) == len(set(found))
    assert await wrong(own) == []


async def test_a_forged_entry_needs_the_whole_chain_forged_and_fails_its_token(
    own: Harness, rows: list[SealRow]
) -> None:
    forged = rows[2].entry.replace(b'"by":"', b'"by":"not-')
    await sql(
        own, "UPDATE harness.seal SET entry = %b, hash = %s WHERE seq = %s",
        forged, hash_of(forged), rows[2].seq,
    )  # fmt: skip
    assert await wrong(own) == [], "the end of a chain proves itself by its token alone"
    report = await verify_all(own.connection, token=rows[2].hash)
    assert "no seal of this archive has the token" in str(report.problems[0])
    [problem] = (await verify_run(own.connection, rows[2].run, rows[2].hash)).problems
    assert "its token is" in problem.what


async def test_an_export_is_verified_without_a_store(
    own: Harness, rows: list[SealRow], tmp_path: Path
) -> None:
    recording = await record_run(own.connection, rows[0].run, at=1)
    file = tmp_path / "run.json"
    file.write_text(dump_recording(recording))
    read = read_file(file)
    assert read.proof == recording.proof
    assert verify_recording(read, rows[0].hash) == (rows[0].hash, [])
    [other] = verify_recording(read, rows[1].hash)[1]
    assert "its token is" in other.what
    text = file.read_text()
    data = json.loads(text)
    place = next(
        n
        for n, each in enumerate(data["executions"][0]["history"]["events"])
        if each["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED"
    )
    from harness.history.export import _compute_digest

    scheduled = data["executions"][0]["history"]["events"][place]
    scheduled["activityTaskScheduledEventAttributes"]["activityId"] = "77"
    del data["digest"]
    file.write_text(json.dumps({**data, "digest": _compute_digest(data)}))
    [problem] = verify_recording(read_file(file), rows[0].hash)[1]
    assert f"event {place + 1} of execution" in problem.what


async def moved(found: AsyncIterator[Moved]) -> list[Moved]:
    return [each async for each in found]


@pytest.mark.parametrize("target", ["runs", "runs.zip"])
async def test_runs_go_to_another_place(
    own: Harness, rows: list[SealRow], harness: Harness, tmp_path: Path, target: str
) -> None:
    bundle = tmp_path / target
    out = await moved(export_archive(own.connection, bundle))
    assert [each.run for each in out if each.seal] == [row.run for row in rows]
    if target == "runs":
        damaged = bundle / f"{rows[1].run}.json"
        damaged.write_text(damaged.read_text().replace('"spec', '"spek', 1))
    there = await moved(import_files(harness.connection, [bundle]))
    refused = [each for each in there if each.error]
    assert [each.error.code for each in refused if each.error] == (
        ["store.bad_export"] if target == "runs" else []
    )
    taken = [each for each in there if each.seal]
    before = {row.run: row for row in rows}
    for each in taken:
        assert each.seal is not None
        origin = each.seal.read.origin
        assert origin is not None
        assert origin.hash == before[each.run].hash
        assert await harness.get_run(each.run).trace() == await own.get_run(each.run).trace()
        assert (await verify_run(harness.connection, each.run)).problems == ()
    again = await moved(import_files(harness.connection, [bundle]))
    assert [each.seal for each in again if not each.error] == [None] * len(taken)
    listed = await open_seals(harness.connection).list_runs("default")
    assert {each.run for each in taken} <= {each.run for each in listed}
    assert {each.run: each.index.state for each in listed}[taken[0].run] == "completed"


async def test_runs_of_another_namespace_are_said_to_be_there(
    own: Harness, rows: list[SealRow], options: dict[str, Any], harness: Harness, tmp_path: Path
) -> None:
    await sql(own, "UPDATE harness.seal SET namespace = 'elsewhere' WHERE seq = 1")
    settings = settings_model().model_validate({
        **options,
        "temporal": {"address": harness.connection.endpoints.temporal_address},
        "database": {"url": own.connection.endpoints.database_url, "pool_size": 2},
    })  # fmt: skip
    async with Harness.connect(project=tmp_path / "past", settings=settings) as past:
        with pytest.raises(HarnessError, match="belongs to namespace elsewhere") as caught:
            await past.get_run(rows[0].run).trace()
    assert caught.value.code == "run.not_found"


@pytest.mark.parametrize("hash", ["zz", None], ids=["any hash", "its own hash"])
async def test_a_forged_word_that_content_was_deleted_is_not_believed(
    own: Harness, rows: list[SealRow], hash: str | None
) -> None:
    row = rows[0]
    stone = row.read.model_copy(
        update={
            "seq": 4,
            "prev": "nonsense",
            "kind": "deleted",
            "executions": (),
            "seals": (1,),
        }
    )
    await sql(own, "UPDATE harness.seal SET content = NULL, key = NULL WHERE seq = 1")
    await sql(
        own, "INSERT INTO harness.seal (seq, hash, entry, kind, namespace, run, run_ids, sealed) "
        "VALUES (4, %s, %b, 'deleted', %s, %s, '{}', now())",
        hash or hash_of(stone.wire()), stone.wire(), row.namespace, row.run,
    )  # fmt: skip
    found = await verify_run(own.connection, row.run)
    assert found.gone is None
    assert [each.seq for each in found.problems] == [1]
    assert "no deletion signed" in found.problems[0].what
    if hash:
        with pytest.raises(HarnessError, match="is missing; no deletion is recorded"):
            await read_sealed(own.connection, row.run)


async def test_content_that_was_taken_away_in_the_open_is_no_damage(
    own: Harness, rows: list[SealRow]
) -> None:
    await sweep.forget_seals(own.connection, [rows[0].run])
    found = await verify_run(own.connection, rows[0].run)
    assert (found.gone, found.problems) == ("forgotten", ())


async def test_an_appended_deletion_does_not_excuse_missing_content(
    own: Harness, rows: list[SealRow]
) -> None:
    """Whoever can write to the database can append to the chain, but not sign."""
    stone = SealEntry(
        seq=rows[-1].seq + 1, prev=rows[-1].hash, kind="deleted", run=rows[0].run,
        namespace=rows[0].namespace, at=1.0, by="root", harness="1", projector=1,
        seals=(rows[0].seq,), mac="A" * 22,
    )  # fmt: skip
    for mac in (None, "A" * 22):
        data = stone.model_copy(update={"mac": mac}).wire()
        await sql(own, "DELETE FROM harness.seal WHERE seq = %s", stone.seq)
        await sql(
            own,
            "INSERT INTO harness.seal (seq, hash, entry, kind, namespace, run, run_ids, sealed) "
            "VALUES (%s, %s, %s, 'deleted', %s, %s, '{}', to_timestamp(1))",
            stone.seq, hash_of(data), data, stone.namespace, stone.run,
        )  # fmt: skip
        await sql(
            own, "UPDATE harness.seal SET content = NULL, key = NULL WHERE seq = %s", rows[0].seq
        )
        [problem] = await wrong(own)
        assert "its content is missing" in problem
        report = await verify_run(own.connection, rows[0].run)
        assert (report.gone, len(report.problems)) == (None, 1)
    await sql(own, "DELETE FROM harness.seal WHERE seq = %s", stone.seq)
    await sweep.forget_seals(own.connection, [rows[1].run])
    assert [each.split(":")[0] for each in await wrong(own)] == [
        f"Seal {rows[0].seq} of run {rows[0].run!r}"
    ]
    assert (await verify_run(own.connection, rows[1].run)).gone == "forgotten"


async def test_what_is_not_exported_or_was_here_is_said(
    own: Harness, rows: list[SealRow], model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    model_server.script(say("Nothing."))
    run = await own.start(Agent(f"{name}-open"), "Look.", id=f"{name}-left")
    await run.result()
    target = tmp_path / "all.zip"

    async def left_out() -> dict[str, str]:
        """What the export says of this test's runs; the engine has those of others as well."""
        out = await moved(export_archive(own.connection, target))
        return {
            each.run: each.error.message for each in out if each.error and each.run.startswith(name)
        }

    left = await eventually(left_out)
    assert list(left) == [run.id]
    assert "not sealed" in left[run.id]
    with zipfile.ZipFile(target, "a") as bundle:
        bundle.writestr("deep.json", "[" * 100_000)
    there = await moved(import_files(own.connection, [tmp_path / "no.zip", target]))
    assert sum(each.already for each in there) == len(rows)
    assert [each.file.rpartition("/")[2] for each in there if each.error] == [
        "no.zip", "all.zip:deep.json"
    ]  # fmt: skip
