"""The routes of webhooks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, Field, StrictBool

from harness.api.body import Body, location_of
from harness.api.caller import Role
from harness.api.context import CallerOf, Context, PathText
from harness.api.route import Route
from harness.webhooks import client
from harness.webhooks.contracts import DEFAULT_KINDS
from harness.webhooks.rows import Delivery, Webhook
from harness.webhooks.send import MAX_URL


class NewWebhook(Body):
    """A webhook to add. It gets the runs that start from now on."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL,
        json_schema_extra={"format": "uri", "pattern": "^https?://"},
    )
    """Where messages are sent: https on port 443, at a public address."""
    events: tuple[str, ...] = Field(default=DEFAULT_KINDS, max_length=100)
    """The types of events."""
    agent: str | None = Field(default=None, min_length=1, max_length=client.MAX_AGENT)
    """Only runs of this agent."""
    everyone: StrictBool = False
    """The runs of all users, which only admins may have; by default the caller's own."""


class CreatedWebhook(BaseModel):
    """A new webhook. Its secret is shown once."""

    webhook: Webhook
    secret: str
    """Verifies the header `webhook-signature`."""


class WebhookList(BaseModel):
    """Webhooks, the oldest first."""

    webhooks: list[Webhook]


class DeliveryList(BaseModel):
    """Messages of a webhook, those sent last first."""

    deliveries: list[Delivery]


class SentTest(BaseModel):
    """A test message that the receiver accepted."""

    id: str
    """Its `webhook-id`."""


class Resumed(BaseModel):
    """A webhook that goes on."""

    runs: int
    """How many runs have something left to send."""


async def list_webhooks(context: Context, caller: CallerOf) -> WebhookList:
    """List the caller's webhooks; admins see all."""
    return WebhookList(webhooks=await client.list_webhooks(context.connection, by=caller))


async def add_webhook(
    body: NewWebhook, context: Context, caller: CallerOf, response: Response
) -> CreatedWebhook:
    """Add a webhook: messages about runs are sent to an address. The answer has the secret that
    signs them, which is not shown again."""
    webhook, secret = await client.add_webhook(
        context.connection,
        body.url,
        events=body.events,
        agent=body.agent,
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
    """Go on with a webhook that is disabled or failing: what it has missed is sent now."""
    return Resumed(runs=await client.resume_webhook(context.connection, webhook, by=caller))


async def list_deliveries(
    webhook: PathText,
    context: Context,
    caller: CallerOf,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> DeliveryList:
    """List the messages of a webhook, those sent last first."""
    found = await client.list_deliveries(context.connection, webhook, limit, by=caller)
    return DeliveryList(deliveries=found)


ROUTES = (
    Route("GET", "/webhooks", list_webhooks, Role.VIEWER),
    Route("POST", "/webhooks", add_webhook, Role.OPERATOR, 201),
    Route("GET", "/webhooks/{webhook}", show_webhook, Role.VIEWER),
    Route("DELETE", "/webhooks/{webhook}", remove_webhook, Role.OPERATOR),
    Route("POST", "/webhooks/{webhook}/test", test_webhook, Role.OPERATOR),
    Route("POST", "/webhooks/{webhook}/resume", resume_webhook, Role.OPERATOR),
    Route("GET", "/webhooks/{webhook}/deliveries", list_deliveries, Role.VIEWER),
)
