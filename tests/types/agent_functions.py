"""What the type checker says of instructions functions, output types and output validators.

Read by `tests/conformance/api/test_type_errors.py`; nothing runs it.
"""

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
Agent("a", instructions=tell_shop)  # error
Agent("a", instructions=tell_shop, deps=Bank)  # error
Agent("a", instructions=count, deps=Shop)  # error

# Output types.
assert_type(Agent("a", output=int), Agent[None, int])
assert_type(Agent("a", output=list[Receipt]), Agent[None, list[Receipt]])
assert_type(Agent("a", output=Receipt | Refusal), Agent[None, Receipt | Refusal])
assert_type(Agent("a", output=Receipt | None, deps=Shop), Agent[Shop, Receipt | None])
assert_type(Agent("a", output=str), Agent[None, str])
Agent("a", output=7)  # error

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


@clerk.output_validator  # error
def of_other_output(text: str) -> str:
    return text


@clerk.output_validator  # error
def of_other_deps(ctx: RunContext[Bank], receipt: Receipt) -> Receipt:
    return receipt


@clerk.output_validator  # error
def returns_nothing(receipt: Receipt) -> None: ...
