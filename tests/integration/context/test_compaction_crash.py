"""A worker is killed between a stored summary and its use: the summary is not paid for twice."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Harness
from harness.contracts import event as e
from harness.contracts.run import RunState
from harness.runs.published import find_published
from tests.crash.proxy import Proxy
from tests.fakes.fixtures import forge as forge
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, one, only
from tests.fakes.steps import Say, Step, Used
from tests.fakes.worker_process import LONG, Forge, WorkerProcess

pytestmark = pytest.mark.slow
TURNS = 5


def is_summary(body: dict[str, Any]) -> bool:
    return "condense the record" in str(body.get("instructions"))


async def test_a_stored_summary_is_found_by_the_next_worker(
    remote: Harness,
    forge: Forge,
    options: dict[str, Any],
    model_server: ModelServer,
    name: str,
    tmp_path: Any,
) -> None:
    host, _, port = str(options["temporal"]["address"]).partition(":")
    proxy, looks = Proxy(host, int(port)), iter(range(1, TURNS + 1))
    await proxy.start()

    def answer(body: dict[str, Any]) -> Step:
        if is_summary(body):
            proxy.hold()  # what the worker says from now on does not arrive
            return Say("Places 1 and 2 were looked at.", used=Used(input=300, output=30))
        number = next(looks, None)
        used = Used(input=1_500 if number == TURNS - 1 else 200, output=10)
        calls = () if number is None else (("look", {"place": f"place {number}"}),)
        return Say("Seen." if number is None else "", calls=calls, used=used)

    model_server.always(answer)
    temporal = {**options["temporal"], "address": proxy.address}
    killed = WorkerProcess(forge, {**options, "temporal": temporal}, name + LONG, tmp_path)
    next_one = WorkerProcess(forge, options, name + LONG, tmp_path)
    try:
        killed.start()
        await eventually(lambda: _is_published(remote, name + LONG), seconds=60)
        run = await remote.start(name + LONG, "Look at all places.")
        await eventually(lambda: _is_stored(remote, run.id), seconds=60)
        killed.kill()
        next_one.start()
        events = await all_events(run, 120)
    finally:
        killed.kill()
        next_one.kill()
        proxy.close()
    asked = [is_summary(each.body) for each in model_server.calls]
    assert (asked.count(True), asked.count(False)) == (1, TURNS + 1)
    compacted = one(events, e.ContextCompacted)
    called = only(events, e.ModelCalled)
    assert [each.head == compacted.head for each in called].count(True) == 1
    end = one(events, e.RunEnded)
    assert (end.state, end.output) == (RunState.COMPLETED, "Seen.")
    assert end.totals is not None
    assert end.totals.usage.input == 200 * TURNS + 1_500 + 300


async def _is_published(remote: Harness, agent: str) -> bool:
    try:
        await find_published(remote.connection, agent)
    except Exception:
        return False
    return True


async def _is_stored(remote: Harness, run: str) -> bool:
    described = await remote.connection.temporal.get_workflow_handle(run).describe()
    rows = await remote.connection.database.fetch(
        "SELECT 1 FROM harness.answer WHERE run = %s AND call = -2", (described.run_id,)
    )
    return bool(rows)
