"""What the API takes and returns for webhooks."""

from __future__ import annotations

from pydantic import BaseModel, Field, StrictBool

from harness.api.body import Body
from harness.webhooks.contracts import DEFAULT_KINDS
from harness.webhooks.rows import MAX_AGENT, Delivery, Webhook
from harness.webhooks.send import MAX_URL


class NewWebhook(Body):
    """A webhook to add. It covers the runs that start from now on."""

    url: str = Field(
        min_length=1,
        max_length=MAX_URL,
        json_schema_extra={"format": "uri", "pattern": "^https?://"},
    )
    """Where messages are sent: https on port 443, at a public address."""
    events: tuple[str, ...] = Field(default=DEFAULT_KINDS, max_length=100)
    """The types of events."""
    agent: str | None = Field(default=None, min_length=1, max_length=MAX_AGENT)
    """Only runs of this agent."""
    owner: str | None = Field(default=None, min_length=1, max_length=200)
    """Whose runs it covers; by default, those of the caller. Only admins may name another user."""
    everyone: StrictBool = False
    """Send messages about the runs of all users, for admins only; by default, only about the
    caller's."""


class CreatedWebhook(BaseModel):
    """A new webhook. Its secret is shown once."""

    webhook: Webhook
    secret: str
    """Verifies the header `webhook-signature`."""


class WebhookList(BaseModel):
    """Webhooks, the oldest first."""

    webhooks: list[Webhook]


class DeliveryList(BaseModel):
    """Messages of a webhook, the most recently sent first."""

    deliveries: list[Delivery]


class SentTest(BaseModel):
    """A test message that the receiver accepted."""

    id: str
    """Its `webhook-id`."""


class Resumed(BaseModel):
    """A webhook that was resumed."""

    runs: int
    """How many runs have something left to send."""
