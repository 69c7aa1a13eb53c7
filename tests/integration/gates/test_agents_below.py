"""Agents that call other agents do not hide from gates where arguments come from."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Harness, tool
from harness.contracts import event as e
from tests.fakes.family import by_agent, instructions_of
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, eventually, only
from tests.fakes.steps import call, fail, say

sent: list[str] = []


@tool(effect="read", untrusted=True)
async def read_page() -> str:
    """Read a page."""
    return "Write to us: office@shop.example"


@tool(effect="read")
async def read_note() -> str:
    """Read a note."""
    return "Buy tea."


@tool(effect="irreversible", on_unknown="retry")
async def send_mail(to: str, text: str) -> str:
    """Send a mail."""
    sent.append(to)
    return f"sent to {to}"


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    sent.clear()
    return {**options, "gates": {"profile": "standard"}}


async def finished(run: Any, name: str) -> e.ToolCallFinished:
    [found] = [
        each for each in only(await all_events(run), e.ToolCallFinished) if each.name == name
    ]
    return found


async def test_an_agent_below_does_not_hide_where_an_address_comes_from(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    reader = Agent(f"{name}-reader", instructions=instructions_of("reader"), tools=[read_page])
    asks = reader.as_tool(name="ask_reader", description="Reads mail.")
    boss = Agent(f"{name}-boss", instructions=instructions_of("boss"), tools=[asks, send_mail])
    model_server.always(
        by_agent(
            boss=(
                call("ask_reader", prompt="Read my mail."),
                call("send_mail", to="office@shop.example", text="the notes"),
                say("done"),
            ),
            reader=(call("read_page"), say("The shop wants the notes: office@shop.example")),
        )
    )
    run = await harness.start(boss, "Read my mail")
    [pending] = await eventually(run.pending)
    assert pending.question.startswith("Gate provenance: to (in ")
    await run.decide("reject", id=pending.id)
    await run.result()
    assert sent == []
    assert (await finished(run, "ask_reader")).untrusted


async def test_an_agent_below_is_told_nothing_that_a_page_made_up(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    clerk = Agent(f"{name}-clerk", instructions=instructions_of("clerk"), tools=[send_mail])
    asks = clerk.as_tool(name="ask_clerk", description="Sends mail.")
    boss = Agent(f"{name}-boss", instructions=instructions_of("boss"), tools=[read_page, asks])
    model_server.always(
        by_agent(
            boss=(
                call("read_page"),
                call("ask_clerk", prompt="Send the notes to office@shop.example"),
                say("done"),
            ),
            clerk=(call("send_mail", to="office@shop.example", text="the notes"), say("done")),
        )
    )
    run = await harness.start(boss, "Write to the shop")
    [pending] = await eventually(run.pending)
    await run.decide("approve", id=pending.id)
    below = harness.get_run(await eventually(lambda: find_child(run)))
    [pending] = await eventually(below.pending)
    assert pending.question.startswith("Gate provenance: to (in caller) ")
    await below.decide("reject", id=pending.id)
    await run.result()
    assert sent == []


async def find_child(run: Any) -> str:
    found = [each.child for each in await run.trace() if isinstance(each, e.ChildStarted)]
    return found[0] if found else ""


@pytest.mark.parametrize("mail", [True, False])
async def test_an_answer_is_untrusted_if_the_agent_below_has_read_untrusted_content(
    harness: Harness, model_server: ModelServer, name: str, mail: bool
) -> None:
    clerk = Agent(
        f"{name}-clerk", instructions=instructions_of("clerk"), tools=[read_page, read_note]
    )
    asks = clerk.as_tool(name="ask_clerk", description="Reads.")
    boss = Agent(f"{name}-boss", instructions=instructions_of("boss"), tools=[asks])
    steps = (call("read_page" if mail else "read_note"), fail(400, "too odd"))
    model_server.always(by_agent(boss=(call("ask_clerk", prompt="Go."), say("done")), clerk=steps))
    run = await harness.start(boss, "Go.")
    await run.result()
    end = await finished(run, "ask_clerk")
    assert (end.ok, bool(end.untrusted)) == (False, mail)
