"""A long conversation is summarized between two turns, and nothing of it is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from harness import Agent, ContextPolicy, Harness, tool
from harness.contracts import event as e
from harness.contracts.message import Message, Text
from harness.contracts.run import RunState
from harness.contracts.transcript import Node
from harness.history.prompts import read_sent_prompt
from harness.history.recording import read_messages, record_run
from harness.journal.nodes import collect_sent, collect_whole
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import all_events, one, only
from tests.fakes.steps import Fail, Say, Step, Used, fail, say

POLICY = ContextPolicy(compact_at=1_000, keep_last=2)
PINNED = Message(role="user", parts=(Text(text="Never spend money."),), pinned=True)
PROMPT = [Message(role="user", parts=(Text(text="Read all pages."),)), PINNED]


@tool(effect="read", inline=True)
def page(number: int) -> str:
    """Read a page."""
    return f"page {number}"


def is_summary(body: dict[str, Any]) -> bool:
    return "condense the record" in str(body.get("instructions"))


def reader(turns: int, summary: Step) -> Callable[[dict[str, Any]], Step]:
    """A model that reads a page in each of so many turns. After its fourth, it has read enough for
    a summary."""
    read = iter(range(1, turns + 1))

    def reply(body: dict[str, Any]) -> Step:
        if is_summary(body):
            return summary
        number = next(read, None)
        used = Used(input=1_500 if number == 4 else 200, output=10, cached=50)
        if number is None:
            return Say("Read.", used=used)
        return Say(calls=(("page", {"number": number}),), used=used)

    return reply


async def test_a_summary_stands_for_old_messages(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=[page], context=POLICY)
    model_server.always(reader(5, Say("Pages 1 and 2 were read.", used=Used(300, 30))))
    run = await harness.start(agent, PROMPT)
    events = await all_events(run)
    compacted = one(events, e.ContextCompacted)
    assert (compacted.turn, compacted.before, compacted.summarized) == (4, 1_510, 4)
    assert compacted.after < compacted.before
    end = one(events, e.RunEnded)
    assert end.state is RunState.COMPLETED
    assert end.totals is not None
    assert end.totals.usage.input == 200 * 5 + 1_500 + 300
    assert end.totals.turns == 6
    asked = only(events, e.ModelCalled)
    assert asked[4].head == compacted.head

    sent = json.dumps(model_server.calls[5].body["input"])
    for text in ("Read all pages.", "Never spend money.", "Pages 1 and 2 were read.", "page 4"):
        assert text in sent, text
    assert '"page 1"' not in sent
    prompt = await read_sent_prompt(harness.connection, run.id, 5)
    states = ["pinned", "pinned", "summary", None, None, None, None]
    assert [each.state for each in prompt.messages] == states

    recording = await record_run(harness.connection, run.id, at=time.time())
    assert not recording.missing
    whole = collect_whole(end.head, recording.nodes)
    assert [each.role for each in whole] == ["user"] * 2 + ["assistant", "tool"] * 5 + ["assistant"]
    assert len(collect_sent(end.head, recording.nodes)) == len(whole) - 4 + 1
    assert not any(each.origin == "summary" for each in whole)
    assert Node.model_validate_json(recording.nodes[compacted.head]).replaces == compacted.replaces
    assert sum(each.text == "Read." for each in await read_messages(harness.connection, recording))

    # A fork where it happened is the way back; one after it keeps the summary.
    model_server.always(say("Forked."))
    before = await run.fork(4)
    assert (await before.result()).output == "Forked."
    assert "Pages 1 and 2" not in json.dumps(model_server.calls[-1].body)
    assert "page 1" in json.dumps(model_server.calls[-1].body)
    later = await run.fork(5)
    assert (await later.result()).output == "Forked."
    assert "Pages 1 and 2" in json.dumps(model_server.calls[-1].body)


async def test_a_session_is_summarized_before_its_next_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, context=ContextPolicy(compact_at=500, keep_last=1))
    model_server.always(lambda body: say("In short." if is_summary(body) else "word " * 300))
    session = harness.session(name)
    for number in range(4):
        await session.run(agent, f"Message {number}.")
    bodies = [each.body for each in model_server.calls]
    assert [is_summary(body) for body in bodies] == [False, False, False, True, False]
    sent = json.dumps(bodies[-1]["input"])
    assert all(text in sent for text in ("Message 0.", "In short.", "Message 3."))
    assert "Message 1." not in sent


async def test_a_failed_summary_does_not_end_the_run(
    harness: Harness, model_server: ModelServer, name: str
) -> None:
    agent = Agent(name, tools=[page], context=POLICY)
    refused: Fail = fail(400, "no summaries today")
    model_server.always(reader(5, refused))
    run = await harness.start(agent, PROMPT)
    events = await all_events(run)
    failed = one(events, e.CompactionFailed)
    assert (failed.turn, failed.error.code.startswith("provider.")) == (4, True)
    assert one(events, e.RunEnded).state is RunState.COMPLETED
    assert sum(is_summary(each.body) for each in model_server.calls) == 1
