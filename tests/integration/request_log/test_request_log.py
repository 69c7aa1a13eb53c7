"""What is recorded of the requests of runs, and what is not, with real servers and sockets."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.config.settings import settings_model
from harness.contracts.errors import ContentUnsigned
from harness.contracts.model import Candidate, ModelPlan
from harness.forget.client import forget_run
from harness.request_log import client
from harness.request_log.rows import RequestFilter
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add
from tests.fakes.steps import call, cut, fail, say
from tests.integration.request_log.conftest import wait_for_requests

SECRET = "sk-proj-abcdefghijklmnop1234567890"  # nosec B105 - a made-up key


both = pytest.mark.parametrize("options", ["encrypted", "plain"], indirect=True)


async def read_rows(harness: Harness, run: str) -> str:
    """Everything that the tables hold of a run, as text."""
    rows = await harness.connection.database.fetch(
        "SELECT content, row_to_json(e)::text FROM harness_request_log.entry e WHERE run = %(run)s "
        "UNION ALL SELECT content, run FROM harness_request_log.part WHERE run = %(run)s",
        {"run": run},
    )
    return "".join(f"{bytes(content)!r} {text}" for content, text in rows)


@both
async def test_a_run_is_recorded_turn_by_turn(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    word = uuid.uuid4().hex
    model_server.script(call("add", a=1, b=2), say(f"three {word}"))
    agent = Agent(name, instructions="Count well.", tools=[add])
    run = await harness.start(agent, f"My key is {SECRET}. Add 1 and 2. {word}")
    await run.result()
    first, second = await wait_for_requests(harness, run.id, 2)
    assert (first.turn, second.turn) == (1, 2)
    assert (first.status, first.purpose, first.agent, first.attempt) == ("ok", "turn", name, 1)
    assert first.input is not None
    assert second.first_ms is not None
    assert second.first_ms <= second.ms

    shown = await client.show_request(harness.connection, first.id)
    assert shown.previous is None
    assert shown.added == len(shown.parts)
    assert shown.parts[0].value == "Count well."
    assert [each.kind for each in shown.parts] == ["instructions", "tool", "message"]
    assert "***" in json.dumps(shown.parts[2].value)
    assert shown.response is not None
    assert shown.response["parts"][0]["name"] == "add"
    shown = await client.show_request(harness.connection, second.id)
    assert shown.previous == first.id
    assert [each.kind for each in shown.parts if each.added] == ["message", "message"]
    assert (shown.added, shown.removed) == (2, 0)
    assert "three" in json.dumps(shown.response)

    rows = await read_rows(harness, run.id)
    assert SECRET not in rows
    assert (word in rows) is not harness.connection.vault.encrypts
    for text, found in ((word.upper(), 2), (f"three {word}", 1), (SECRET, 0), ("\0", 0)):
        which = RequestFilter(run=run.id, search=text)
        assert len((await client.list_requests(harness.connection, which)).requests) == found


async def test_failures_are_recorded(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    plan = ModelPlan(
        candidates=(Candidate(model="openai/gpt-5"), Candidate(model="anthropic/claude"))
    )
    model_server.script(
        fail(429, f"too many, {SECRET}", retry_after=0.01), cut(f"half {SECRET} and more of this"),
        say("done"),
    )  # fmt: skip
    run = await harness.start(Agent(name, model=plan), "go")
    await run.result()
    found = await wait_for_requests(harness, run.id, 3)
    assert [(each.model, each.status, each.attempt) for each in found] == [
        ("openai/gpt-5", "rate_limit", 1), ("anthropic/claude", "cut_stream", 1),
        ("openai/gpt-5", "ok", 2),
    ]  # fmt: skip
    refused = await client.show_request(harness.connection, found[0].id)
    assert refused.error is not None
    assert refused.error.code == "provider.rate_limit"
    broken = await client.show_request(harness.connection, found[1].id)
    assert broken.text
    assert broken.text.startswith("half")
    assert SECRET[:12] not in refused.model_dump_json() + broken.model_dump_json()
    for status, count in (("error", 2), ("429", 1), ("ok", 1), ("timeout", 0)):
        which = RequestFilter(run=run.id, status=status)
        assert len((await client.list_requests(harness.connection, which)).requests) == count


@both
async def test_forgetting_deletes_the_requests(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("one"), say("two"))
    gone, kept = [await harness.start(Agent(name), "go") for _ in range(2)]
    for run in (gone, kept):
        await run.result()
        await wait_for_requests(harness, run.id, 1)
    done = await forget_run(harness.connection, gone.id)
    assert done.deleted["request"] == 1
    database = harness.connection.database
    for table in ("entry", "part"):
        query = f"SELECT DISTINCT run FROM harness_request_log.{table} WHERE run = ANY(%s)"  # nosec B608
        assert await database.fetch(query, ([gone.id, kept.id],)) == [(kept.id,)]


async def test_nothing_is_recorded_unless_it_is_asked_for(
    options: dict[str, Any], tmp_path: Path, model_server: ModelServer, name: str
) -> None:
    for sample, recorded in ((None, 0), (0.0, 1)):  # of a run that is not sampled, failures
        model_server.script(fail(500), say("done"))
        settings = settings_model().model_validate({**options, "request_log": {"sample": sample}})
        async with Harness.local(project=tmp_path, settings=settings) as serving:
            run = await serving.start(Agent(name), "go")
            await run.result()
        async with Harness.connect(project=tmp_path, settings=settings) as remote:
            page = await client.list_requests(remote.connection, RequestFilter(run=run.id))
        assert len(page.requests) == recorded


async def test_the_end_of_a_process_loses_nothing(
    options: dict[str, Any], tmp_path: Path, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("done"))
    settings = settings_model().model_validate(options)
    async with Harness.local(project=tmp_path, settings=settings) as serving:
        run = await serving.start(Agent(name), "go")
        await run.result()
    async with Harness.connect(project=tmp_path, settings=settings) as remote:
        page = await client.list_requests(remote.connection, RequestFilter(run=run.id))
    assert [each.status for each in page.requests] == ["ok"]


async def test_changed_rows_are_noticed(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("done"))
    run = await harness.start(Agent(name), "go")
    await run.result()
    [found] = await wait_for_requests(harness, run.id, 1)
    await harness.connection.database.fetch(
        "UPDATE harness_request_log.entry SET owner = 'mallory' WHERE id = %s", (found.id,)
    )
    with pytest.raises(ContentUnsigned, match=found.id):
        await client.show_request(harness.connection, found.id)
