"""A webhook cannot be found, its address is refused, or its receiver does not accept a message."""

from __future__ import annotations

from harness.contracts.errors.base import HarnessError


class WebhookError(HarnessError):
    """A webhook cannot be found, its address is refused, or its receiver does not accept a
    message."""

    http_status = 400


class WebhookNotFound(WebhookError):
    """There is no webhook with that id, or it belongs to someone else."""

    code = "webhooks.not_found"
    fix = "List the webhooks: `harness webhook list`."
    http_status = 404


class WebhookRefused(WebhookError):
    """A webhook cannot be added: its address, events or owner are not allowed, or there are too
    many."""

    code = "webhooks.refused"
    fix = "Correct what the message names. See docs/how-to/webhooks.md."


class WebhookUndelivered(WebhookError):
    """The receiver of a webhook did not accept a message: it cannot be reached, did not answer in
    time, or answered with another status than 2xx. Retried with growing delays."""

    code = "webhooks.undelivered"
    fix = "Check the receiver, and try it: `harness webhook test ID`."
    retryable = True
    http_status = 502
