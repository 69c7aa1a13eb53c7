"""A run whose conversation is summarized once, and whose next summary fails."""

from __future__ import annotations

from typing import Any

from harness import Agent, ContextPolicy, Harness
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add
from tests.fakes.steps import Say, Used, fail, say

INPUTS = (200, 200, 2_000, 200, 200, 50_000)
"""Tokens that each turn reads: after the third and the sixth it is time for a summary."""


async def compacted(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    policy = ContextPolicy(compact_at=1_000, keep_last=1)
    agent = Agent(name, tools=[add], context=policy)
    turns = [
        Say(calls=(("add", {"a": n, "b": 1}),), used=Used(input=tokens))
        for n, tokens in enumerate(INPUTS)
    ]
    model.script(*turns[:3], say("They were added."), *turns[3:], fail(400, "no"), say("Done."))
    return await harness.start(agent, "Add them all.", id=name)
