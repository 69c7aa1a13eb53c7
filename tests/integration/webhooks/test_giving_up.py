"""A receiver that is gone ends a subscription, and resuming it loses nothing."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Agent, Harness
from harness.access import client as access
from harness.api.caller import LOCAL, Caller, Role
from harness.contracts.errors import WebhookNotFound, WebhookRefused
from harness.history.follow import Feeds
from harness.runs.end import wait_for_end
from harness.runs.published import find_published
from harness.runs.start import start_run
from harness.runs.start_request import Request, as_messages
from harness.webhooks import client as webhooks
from harness.webhooks.contracts import DeliverRun
from harness.webhooks.deliver import deliver_events
from harness.webhooks.rows import Webhook
from harness.webhooks.store import Deliveries
from tests.fakes.model_server import ModelServer
from tests.fakes.runs import eventually, send, waiting
from tests.fakes.steps import call, say
from tests.fakes.webhook_receiver import Receiver


@pytest.fixture
def options(options: dict[str, Any]) -> dict[str, Any]:
    own = {**options["webhooks"], "give_up_hours": 1e-9}
    return {**options, "webhooks": own}


async def until_disabled(harness: Harness, webhook: Webhook) -> Webhook:
    return await eventually(
        lambda: webhooks.find_webhook(harness.connection, webhook.id),
        lambda found: found.state == "disabled",
    )


async def run_for(harness: Harness, name: str, owner: str) -> str:
    """A run of the agent that belongs to a user, once it has ended."""
    request = Request(messages=as_messages("Go."), owner=owner, by=owner)
    agent = await find_published(harness.connection, name)
    run = await start_run(harness.connection, agent, request, eager=False)
    await wait_for_end(harness.connection, Feeds(harness.connection), run)
    return run


async def test_a_failing_receiver_disables_and_resuming_loses_nothing(
    harness: Harness, receiver: Receiver, model_server: ModelServer, name: str
) -> None:
    model_server.script(call("send", to="ann", text="hi"), say("Sent."), say("Second run."))
    connection = harness.connection
    webhook, _ = await webhooks.add_webhook(
        connection, receiver.url, events=("run_started", "decision_requested", "run_ended"),
        everyone=True, agent=name,
    )  # fmt: skip
    receiver.answers.append(200)
    receiver.status = 503
    agent = Agent(name, tools=[send])
    run = await harness.start(agent, "Write.")
    await waiting(run)
    disabled = await until_disabled(harness, webhook)
    assert "503" in (disabled.reason or "")
    await run.approve()
    await run.result()
    later = await harness.start(agent, "Again.")
    await later.result()
    assert set(receiver.kinds) == {"run_started", "decision_requested"}
    receiver.status, refused = 200, receiver.received[-1]
    assert await webhooks.resume_webhook(connection, webhook.id) == 2
    found = await receiver.until(lambda found: sum(e.kind == "run_ended" for e in found) == 2)
    resumed = [each for each in found if each.message["data"]["run"] == run.id][-2:]
    assert [each.kind for each in resumed] == ["decision_requested", "run_ended"]
    assert resumed[0].id == refused.id
    assert [e.kind for e in found if e.message["data"]["run"] == later.id] == [
        "run_started", "run_ended",
    ]  # fmt: skip


async def test_gone_disables_at_once(
    harness: Harness, receiver: Receiver, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Done."))
    receiver.status = 410
    webhook, _ = await webhooks.add_webhook(
        harness.connection, receiver.url, everyone=True, agent=name
    )
    await (await harness.start(Agent(name), "Go.")).result()
    assert "410" in ((await until_disabled(harness, webhook)).reason or "")
    assert len(receiver.received) == 1
    await harness.connection.database.fetch(
        "UPDATE harness_webhooks.subscription SET disabled = now() - interval '31 days' "
        "WHERE id = %s",
        (webhook.id,),
    )
    later = await harness.start(Agent(name), "Go.")
    await later.result()
    followed = Deliveries(harness.connection.database)
    assert later.id not in await followed.list_open(webhook.id, "", 10)


async def test_only_ones_own_runs_and_no_longer_than_one_may(
    harness: Harness, receiver: Receiver, model_server: ModelServer, name: str
) -> None:
    model_server.always(say("Done."))
    connection, user = harness.connection, f"user-{name}"
    await access.create_user(connection, user, Role.OPERATOR)
    caller = Caller(user, Role.OPERATOR, "")
    webhook, _ = await webhooks.add_webhook(connection, receiver.url, agent=name, by=caller)
    with pytest.raises(WebhookNotFound):
        await webhooks.find_webhook(connection, webhook.id, by=Caller("eve", Role.OPERATOR, ""))
    other = await harness.start(Agent(name), "Not theirs.")
    await other.result()
    followed = Deliveries(connection.database)
    await followed.follow([webhook.id], other.id)
    await deliver_events(connection, DeliverRun(subscription=webhook.id, run=other.id))
    assert other.id not in await followed.list_open(webhook.id, "", 10)
    own = await run_for(harness, name, user)
    (found,) = await receiver.until(bool)
    assert found.message["data"]["run"] == own
    await access.disable_user(connection, user)
    await run_for(harness, name, user)
    assert "disabled" in ((await until_disabled(harness, webhook)).reason or "")
    assert len(receiver.received) == 1


async def test_a_superseded_attempt_notes_no_failure(
    harness: Harness, receiver: Receiver, name: str
) -> None:
    webhook, _ = await webhooks.add_webhook(harness.connection, receiver.url, agent=name)
    ledger, run = Deliveries(harness.connection.database), f"{name}-run"
    await ledger.follow([webhook.id], run)
    older = await ledger.take(webhook.id, run)
    assert older is not None
    assert await ledger.begin(older, "msg_1", "run_started") is False
    newer = await ledger.take(webhook.id, run)
    assert newer is not None
    await ledger.finish(newer, "msg_1", "cursor")
    assert await ledger.fail(older, "msg_1", "Late.", 0.0) is False
    found = await webhooks.find_webhook(harness.connection, webhook.id)
    assert found.state == "active"
    assert (await ledger.list_newest(webhook.id, 1))[0].problem is None
    await ledger.fail(newer, "msg_1", "In time.", 3600.0)
    assert (await ledger.list_newest(webhook.id, 1))[0].problem == "In time."


async def test_a_forged_row_sends_nothing(harness: Harness, receiver: Receiver, name: str) -> None:
    connection = harness.connection
    webhook, _ = await webhooks.add_webhook(connection, receiver.url, agent=name, by=LOCAL)
    await connection.database.fetch(
        "UPDATE harness_webhooks.subscription SET everyone = true WHERE id = %s", (webhook.id,)
    )
    assert (await webhooks.find_webhook(connection, webhook.id)).state == "unsigned"
    with pytest.raises(WebhookRefused):
        await webhooks.test_webhook(connection, webhook.id)
    await webhooks.remove_webhook(connection, webhook.id)
    assert webhook.id not in [each.id for each in await webhooks.list_webhooks(connection)]
