"""Subscriptions: what commands and routes call. `by` is who asks."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence

from harness.access.checks import require_role
from harness.access.client import find_user
from harness.api.caller import LOCAL, Caller, Role
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import WebhookNotFound, WebhookRefused
from harness.engine.connection import Connection
from harness.engine.signed_start import start_workflow
from harness.webhooks.capability import WEBHOOKS
from harness.webhooks.contracts import (
    DEFAULT_KINDS,
    KINDS,
    TEST_KIND,
    WORKFLOW,
    DeliverRun,
    delivery_workflow,
)
from harness.webhooks.rows import MAX_AGENT, Delivery, Webhook
from harness.webhooks.send import Message, check_url, derive_secret, post_message, show_secret
from harness.webhooks.settings import WebhookSettings
from harness.webhooks.store import Deliveries, Webhooks

MOST = 20
"""Subscriptions of one user: each costs a workflow for each run."""
PAGE = 500
AT_ONCE = 16


async def add_webhook(
    connection: Connection,
    url: str,
    *,
    events: Sequence[str] = DEFAULT_KINDS,
    agent: str | None = None,
    owner: str | None = None,
    everyone: bool = False,
    by: Caller = LOCAL,
) -> tuple[Webhook, str]:
    """Subscribe to events of runs that start from now on.

    Args:
        connection: The process's connection.
        url: Where messages are sent.
        events: The types of events.
        agent: Only runs of this agent.
        owner: Whose runs; by default the caller's.
        everyone: The runs of all users, and those without an owner; only admins may.
        by: Who asks.

    Returns:
        The subscription, and the secret that signs its messages.

    Raises:
        WebhookRefused: The address or the events are not allowed, or there are too many.
        NotAllowed: The caller may not have these runs.
        UserNotFound: There is no such owner.
    """
    require_role(by, Role.OPERATOR, "add a webhook")
    owner = owner or by.user
    if everyone or owner != by.user:
        require_role(by, Role.ADMIN, "have the runs of others sent")
    user = await find_user(connection, owner)
    if everyone and user.role is not Role.ADMIN:
        raise WebhookRefused(f"{owner!r} is not an admin, and cannot have all runs sent.")
    check_url(url, connection.settings.section(WebhookSettings))
    webhook = Webhook(
        id=f"wh_{secrets.token_hex(12)}",
        owner=owner,
        everyone=everyone,
        agent=_check_agent(agent),
        events=_check_events(events),
        url=url,
        created=int(time.time()),
        state="active",
    )
    if not await Webhooks(connection).add(webhook, MOST):
        raise WebhookRefused(
            f"{owner!r} has {MOST} webhooks, the most that one user may have.",
            fix="Remove one: `harness webhook remove ID`.",
        )
    return webhook, show_secret(derive_secret(await connection.signing.get_signer(), webhook))


async def list_webhooks(connection: Connection, *, by: Caller = LOCAL) -> list[Webhook]:
    """List the caller's webhooks; admins see all. The oldest first."""
    return await Webhooks(connection).list_owned(None if by.role is Role.ADMIN else by.user)


async def find_webhook(connection: Connection, id: str, *, by: Caller = LOCAL) -> Webhook:
    """Find a webhook; raises `WebhookNotFound`, also if it belongs to someone else."""
    found = await Webhooks(connection).find(id) if id.isprintable() else None
    if found is None or not (by.role is Role.ADMIN or found.owner == by.user):
        raise WebhookNotFound(f"There is no webhook {id[:40]!r}.")
    return found


async def remove_webhook(connection: Connection, id: str, *, by: Caller = LOCAL) -> Webhook:
    """Remove a webhook: nothing more is sent to it."""
    found = await find_webhook(connection, id, by=by)
    await Webhooks(connection).remove(found.id)
    return found


async def test_webhook(connection: Connection, id: str, *, by: Caller = LOCAL) -> str:
    """Send a message of the type `webhook_test` at once; returns its id.

    Raises:
        WebhookUndelivered: The receiver did not accept it.
    """
    webhook = await _find_usable(connection, id, by)
    message = Message(
        f"msg_{secrets.token_hex(16)}",
        f'{{"type": "{TEST_KIND}", "timestamp": "{_now()}", "data": {{}}}}'.encode(),
    )
    key = derive_secret(await connection.signing.get_signer(), webhook)
    settings = connection.settings.section(WebhookSettings)
    await post_message(webhook.url, message, key, settings, owner=webhook.owner)
    return message.id


async def resume_webhook(connection: Connection, id: str, *, by: Caller = LOCAL) -> int:
    """Go on with a webhook that is disabled, or failing: what it has missed is sent now, in order.

    Returns:
        How many runs have something left to send.
    """
    webhook = await _find_usable(connection, id, by)
    await Webhooks(connection).enable(webhook.id)
    resumed, last = 0, ""
    while runs := await Deliveries(connection.database).list_open(webhook.id, last, PAGE):
        for at in range(0, len(runs), AT_ONCE):
            starts = (start_delivery(connection, webhook.id, run, hurry=True) for run in
                      runs[at : at + AT_ONCE])  # fmt: skip
            await asyncio.gather(*starts)
        resumed, last = resumed + len(runs), runs[-1]
    return resumed


async def list_deliveries(
    connection: Connection, id: str, limit: int = 50, *, by: Caller = LOCAL
) -> list[Delivery]:
    """List the messages of a webhook, those sent last first."""
    webhook = await find_webhook(connection, id, by=by)
    return await Deliveries(connection.database).list_newest(webhook.id, limit)


async def start_delivery(
    connection: Connection, subscription: str, run: str, *, hurry: bool = False
) -> None:
    """Start the workflow that delivers a run's events, or wake it. With `hurry`, it does not wait
    for its next attempt."""
    await start_workflow(
        connection,
        WEBHOOKS,
        WORKFLOW,
        DeliverRun(subscription=subscription, run=run),
        id=delivery_workflow(subscription, run),
        start_signal="retry" if hurry else "wake",
        static_summary=f"Webhook of {run}"[:120],
    )


async def _find_usable(connection: Connection, id: str, by: Caller) -> Webhook:
    found = await find_webhook(connection, id, by=by)
    if found.state == "unsigned":
        raise WebhookRefused(
            f"The webhook {found.id!r} was not written by this project.",
            fix="Remove it, and add it again.",
        )
    return found


def _check_events(events: Sequence[str]) -> tuple[str, ...]:
    unknown = next((each for each in events if each not in KINDS), None)
    if unknown is not None or not events:
        what = f"{unknown[:40]!r} is not an event" if unknown else "A webhook needs an event"
        raise WebhookRefused(f"{what}.", fix=f"Use some of: {', '.join(KINDS)}.")
    return tuple(dict.fromkeys(events))


def _check_agent(agent: str | None) -> str | None:
    if agent is not None and (not 0 < len(agent) <= MAX_AGENT or clean_line(agent) != agent):
        raise WebhookRefused(f"{agent[:40]!r} is not the name of an agent.")
    return agent


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
