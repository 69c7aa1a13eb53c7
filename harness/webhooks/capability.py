"""The record of webhooks."""

from harness.contracts.capability import Capability

WEBHOOKS = Capability(
    name="webhooks",
    summary="Send signed messages about runs to your URLs, in order and at least once.",
    page="how-to/webhooks.md",
    requires=("access", "api"),
    commands="harness.cli.webhooks.table:WEBHOOKS_COMMANDS",
    settings="harness.webhooks.settings:WebhookSettings",
    routes="harness.webhooks.routes:ROUTES",
    migrations="harness.webhooks.migrations",
    workflows=("harness_workflows.webhooks:DeliverWebhook",),
    patient=True,
    activities=("harness_activities.webhooks:make_activities",),
    run_watch="harness.webhooks.watch:watch_runs",
    max_activities=200,
)
