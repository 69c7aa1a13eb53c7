"""A ticket follows its run: what the run does is on the ticket once, also after a failure."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from harness import Harness
from tests.integration.care.conftest import MakeShop
from tests.integration.care.test_tickets import work_until


@pytest.mark.parametrize("failing", [1, pytest.param(2, marks=pytest.mark.slow)])
async def test_no_move_is_lost_or_doubled_after_a_failure(
    care: Harness, make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The activity that follows the run starts again after a failure, as after a kill."""
    shop = await make_shop()
    shop.commit("5", "0", "Save money")
    send, sent = WorkflowHandle.signal, list[str]()

    async def signal(self: Any, name: str, *args: Any, **options: Any) -> None:
        if name == "follow":
            sent.append(name)
            if len(sent) == failing:
                raise RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
        await send(self, name, *args, **options)

    monkeypatch.setattr(WorkflowHandle, "signal", signal)
    run = await work_until(shop, "proposed")
    await care.get_run(run).reject(note="not now")
    ticket = await shop.ticket(shop.ticket_of("errors"), "failed")
    assert [move.state for move in ticket.moves] == [
        "open", "investigating", "proposed", "investigating", "failed",
    ]  # fmt: skip
    rejected = ticket.moves[3]
    assert "not now" in rejected.why
    assert ticket.attempts == 1
