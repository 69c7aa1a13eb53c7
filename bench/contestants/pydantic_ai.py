"""pydantic-ai with its durable execution on Temporal."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    import openai
    from pydantic_ai import Agent
    from pydantic_ai.durable_exec.temporal import (
        PydanticAIPlugin,
        PydanticAIWorkflow,
        TemporalDurability,
    )
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    from bench.contestants.temporal import Context, serve
    from bench.work import MODEL, SYSTEM


async def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


# It wants the agent at module level, so where the model is comes by the environment.
_client = openai.AsyncOpenAI(base_url=f"{os.environ['BENCH_MODEL']}/v1", api_key="x", max_retries=0)
_kind = OpenAIResponsesModel if os.environ.get("BENCH_WIRE") == "responses" else OpenAIChatModel
_durable = TemporalDurability(activity_config={"start_to_close_timeout": timedelta(seconds=60)})
agent = Agent(
    _kind(MODEL, provider=OpenAIProvider(openai_client=_client)),
    name="calculator",
    instructions=SYSTEM,
    tools=[add],
    capabilities=[_durable],
)


@workflow.defn
class Loop(PydanticAIWorkflow):
    __pydantic_ai_agents__ = [agent]

    @workflow.run
    async def run(self, prompt: str) -> str:
        return (await agent.run(prompt)).output


@asynccontextmanager
async def setup(options: dict[str, str]) -> AsyncGenerator[Context]:
    async with serve(options, Loop, [], plugins=[PydanticAIPlugin()]) as context:
        yield context
