"""The watch, from a subject's folder to states in the store, with a real worker and Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from harness import Harness
from harness.care.acts import record_act
from harness.care.invariants.client import list_invariants, read_status
from harness.care.store import CareStore
from harness.care.subjects.registry import add_subject, find_subject, remove_subject
from harness.care.views import InvariantView
from harness.care.watching import keep_watch
from harness.contracts.errors import StackUnreachable
from harness.contracts.queues import capability_queue
from harness.engine.connection import Connection
from harness.store.store_id import get_store_id
from tests.fakes.prometheus import PrometheusServer
from tests.fakes.runs import eventually

WAIT_S = 40


async def watched(
    connection: Connection, holds: Callable[[dict[str, InvariantView]], bool]
) -> dict[str, InvariantView]:
    """All invariants by name, once `holds` is true of them."""

    async def read() -> dict[str, InvariantView]:
        return {each.name: each for each in await list_invariants(connection, samples=True)}

    return await eventually(read, holds, WAIT_S)


async def find_schedule(connection: Connection) -> float | None:
    """How often the watch runs, in seconds; None if it does not."""
    queue = capability_queue("care_watch", await get_store_id(connection.database))
    try:
        found = await connection.temporal.get_schedule_handle(queue).describe()
    except RPCError as error:
        assert error.status is RPCStatusCode.NOT_FOUND
        return None
    return found.schedule.spec.intervals[0].every.total_seconds()


async def test_invariants_are_evaluated_by_the_schedule(
    harness: Harness, subject_folder: Path, name: str, prometheus: PrometheusServer
) -> None:
    connection = harness.connection
    assert await find_schedule(connection) is None
    await add_subject(connection, subject_folder, "ann")
    assert await find_schedule(connection) == 1

    found = await watched(connection, lambda all: len(all["up"].samples) >= 3)
    states = {key: each.state for key, each in found.items()}
    assert states == {"up": "holds", "odd": "unreachable", "absent": "no_data", "many": "violated"}
    assert [value for _, value in found["up"].samples] == [1.0] * len(found["up"].samples)
    assert "Loki is not configured" in found["odd"].message
    assert found["absent"].value is None and found["many"].value == 1.0

    prometheus.kill()
    gone = await watched(connection, lambda all: all["up"].state == "unreachable")
    assert "cannot be reached" in gone["up"].message
    assert gone["up"].since is not None and found["up"].since is not None
    assert gone["up"].since > found["up"].since
    await prometheus.back()
    back = await watched(connection, lambda all: all["up"].state == "holds")
    assert back["up"].since is not None and back["up"].since > gone["up"].since
    many = await watched(connection, lambda all: all["many"].state == "violated")
    assert many["many"].value == 1.0

    status = await read_status(connection)
    assert {each.name for each in status.failing} == {"odd", "absent", "many"}
    assert [each.name for each in status.subjects] == [name]
    await remove_subject(connection, name, "ann")
    assert await find_schedule(connection) is None
    assert await list_invariants(connection) == []


async def test_only_the_definition_that_was_added_counts(
    remote: Harness, subject_folder: Path, name: str
) -> None:
    connection, file = remote.connection, subject_folder / "subject.toml"
    store = CareStore(connection.database)
    await add_subject(connection, subject_folder, "ann")
    before = await find_subject(connection, name)
    file.write_text(
        file.read_text().replace("threshold = 5", "threshold = 0").replace("odd", "new")
    )
    assert await find_subject(connection, name) == before
    assert {each.invariant.name for each in await store.list_watched(name)} == {
        "up", "odd", "absent", "many",
    }  # fmt: skip
    await add_subject(connection, subject_folder, "bob")
    after = await find_subject(connection, name)
    assert (after.added_by, after.digest == before.digest) == ("bob", False)
    now = {each.invariant.name: each for each in await store.list_watched(name)}
    assert set(now) == {"up", "new", "absent", "many"}
    assert now["many"].invariant.threshold == 0


async def test_the_schedule_goes_with_the_last_invariant(
    remote: Harness, subject_folder: Path, name: str
) -> None:
    connection, file = remote.connection, subject_folder / "subject.toml"
    whole = file.read_text()
    file.write_text(whole.partition("[[invariant]]")[0])
    await add_subject(connection, subject_folder, "ann")
    assert await find_schedule(connection) is None
    file.write_text(whole)
    await add_subject(connection, subject_folder, "ann")
    assert await find_schedule(connection) == 1
    file.write_text(whole.partition("[[invariant]]")[0])
    await add_subject(connection, subject_folder, "ann")
    assert await find_schedule(connection) is None
    await remove_subject(connection, name, "ann")


async def test_what_nobody_has_evaluated_is_overdue(
    remote: Harness, subject_folder: Path, name: str
) -> None:
    connection = remote.connection
    await add_subject(connection, subject_folder, "ann")
    assert not (await read_status(connection)).overdue, "it was added a moment ago"
    await connection.database.fetch(
        "UPDATE harness_care.subject SET added = now() - interval '1 hour' RETURNING 1"
    )
    status = await read_status(connection)
    assert status.overdue and status.evaluated is None
    await remove_subject(connection, name, "ann")
    assert not (await read_status(connection)).overdue


async def test_a_change_that_temporal_may_not_know_says_so(
    remote: Harness, subject_folder: Path
) -> None:
    connection = remote.connection
    await add_subject(connection, subject_folder, "ann")
    elsewhere = await Client.connect(
        connection.endpoints.temporal_address, namespace="no-such-namespace",
        data_converter=connection.temporal.data_converter,
    )  # fmt: skip
    lost = replace(connection, temporal=elsewhere)
    with pytest.raises(StackUnreachable, match="The change was made, but") as made:
        await keep_watch(lost)
    with pytest.raises(StackUnreachable, match="Nothing was changed") as recorded:
        await record_act(lost, "subject_removed", "api", "ann")
    assert {made.value.fix.partition(":")[0], recorded.value.fix.partition(":")[0]} == {"Repeat it"}
