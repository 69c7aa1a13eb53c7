"""Events of runs reach a receiver: in order, at least once, whatever fails in between."""

from __future__ import annotations

from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from harness import Agent, Harness
from harness.webhooks import client as webhooks
from harness.webhooks import deliver, watch
from harness.webhooks.contracts import delivery_workflow
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send, waiting
from tests.fakes.steps import call, say
from tests.fakes.webhook_receiver import Receiver

ALL = ("run_started", "model_called", "model_replied", "decision_requested", "decision_made",
       "tool_call_finished", "run_ended")  # fmt: skip


async def test_signed_messages_in_order(
    harness: Harness, receiver: Receiver, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    webhook, secret = await webhooks.add_webhook(
        harness.connection, receiver.url, everyone=True, agent=name
    )
    run = await harness.start(Agent(name, tools=[send]), "Write.")
    await waiting(run)
    (asked,) = await receiver.until(lambda found: len(found) == 1)
    assert asked.message["data"]["arguments"] == {"to": "ann", "text": "hi"}
    await run.approve()
    await run.result()
    found = await receiver.until(lambda found: len(found) == 2)
    assert [each.kind for each in found] == ["decision_requested", "run_ended"]
    for each in found:
        verified: Any = Verifier(secret).verify(each.body.decode(), each.headers)
        assert verified["data"]["run"] == run.id
        assert verified["cursor"]
    sent = await eventually(
        lambda: webhooks.list_deliveries(harness.connection, webhook.id),
        lambda sent: len(sent) == 2 and all(each.done for each in sent),
    )
    assert {each.id for each in sent} == {each.id for each in found}


@pytest.mark.slow
async def test_refusals_are_repeated_under_the_same_id(
    harness: Harness, receiver: Receiver, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    receiver.answers.extend([200, 500, 0, 302, 200])
    await webhooks.add_webhook(
        harness.connection, receiver.url, events=ALL, everyone=True, agent=name
    )
    receiver.headers["location"] = "http://169.254.169.254/"
    run = await harness.start(Agent(name, tools=[send]), "Write.")
    await waiting(run)
    await run.approve()
    await run.result()
    found = await receiver.until(lambda found: bool(found) and found[-1].kind == "run_ended")
    wanted = [each.type for each in [e async for e in run.events()] if each.type in ALL]
    assert receiver.kinds == wanted[:1] + 4 * wanted[1:2] + wanted[2:]
    assert len({(each.id, each.body) for each in found[1:5]}) == 1


async def test_a_quiet_run_costs_nothing_until_it_goes_on(
    harness: Harness,
    receiver: Receiver,
    model_server: ModelServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deliver, "QUIET_S", 0.2)
    monkeypatch.setattr(watch, "AWAKE_S", 0.0)
    model_server.script(call("send", to="ann", text="hi"), say("Sent."))
    connection = harness.connection
    webhook, _ = await webhooks.add_webhook(connection, receiver.url, everyone=True, agent=name)
    run = await harness.start(Agent(name, tools=[send]), "Write.")
    await waiting(run)
    await receiver.until(lambda found: len(found) == 1)
    delivery = connection.temporal.get_workflow_handle(delivery_workflow(webhook.id, run.id))
    await eventually(
        delivery.describe, lambda found: not found.raw_description.pending_activities
    )  # it sleeps
    await run.approve()
    await run.result()
    found = await receiver.until(lambda found: len(found) == 2)
    assert [each.kind for each in found] == ["decision_requested", "run_ended"]
    await delivery.result()


async def test_resuming_does_not_wait_for_the_next_attempt(
    harness: Harness, receiver: Receiver, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Done."))
    receiver.status, receiver.headers = 503, {"retry-after": "3600"}
    webhook, _ = await webhooks.add_webhook(
        harness.connection, receiver.url, everyone=True, agent=name
    )
    await (await harness.start(Agent(name), "Go.")).result()
    await eventually(
        lambda: webhooks.find_webhook(harness.connection, webhook.id),
        lambda found: found.state == "failing",
    )
    receiver.status = 200
    assert await webhooks.resume_webhook(harness.connection, webhook.id) == 1
    first, second = await receiver.until(lambda found: len(found) == 2)
    assert (first.id, first.body) == (second.id, second.body)


async def test_a_large_event_is_sent_without_its_content(
    harness: Harness, receiver: Receiver, model_server: ModelServer, name: str
) -> None:
    model_server.script(say("x" * 300_000))
    await webhooks.add_webhook(harness.connection, receiver.url, everyone=True, agent=name)
    run = await harness.start(Agent(name), "Write a lot.")
    await run.result()
    (found,) = await receiver.until(bool)
    assert found.message["data"]["left_out"] and found.message["data"]["run"] == run.id
    assert len(found.body) < 1_000
