"""A worker is killed in the middle of an evaluation: no model call is paid for twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness import Harness
from harness.evals import client
from tests.fakes.fixtures import forge as forge
from tests.fakes.fixtures import worker as worker
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually
from tests.fakes.steps import Say, call, say
from tests.fakes.worker_process import WorkerProcess, agent
from tests.integration.evals.conftest import Ended, add, cases
from tests.integration.evals.test_evals import prompt


def dig(body: dict[str, Any]) -> Say:
    asked = "function_call_output" in str(body["input"][-1])
    return say(prompt(body)) if asked else call("dig", where="here")


@pytest.mark.slow
async def test_nothing_is_paid_for_twice(
    remote: Harness,
    worker: WorkerProcess,
    model_server: ModelServer,
    name: str,
    tmp_path: Path,
    ended: Ended,
) -> None:
    model_server.always(dig)
    connection = remote.connection
    id = await add(connection, agent(name, tmp_path), cases(*"abcde"), concurrency=2)
    await client.start_eval(connection, id)
    (tmp_path / "hold").touch()
    worker.start()
    # Killed while tools run, so that no request is on its way.
    await model_server.wait_for(lambda: len(model_server.calls) == 2, timeout=30)
    await eventually(lambda: asyncio.to_thread((tmp_path / "digging").exists))
    await model_server.wait_for(lambda: all(c.done_at for c in model_server.calls))
    worker.kill()
    (tmp_path / "hold").unlink()
    (tmp_path / "digging").unlink()
    worker.start()
    row = await ended(id)
    assert (row.state, row.done, row.passed) == ("done", 5, 5)
    asked = Counter((prompt(each.body), len(each.body["input"])) for each in model_server.calls)
    assert set(asked.values()) == {1}
    assert len(asked) == 10
