"""A person reports that a call has happened: that is recorded, and nothing is called."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from harness.agent import AnyTool, Happened, ToolContext, idempotency_key, tool
from harness.contracts.errors import ToolFailed
from tests.fakes.tool_calls import calling

POLICIES = ("ask", "retry", "probe")
STATES = ("new", "begun", "failed", "undone", "undoing", "done")
ANOTHER = 7
"""An attempt that the ledger does not know."""


def payment(policy: Any, called: list[str]) -> AnyTool:
    @tool(effect="write", on_unknown=policy)
    async def pay(amount: int) -> str:
        """Pay."""
        called.append("pay")
        return f"paid {amount}"

    @pay.prepare
    async def prepare(ctx: ToolContext[None], arguments: Mapping[str, Any]) -> None:
        raise ToolFailed("the account is not as it was before the payment")

    if policy == "probe":

        @pay.probe
        async def probe(ctx: ToolContext[None], arguments: Mapping[str, Any]) -> Happened | None:
            return None

    return pay


@pytest.mark.parametrize(
    ("state", "again", "doubtful", "policy"),
    list(itertools.product(STATES, (None, 1, ANOTHER), (False, True), POLICIES)),
)
async def test_nothing_is_called(
    state: str, again: int | None, doubtful: bool, policy: str
) -> None:
    called: list[str] = []
    async with calling(payment(policy, called)) as call:
        if state != "new":
            key = idempotency_key("first", 1, "pay", {"amount": 5}, 1)
            result = {"content": "done before"} if state == "done" else None
            call.effects.rows[key] = {"state": state, "result": result, "receipt": None}
        call.effects.doubtful = doubtful
        outcome = await call.request(
            "pay", {"amount": 5}, approved=True, again=again, happened="paid by hand"
        )
        assert called == []
        rows = list(call.effects.rows.values())
        if outcome.need is not None:
            # What was said was about another beginning, or not about its undo.
            assert outcome.need == "outcome"
            assert state in ("begun", "undoing")
            assert again != 1
            assert [row["state"] for row in rows] == [state]
            return
        assert outcome.result is not None
        assert outcome.result.error is None
        assert outcome.result.content == ("done before" if state == "done" else "paid by hand")
        assert [row["state"] for row in rows] == ["done"]


@pytest.mark.parametrize(
    ("begun", "again", "engine", "called"),
    [
        (1, None, 2, True),
        (1, None, 9, True),  # the others were those of an outage
        (4, None, 2, False),
        (5, 5, 1, True),  # a person said so
        (6, 5, 2, True),  # and the call that they allowed may be repeated as any other
        (9, 5, 2, False),
    ],
)
async def test_what_counts_for_a_repeat_is_how_often_it_was_begun(
    begun: int, again: int | None, engine: int, called: bool
) -> None:
    @tool(effect="write", on_unknown="retry")
    async def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    async with calling(pay) as call:
        key = idempotency_key("first", 1, "pay", {"amount": 5}, 1)
        row = {"state": "begun", "result": None, "receipt": None, "attempt": begun}
        call.effects.rows[key] = row
        call.info(attempt=engine)
        outcome = await call.request("pay", {"amount": 5}, approved=True, again=again)
        assert (outcome.result is not None) is called
        assert (outcome.need == "outcome") is not called
