"""The agents of a campaign, and what they change in the world."""

from __future__ import annotations

from harness import Agent, Budget, ToolContext, tool
from harness.agent import AnyTool
from harness.contracts.model import Candidate, ModelParams, ModelPlan
from tests.chaos.plan import PLANS, SHARED
from tests.crash import world

SETUP = (
    "CREATE SCHEMA IF NOT EXISTS chaos",
    "CREATE TABLE IF NOT EXISTS chaos.entry (tag text, key text, text text)",
)
ADD = "INSERT INTO chaos.entry (tag, key, text) VALUES (%s, %s, %s)"
ENTRIES = "SELECT text FROM chaos.entry WHERE tag = %s"
LARGE = 10_000_000
MOST_OUTPUT = 400
"""Interrupted answers count in full: without a limit of their own, two would use up a minute."""
Context = ToolContext[None]


def agent_name(tag: str, agent: str) -> str:
    return f"{tag}-{agent}"


def model_name(tag: str, provider: str) -> str:
    return f"{tag}-{provider}/m-{provider}"


def make_agents(tag: str, port: int) -> dict[str, Agent[None, str]]:
    """The agents by their short names; `port` is the shop's."""
    return {name: _make_agent(tag, name, port) for name in PLANS}


def _make_agent(tag: str, name: str, port: int) -> Agent[None, str]:
    params = ModelParams(max_output_tokens=MOST_OUTPUT)
    candidates = tuple(
        Candidate(model=model_name(tag, each), params=params) for each in PLANS[name]
    )
    return Agent(
        agent_name(tag, name),
        model=ModelPlan(candidates=candidates),
        instructions="Do one step after the other.",
        tools=[_order_tool(port), _enter_tool(tag)],
        budget=Budget(tokens=LARGE, shared="run") if name in SHARED else None,
    )


def _order_tool(port: int) -> AnyTool:
    @tool(on_unknown="retry")
    async def order(ctx: Context, text: str) -> str:
        "Order at the shop, which knows an order again by its key."
        said = {"trial": 0, "key": ctx.idempotency_key, "text": text}
        await world.request(port, "POST", "order", said)
        return f"done {text}"

    return order


def _enter_tool(tag: str) -> AnyTool:
    @tool(on_unknown="retry")
    async def enter(ctx: Context, text: str) -> str:
        "Make an entry in the ledger's own database, in its transaction."
        async with ctx.transaction() as connection:
            await connection.execute(ADD, (tag, ctx.idempotency_key, text))
        return f"done {text}"

    return enter
