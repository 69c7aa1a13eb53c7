"""With a key: sealed bytes stay encrypted, read as before, and can be forgotten."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from harness import Agent, Harness
from harness.archive import sweep
from harness.archive.verify import verify_recording, verify_run
from harness.contracts.errors import HarnessError
from harness.crypto.keyring import new_key
from harness.forget.client import forget_run
from harness.history.reader import open_seals
from harness.history.recording import record_run
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import look
from tests.fakes.steps import call, say


@pytest.fixture
def options(options: dict[str, Any], database_url: str) -> dict[str, Any]:
    database = {"url": database_url, "pool_size": 4}
    return {**options, "database": database, "encryption": {"key": new_key()}}


async def test_sealed_bytes_stay_encrypted_and_can_be_forgotten(
    harness: Harness, later: Harness, model_server: ModelServer, name: str
) -> None:
    secret = f"secret{uuid.uuid4().hex}"
    model_server.script(call("look", place=secret), say(f"Nothing at {secret}."))
    run = await harness.start(Agent(name, tools=[look]), f"Look at {secret}.", id=name)
    await run.result()
    row = await sweep.seal_run(harness.connection, run.id)
    assert row.read.executions[0].readable, "what an export has is sealed too"
    stored = "SELECT content FROM harness.artifact WHERE id = %s"
    [(content,)] = await harness.connection.database.fetch(stored, (row.content,))
    assert secret.encode() not in content
    assert secret.encode() not in row.entry

    before = await run.trace()
    assert secret in str(before)
    assert await later.get_run(run.id).trace() == before
    recording = await record_run(later.connection, run.id, at=1)
    assert verify_recording(recording, row.hash) == (row.hash, [])
    assert (await verify_run(harness.connection, run.id)).engine
    assert (await verify_run(later.connection, run.id, row.hash)).problems == ()

    await forget_run(harness.connection, run.id)
    with pytest.raises(HarnessError) as caught:
        await later.get_run(run.id).trace()
    assert caught.value.code == "store.forgotten"
    verified = await verify_run(later.connection, run.id, row.hash)
    assert (verified.problems, verified.gone) == ((), "forgotten")
    [kept] = [r for r in await open_seals(later.connection).seals_of_run(run.id, "default")]
    assert (kept.hash, kept.content, kept.key) == (row.hash, None, None)
