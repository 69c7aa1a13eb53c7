"""The record of conversations."""

from harness.contracts.capability import Capability

CONVERSATIONS = Capability(
    name="conversations",
    summary="Keep conversations: a durable inbox of messages, answered by one run after another.",
    page="how-to/conversations.md",
    essential=True,
    commands="harness.cli.conversations.table:CONVERSATIONS_COMMANDS",
    routes="harness.conversations.routes:ROUTES",
    migrations="harness.conversations.migrations",
    workflows=("harness_workflows.session.session:Session",),
    patient=True,
    activities=("harness_activities.sessions:make_activities",),
)
