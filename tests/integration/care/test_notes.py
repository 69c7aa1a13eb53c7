"""What an agent notes, and what is recorded when its work is undone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from harness import Harness
from harness.care.audit.client import read_audit
from harness.care.audit.store import AuditFilter
from harness.care.repair.agent import make_care_agent
from harness.care.tickets import client
from harness.care.tickets.undoing import undo_ticket
from harness.contracts.errors import TicketRefused
from harness.contracts.event import ToolCallFinished
from tests.fakes.runs import eventually
from tests.fakes.steps import call, say
from tests.integration.care.conftest import MakeShop

NOT_KEPT = "Not kept: this run works on no ticket."


@pytest.fixture
def care_options(care_options: dict[str, Any]) -> dict[str, Any]:
    return {**care_options, "model": "openai/gpt-5"}


async def test_nothing_is_called_kept_without_a_ticket(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop = await make_shop()
    model_server.script(
        call("note_hypothesis", hypothesis="It is the disk.", verdict="likely"),
        call("pin_evidence", query=f"{shop.name} errors", text="No errors"),
        say("Done."),
    )
    handle = await care.start(make_care_agent(), "Look at it.", id=f"chat-{shop.name}")
    await handle.outcome(timeout=60)
    noted, pinned = (
        each.content for each in await handle.trace() if isinstance(each, ToolCallFinished)
    )
    assert noted == NOT_KEPT
    assert pinned.endswith(f": 0\n{NOT_KEPT}"), "with its figures"


async def test_a_person_reads_why_to_restart(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop = await make_shop()
    shop.commit("0", "0.1", "Be slower")
    model_server.script(
        call("list_changes", subject=shop.name),
        call("restart_subject", subject=shop.name, reason="It hangs since noon."),
        say("Done."),
    )
    handle = await care.start(make_care_agent(), "Look at it.", id=f"chat-{shop.name}")
    [pending] = await eventually(handle.pending)
    assert pending.question == f"Restart {shop.name}? The agent's reason: It hangs since noon."
    await handle.reject(note="no")
    await handle.outcome(timeout=60)
    changes = next(e.content for e in await handle.trace() if isinstance(e, ToolCallFinished))
    assert changes.endswith(": Be slower\n  changes values")


async def test_an_undo_counts_the_changes_that_it_undoes(
    care: Harness, make_shop: MakeShop, model_server: Any
) -> None:
    shop = await make_shop(changes="automatic")
    (shop.folder / "values").write_text("fail\n")
    shop.git("commit", "--quiet", "--all", "-m", "Break it")
    good = shop.commit("0", "0", "Repair it")

    def deploy(body: Any) -> Any:
        proposed = re.findall(r"commit ([0-9a-f]{40})", json.dumps(body))[-1]
        return call("deploy_change", subject=shop.name, commit=proposed, summary="Revert it")

    model_server.script(
        call("propose_revert", subject=shop.name, commit=good, summary="Revert it"),
        deploy,
        call("restart_subject", subject=shop.name, reason="It hangs"),
        say("Done."),
    )
    ticket = await client.open_ticket(care.connection, shop.name, "Look at this", "ann")
    with pytest.raises(TicketRefused, match="no change left to undo"):
        await undo_ticket(care.connection, ticket, "ann")
    await client.act_on_ticket(care.connection, ticket.id, "work", "ann")
    ended = await shop.ticket(ticket.id, "resolved", "failed")
    assert {each.kind: each.state for each in ended.changes} == {
        "deploy": "failed", "restart": "done",
    }, ended.moves  # fmt: skip
    row = await client.find_ticket(care.connection, ticket.id)
    await undo_ticket(care.connection, row, "ann")
    [entry] = (
        await read_audit(care.connection, AuditFilter(ticket=ticket.id, action="work_undone"), 10)
    ).entries
    assert entry.why == f"1 change of {ended.run}"
