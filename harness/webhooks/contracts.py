"""What the workflow of webhooks takes and returns, and which events can be sent. Pure."""

from __future__ import annotations

from typing import get_args

from harness.contracts.base import Flag, Word
from harness.contracts.event import DurableEvent

WORKFLOW = "DeliverWebhook"
"""The workflow's type in Temporal."""
KINDS: tuple[str, ...] = tuple(each.model_fields["type"].default for each in get_args(DurableEvent))
"""The events that can be sent."""
DEFAULT_KINDS = ("decision_requested", "budget_reached", "run_ended")
TEST_KIND = "webhook_test"
"""The type of a message that only tries the address."""


def delivery_workflow(subscription: str, run: str) -> str:
    """The id of the workflow that delivers a run's events to a subscription."""
    return f"webhook/{subscription}/{run}"


class DeliverRun(Word):
    """Input of the workflow and of its activity. Where to go on is in the database."""

    subscription: str
    run: str


class Delivered(Word):
    """Result of the activity."""

    over: Flag = None
    """Nothing more is to be sent: the run has ended, or the subscription is disabled or gone."""
    quiet: Flag = None
    """The run has done nothing for a while."""
    sent: int | None = None
    """How many messages were accepted."""
