"""What providers do to a run: it is tried again where that may help, and a reader sees one text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness, tool
from harness.config.settings import settings_model
from harness.contracts import event as e
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, one, only
from tests.fakes.steps import Say, cut, empty, fail, garbage, hang, say, stall, stop_short

TEXT = "A whole answer of several words."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "code"),
    [
        (fail(429, "slow down"), "provider.rate_limit"),
        (fail(429, "slow down", retry_after="0.2"), "provider.rate_limit"),
        (fail(500, "oops"), "provider.server"),
        (fail(529, "too many"), "provider.overloaded"),
        (cut(delay=0.02), "provider.cut_stream"),
        (stop_short(delay=0.02), "provider.cut_stream"),
        (garbage(), "provider.invalid_reply"),
        (empty(), "provider.invalid_reply"),
        (hang(), "provider.timeout"),
        (stall(delay=0.02), "provider.timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
async def test_it_is_tried_again(
    options: dict[str, Any],
    tmp_path: Path,
    model_server: ModelServer,
    name: str,
    first: Any,
    code: str,
) -> None:
    options["providers"]["openai"]["idle_seconds"] = 1.0
    settings = settings_model().model_validate(options)
    model_server.script(first, say(TEXT, pieces=6, delay=0.03))
    async with Harness.local(project=tmp_path, settings=settings) as harness:
        run = await harness.start(Agent(name), "Answer.")
        events = await all_events(run)
    reply = one(events, e.ModelReplied)
    assert (reply.message.text, reply.attempts) == (TEXT, 2)
    assert code in (reply.last_failure or ""), reply.last_failure
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    assert "test-key" not in str(events)
    assert only(events, e.OutputDelta)


async def test_a_truncated_answer_says_so(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(Say("It goes like", finish="length"))
    run = await harness.start(Agent(name), "Tell me.")
    events = await all_events(run)
    assert one(events, e.ModelReplied).truncated
    ended = one(events, e.RunEnded)
    assert (ended.state, ended.truncated) == (RunState.COMPLETED, True)
    result = await run.result()
    assert (result.output, result.truncated) == ("It goes like", True)


@pytest.mark.parametrize("arguments", ["", '{"text": "half'])
async def test_a_call_that_was_cut_off_does_not_run(
    harness: Harness, model_server: ModelServer, name: str, arguments: str
) -> None:
    ran: list[str] = []

    @tool
    def note(text: str = "everything") -> str:
        """Note something."""
        ran.append(text)
        return text

    model_server.script(Say(calls=(("note", arguments),), finish="length"), say("Never mind."))
    run = await harness.start(Agent(name, tools=[note]), "Note it.")
    events = await all_events(run)
    assert ran == []
    finished = one(events, e.ToolCallFinished)
    assert finished.error is not None
    assert finished.error.code == "tool.invalid_arguments"
    assert one(events, e.RunEnded).truncated is None


async def test_why_and_when_it_is_tried_again(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    model_server.script(fail(429, "slow down", retry_after=99999999999))
    run = await harness.start(Agent(name), "Answer.")
    event = await anext(each async for each in run.events() if isinstance(each, e.AttemptFailed))
    (retry,) = await run.retries()
    assert event == e.AttemptFailed(run=run.id, at=event.at, trace=event.trace, retry=retry)
    assert (retry.kind, retry.failed, retry.attempts) == ("call_model", 1, 10)
    assert retry.error.code == "provider.rate_limit"
    assert "slow down" in retry.error.message
    assert retry.next_at is not None
    assert 3000 < retry.next_at - event.at <= 3600
    await run.abort()
    assert (await run.outcome()).state is RunState.ABORTED
