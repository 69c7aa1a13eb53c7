"""The table of the command `webhook`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, action, arg

ACTIONS = ("add", "list", "show", "test", "resume", "remove", "deliveries")

WEBHOOKS_COMMANDS: tuple[Command, ...] = (
    Command(
        "webhook",
        "Send signed messages about runs to your URLs.",
        "harness.cli.webhooks.webhook:run_webhook",
        (
            action(*ACTIONS),
            arg("id", metavar="ID|URL", nargs="?", help="The webhook; to add: the URL."),
            arg(
                "--events",
                metavar="TYPES",
                help="add: types of events, separated by commas.",
            ),
            arg("--agent", metavar="NAME", help="add: only runs of this agent."),
            arg("--user", metavar="NAME", help="add: only runs of this user. Default: all runs."),
            arg("--limit", metavar="N", type=int, help="deliveries: at most this many (50)."),
            JSON,
        ),
        "  add URL         send the events of runs that start from now on; prints the secret once\n"
        "  list            all webhooks, and whether their messages are accepted\n"
        "  show ID         one webhook\n"
        "  test ID         send a test message now\n"
        "  resume ID       resume one that is disabled or failing: what it missed is sent\n"
        "  remove ID       send nothing more\n"
        "  deliveries ID   its messages, the most recently sent first\n\n"
        "Without --events: decision_requested, budget_reached and run_ended.\n"
        "Messages are signed as Standard Webhooks specifies, and delivered at least once, in\n"
        "order within a run. A repeated message has the same webhook-id.",
        (
            ("harness webhook add https://example.org/hook --events run_ended", ""),
            ("harness webhook test wh_0123456789abcdef01234567", ""),
            ("harness webhook deliveries wh_0123456789abcdef01234567", ""),
        ),
        group="Serve",
        works="anywhere",
    ),
)
