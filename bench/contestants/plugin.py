"""Temporal's own plugin for the OpenAI Agents SDK; tools are activities, as its guide has them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import openai
from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from agents import Agent, OpenAIProvider, RunConfig, Runner, set_tracing_disabled
    from temporalio.openai_agents import ModelActivityParameters, OpenAIAgentsPlugin
    from temporalio.openai_agents.workflow import activity_as_tool

    from bench.contestants.temporal import Context, serve
    from bench.work import MODEL, SYSTEM

LIMIT = timedelta(seconds=60)


@activity.defn
async def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@workflow.defn
class Loop:
    @workflow.run
    async def run(self, prompt: str) -> str:
        tools = [activity_as_tool(add, start_to_close_timeout=LIMIT)]
        agent = Agent(name="calculator", instructions=SYSTEM, model=MODEL, tools=tools)
        result = await Runner.run(agent, input=prompt, run_config=RunConfig(tracing_disabled=True))
        return result.final_output


@asynccontextmanager
async def setup(options: dict[str, str]) -> AsyncGenerator[Context]:
    client = openai.AsyncOpenAI(base_url=f"{options['model']}/v1", api_key="x", max_retries=0)
    responses = options.get("wire") == "responses"
    set_tracing_disabled(True)
    plugin = OpenAIAgentsPlugin(
        model_params=ModelActivityParameters(start_to_close_timeout=LIMIT),
        model_provider=OpenAIProvider(openai_client=client, use_responses=responses),
    )
    async with serve(options, Loop, [add], plugins=[plugin]) as context:
        yield context
