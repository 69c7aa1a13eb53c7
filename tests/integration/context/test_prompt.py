"""The prompt that `harness trace --prompt` shows is the one that the provider received."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from harness import Agent, ContextPolicy, Harness, RunContext, tool
from harness.contracts.errors import TurnNotFound
from harness.contracts.message import Message, Text
from harness.contracts.sent_prompt import SentPrompt
from harness.history.prompts import read_recorded_prompt, read_sent_prompt
from harness.history.recording import record_run
from tests.fakes.model_server import ModelServer
from tests.fakes.steps import Say, Step, Used, call, say

PINNED = Message(role="user", parts=(Text(text="Never spend money."),), pinned=True)


@tool(effect="read")
def page(number: int) -> str:
    """Read a page."""
    return f"page {number}: " + "words and words " * 60


def _count_input(step: Say, body: dict[str, Any]) -> Step:
    """Report about as many tokens as the request has."""
    return replace(step, used=Used(input=len(json.dumps(body)) // 4))


async def test_the_prompt_is_what_the_provider_received(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    def instructions(ctx: RunContext[str]) -> str:
        """They are written when the run starts."""
        return f"Read for {ctx.deps}."

    policy = ContextPolicy(keep_results=2, max_input_tokens=1_200)
    agent = Agent(name, tools=[page], instructions=instructions, context=policy, deps="Ada")
    turns = 9
    steps = (call("page", number=n) for n in range(1, turns))
    model_server.script(*(partial(_count_input, step) for step in steps), say("Read."))
    prompt = [Message(role="user", parts=(Text(text="Read all pages."),)), PINNED]
    run = await harness.start(agent, prompt)
    await run.result()
    recording = await record_run(harness.connection, run.id, at=time.time())
    states = set[str | None]()
    for turn in range(1, turns + 1):
        found = await read_sent_prompt(harness.connection, run.id, turn)
        assert found == read_recorded_prompt(recording, turn)
        _check_against(found, model_server.calls[turn - 1].body)
        states |= {each.state for each in found.messages}
    last = await read_sent_prompt(harness.connection, run.id, turns)
    assert last.instructions == "Read for Ada."
    assert [each.state for each in last.messages[:2]] == ["pinned", "pinned"]
    assert last.dropped
    assert states == {"pinned", "cleared", None}
    assert [each.new for each in last.messages][-2:] == [None, True]
    with pytest.raises(TurnNotFound, match="it has turns 1 to 9"):
        await read_sent_prompt(harness.connection, run.id, 10)


def _check_against(found: SentPrompt, body: dict[str, Any]) -> None:
    sent = json.dumps(body["input"], ensure_ascii=False)
    at = 0
    for each in found.messages:
        for part in each.message.parts:
            text = getattr(part, "text", None) or getattr(part, "content", None)
            if text:
                at = sent.index(json.dumps(text, ensure_ascii=False), at)
    assert found.reported
    results = [item for item in body["input"] if item.get("type") == "function_call_output"]
    assert len(results) == sum(each.message.role == "tool" for each in found.messages)
