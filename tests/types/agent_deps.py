"""What the type checker says of agents and their tools.

The check `types` reads it, nothing runs it. An error that users must get is ignored here; where it
does not come, the checker reports what is ignored in vain.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=error

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, assert_type

from pydantic import BaseModel

from harness import Agent, ToolContext, tool
from harness.tools import http_get, math, read_file, shell, sql_query, sql_tools


class Shop: ...


class OnlineShop(Shop): ...


class Bank: ...


class Receipt(BaseModel):
    number: int


@tool
def order(ctx: ToolContext[Shop], item: str) -> str:
    """Order something."""
    return item


@tool(effect="read")
async def look(item: str, ctx: ToolContext[Shop]) -> str:
    """Look at something."""
    return item


@tool
def alone(ctx: ToolContext[Shop]) -> str:
    """Take the context and nothing else."""
    return str(ctx.deps)


@tool
def nobody(ctx: ToolContext[None], item: str) -> str:
    """Expect an agent without deps."""
    return item


@tool
def anybody(ctx: ToolContext[Any], item: str) -> str:
    """Take any deps."""
    return item


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(name="twice")
def plain(number: int) -> int:
    """Double a number."""
    return 2 * number


def make_shop() -> Shop:
    return Shop()


async def make_online_shop() -> OnlineShop:
    return OnlineShop()


@asynccontextmanager
async def open_shop() -> AsyncGenerator[Shop]:
    yield Shop()


# What is inferred.
assert_type(Agent("a"), Agent[None, str])
assert_type(Agent("a", output=Receipt), Agent[None, Receipt])
assert_type(Agent("a", deps=Shop), Agent[Shop, str])
assert_type(Agent("a", deps=Shop()), Agent[Shop, str])
assert_type(Agent("a", deps=make_shop), Agent[Shop, str])
assert_type(Agent("a", deps=make_online_shop), Agent[OnlineShop, str])
assert_type(Agent("a", deps=open_shop), Agent[Shop, str])
assert_type(Agent("a", deps="shop.example"), Agent[str, str])
assert_type(Agent("a", deps=Shop, output=Receipt), Agent[Shop, Receipt])
assert_type(Agent("a", tools=[order, add], deps=make_shop, output=Receipt), Agent[Shop, Receipt])
declared: Agent[Shop, str] = Agent("a", tools=[order, add], deps=make_shop)
many: list[Agent[Any, Any]] = [declared, Agent("a"), Agent("a", output=Receipt)]

# Tools that fit.
Agent("a", tools=[add, plain, anybody, nobody, math, http_get])
Agent("a", tools=[add, plain, anybody, math, http_get, order, look, alone], deps=Shop)
Agent("a", tools=[order, look, alone], deps=make_online_shop)
Agent("a", tools=[read_file, shell, sql_query, *sql_tools()], deps=Bank)
assert_type(add(1, 2), int)
assert_type(plain(1), int)

# Tools that do not.
Agent("a", tools=[order])  # pyright: ignore[reportArgumentType]
Agent("a", tools=[add, look])  # pyright: ignore[reportArgumentType]
Agent("a", tools=[alone, math])  # pyright: ignore[reportArgumentType]
Agent("a", tools=[order], deps=Bank)  # pyright: ignore[reportArgumentType, reportCallIssue]
Agent("a", tools=[add, look], deps=Bank())  # pyright: ignore[reportArgumentType, reportCallIssue]
Agent("a", tools=[nobody], deps=Shop)  # pyright: ignore[reportArgumentType, reportCallIssue]
Agent("a", tools=[order], deps="shop.example")  # pyright: ignore[reportArgumentType, reportCallIssue]
wrong: Agent[Bank, str] = Agent("a", tools=[add], deps=Shop)  # pyright: ignore[reportAssignmentType]
Agent("a", tools=[make_shop])  # pyright: ignore[reportArgumentType]

# Options.
Agent("a", parallel="yes")  # pyright: ignore[reportArgumentType]
Agent("a", instruction="Be brief.")  # pyright: ignore[reportCallIssue]
add("1", 2)  # pyright: ignore[reportArgumentType]
