"""What the type checker says of instructions functions, output types and output validators.

The check `types` reads it, nothing runs it. An error that users must get is ignored here; where it
does not come, the checker reports what is ignored in vain.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=error

from typing import assert_type

from pydantic import BaseModel

from harness import Agent, RunContext


class Shop: ...


class Bank: ...


class Receipt(BaseModel):
    number: int


class Refusal(BaseModel):
    why: str


def tell_shop(ctx: RunContext[Shop]) -> str:
    return str(ctx.deps)


async def tell_anyone(ctx: RunContext[object]) -> str:
    return ctx.run


def count(ctx: RunContext[Shop]) -> int:
    return 1


# Instructions.
Agent("a", instructions="Be brief.")
Agent("a", instructions=tell_anyone)
assert_type(Agent("a", instructions=tell_shop, deps=Shop), Agent[Shop, str])
Agent("a", instructions=tell_shop)  # pyright: ignore[reportArgumentType]
Agent("a", instructions=tell_shop, deps=Bank)  # pyright: ignore[reportArgumentType, reportCallIssue]
Agent("a", instructions=count, deps=Shop)  # pyright: ignore[reportArgumentType, reportCallIssue]

# Output types.
assert_type(Agent("a", output=int), Agent[None, int])
assert_type(Agent("a", output=list[Receipt]), Agent[None, list[Receipt]])
assert_type(Agent("a", output=Receipt | Refusal), Agent[None, Receipt | Refusal])
assert_type(Agent("a", output=Receipt | None, deps=Shop), Agent[Shop, Receipt | None])
assert_type(Agent("a", output=str), Agent[None, str])
Agent("a", output=7)  # pyright: ignore[reportArgumentType]

# Output validators.
clerk = Agent("a", output=Receipt, deps=Shop)
writer = Agent("a")


@clerk.output_validator
def plain(receipt: Receipt) -> Receipt:
    return receipt


@clerk.output_validator
async def in_context(ctx: RunContext[Shop], receipt: Receipt) -> Receipt:
    return receipt


@writer.output_validator
def of_text(text: str) -> str:
    return text


@clerk.output_validator  # pyright: ignore[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
def of_other_output(text: str) -> str:
    return text


@clerk.output_validator  # pyright: ignore[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
def of_other_deps(ctx: RunContext[Bank], receipt: Receipt) -> Receipt:
    return receipt


@clerk.output_validator  # pyright: ignore[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
def returns_nothing(receipt: Receipt) -> None: ...
