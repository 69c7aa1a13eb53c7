"""What providers do to a run: it is tried again where that may help, and a reader sees one text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import Agent, Harness
from harness.config.settings import Settings
from harness.contracts import event as e
from harness.contracts.run import RunState
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, one, only
from tests.fakes.steps import Raw, cut, empty, fail, garbage, hang, say, stall, stop_short

TEXT = "A whole answer of several words."


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
        (Raw(b"<html>"), "provider.invalid_reply"),
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
    options["providers"]["openai"]["timeout_seconds"] = 0.5
    settings = Settings.model_validate(options)
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
