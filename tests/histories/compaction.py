"""A run whose conversation is summarized once, and whose next summary fails."""

from __future__ import annotations

from typing import Any

from harness import Agent, ContextPolicy, Harness
from harness.sdk.handle import RunHandle
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import add
from tests.fakes.steps import Say, Used, fail, say

READ_MUCH = Used(input=2_000)


async def compacted(harness: Harness, model: ModelServer, name: str) -> RunHandle[Any]:
    policy = ContextPolicy(compact_at=1_000, keep_last=1)
    agent = Agent(name, tools=[add], context=policy)
    sums = [Say(calls=(("add", {"a": n, "b": 1}),), used=READ_MUCH) for n in range(6)]
    model.script(
        *sums[:3],  # too little to summarize after the first two
        say("They were added."),
        *sums[3:],
        fail(400, "no"),
        say("Done."),
    )
    return await harness.start(agent, "Add them all.", id=name)
