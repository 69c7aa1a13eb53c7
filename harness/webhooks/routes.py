"""The routes of webhooks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from harness.api.body import location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import Created, Route
from harness.webhooks import client
from harness.webhooks.rows import Webhook
from harness.webhooks.views import (
    CreatedWebhook,
    DeliveryList,
    NewWebhook,
    Resumed,
    SentTest,
    WebhookList,
)


async def list_webhooks(context: Context, caller: CallerOf) -> WebhookList:
    """List the caller's webhooks; admins see all."""
    return WebhookList(webhooks=await client.list_webhooks(context.connection, by=caller))


async def add_webhook(
    body: NewWebhook, context: Context, caller: CallerOf, response: Response
) -> CreatedWebhook:
    """Add a webhook, which sends messages about runs to a URL. The response has the secret that
    verifies them; it is not shown again."""
    webhook, secret = await client.add_webhook(
        context.connection,
        body.url,
        events=body.events,
        agent=body.agent,
        owner=body.owner,
        everyone=body.everyone,
        by=caller,
    )
    response.headers["Location"] = location_of("webhooks", webhook.id)
    return CreatedWebhook(webhook=webhook, secret=secret)


async def show_webhook(webhook: PathText, context: Context, caller: CallerOf) -> Webhook:
    """Read a webhook, and whether its messages are accepted."""
    return await client.find_webhook(context.connection, webhook, by=caller)


async def remove_webhook(webhook: PathText, context: Context, caller: CallerOf) -> Webhook:
    """Remove a webhook: nothing more is sent to it."""
    return await client.remove_webhook(context.connection, webhook, by=caller)


async def test_webhook(webhook: PathText, context: Context, caller: CallerOf) -> SentTest:
    """Send a test message at once."""
    return SentTest(id=await client.test_webhook(context.connection, webhook, by=caller))


async def resume_webhook(webhook: PathText, context: Context, caller: CallerOf) -> Resumed:
    """Resume a webhook that is disabled or failing: what it missed is sent now."""
    return Resumed(runs=await client.resume_webhook(context.connection, webhook, by=caller))


async def list_deliveries(
    webhook: PathText,
    context: Context,
    caller: CallerOf,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> DeliveryList:
    """List the messages of a webhook, the most recently sent first."""
    found = await client.list_deliveries(context.connection, webhook, limit, by=caller)
    return DeliveryList(deliveries=found)


ROUTES = (
    Route("GET", "/webhooks", list_webhooks, Role.VIEWER),
    Route(
        "POST",
        "/webhooks",
        add_webhook,
        Role.OPERATOR,
        201,
        creates=Created("webhook", "/webhook/id"),
    ),
    Route("GET", "/webhooks/{webhook}", show_webhook, Role.VIEWER),
    Route("DELETE", "/webhooks/{webhook}", remove_webhook, Role.OPERATOR),
    Route("POST", "/webhooks/{webhook}/test", test_webhook, Role.OPERATOR),
    Route("POST", "/webhooks/{webhook}/resume", resume_webhook, Role.OPERATOR),
    Route("GET", "/webhooks/{webhook}/deliveries", list_deliveries, Role.VIEWER),
)
