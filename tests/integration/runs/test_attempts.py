"""Attempts that failed are logged beside history, and told under the step that they belong to."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness, tool
from harness.contracts import event as e
from harness.contracts.attempt import Attempt
from harness.contracts.errors import HarnessError, ToolUnavailable
from harness.history.export import dump_recording, read_file
from harness.history.recording import record_run
from harness.journal.attempts import Earlier, weave_attempts
from harness.store import AttemptWriter
from harness.store.attempts import KEPT, attempts_of
from harness.store.migrate import open_database
from tests.fakes.model_server import ModelServer
from tests.fakes.postgres import Postgres
from tests.fakes.runs import Gate, eventually, only, waiting
from tests.fakes.steps import call, fail, say

SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


def a_failure(number: int = 1, **more: Any) -> Attempt:
    fields: dict[str, Any] = {
        "run": "r", "run_id": "x", "activity": str(number), "attempt": 1, "started": 1.5,
        "ended": 2.25, "who": "host/1", "kind": "run_tool", "turn": 1, "call": "c", "title": "t",
        "type": "ToolError", "code": "tool.temporary", "message": "no \x00 \ud800",
        "retryable": True,
    }  # fmt: skip
    return Attempt.model_construct(**{**fields, **more})


async def test_each_failed_attempt_is_kept(
    harness: Harness, model_server: ModelServer, name: str, tmp_path: Path
) -> None:
    tries: list[int] = []

    @tool(effect="read", attempts=4)
    def weather(city: str) -> str:
        "The weather."
        tries.append(len(tries))
        if len(tries) < 3:
            raise ToolUnavailable(f"try {len(tries)} with {SECRET}", retry_after=0.02)
        return "sunny"

    model_server.script(
        fail(503, "too many people", retry_after=0.02), call("weather", city="Rome"), say("done")
    )
    run = await harness.start(Agent(name, tools=[weather]), "go")
    await run.result()
    found = await eventually(run.attempts, lambda found: len(found) == 3)
    assert [(each.kind, each.turn, each.attempt) for each in found] == [
        ("call_model", 1, 1),
        ("run_tool", 1, 1),
        ("run_tool", 1, 2),
    ]
    model, first, second = found
    assert (model.code, model.retryable) == ("provider.overloaded", True)
    assert (first.code, first.type, first.title) == ("tool.temporary", "ToolUnavailable", "weather")
    assert first.message == "try 1 with ***"
    assert first.started <= first.ended <= second.started

    events = await run.trace()
    told = [each for each in weave_attempts(events, found) if isinstance(each, Earlier)]
    assert [each.logged for each in told] == found
    assert [each.step.type for each in told] == [
        "model_replied",
        "tool_call_finished",
        "tool_call_finished",
    ]
    assert [
        each for each in weave_attempts(events, found) if not isinstance(each, Earlier)
    ] == events

    recording = await record_run(harness.connection, run.id, at=1.0)
    assert recording.attempts == tuple(found)
    file = tmp_path / "run.json"
    file.write_text(dump_recording(recording), "utf-8")
    assert read_file(file).attempts == recording.attempts


async def test_a_failure_that_ends_the_run_is_kept_too(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(fail(400, "malformed"))
    run = await harness.start(Agent(name), "go")
    with pytest.raises(HarnessError, match="malformed"):
        await run.result()
    [only_one] = await eventually(run.attempts)
    assert (only_one.code, only_one.retryable) == ("provider.bad_request", False)
    told = weave_attempts(await run.trace(), [only_one])
    assert not any(isinstance(each, Earlier) for each in told), "history has the last one"


async def test_a_cancelled_attempt_is_no_failure(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    gate = Gate()
    model_server.script(call("hold", what="x"))
    run = await harness.start(Agent(name, tools=[gate.tool]), "go")
    await gate.entered.wait()
    await run.abort("enough")
    await run.outcome()
    assert gate.cancelled == 1
    assert await run.attempts() == []


async def test_a_call_that_was_asked_about_has_its_own(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    tries: list[int] = []

    @tool(effect="write", approval="always", on_unknown="retry", attempts=3)
    def send(to: str) -> str:
        "Send."
        tries.append(1)
        if len(tries) == 1:
            raise ToolUnavailable("the line is busy", retry_after=0.02)
        return "sent"

    model_server.script(call("send", to="Ada"), say("done"))
    run = await harness.start(Agent(name, tools=[send]), "go")
    await waiting(run)
    await run.approve()
    await run.result()
    found = await eventually(run.attempts)
    events = await run.trace()
    [told] = [each for each in weave_attempts(events, found) if isinstance(each, Earlier)]
    assert told.logged == found[0]
    [finished] = only(events, e.ToolCallFinished)
    assert told.step == finished


async def test_the_log_bears_a_database_that_is_away(
    postgres: Postgres, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = database_url.rpartition("/")[2].partition("?")[0]
    database = await open_database(database_url)
    writer = AttemptWriter(database)
    try:
        postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        with caplog.at_level(logging.WARNING):
            for number in range(KEPT + 7):
                writer.add(a_failure(number))
        assert "the attempt log is full" in caplog.text
        postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

        async def count() -> int:
            return len(await attempts_of(database, "r"))

        await eventually(count, lambda count: count == KEPT)
        assert "7 failed attempts were not logged" in caplog.text
    finally:
        await writer.close()
        await database.close()


async def test_what_a_row_holds_comes_back(database_url: str) -> None:
    database = await open_database(database_url)
    writer = AttemptWriter(database)
    row = a_failure(1, message="x" * 10_000, retry_after=2.5, code=None)
    for each in (row, row, a_failure(2), a_failure(3, run="other")):
        writer.add(each)
    await writer.close()
    first, second = await attempts_of(database, "r")
    assert first.message == "x" * 7_999 + "…"
    assert first.model_copy(update={"message": row.message}) == row
    assert second.message == "no \x00 \\ud800"
    await database.close()
