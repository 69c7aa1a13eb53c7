"""The table of the commands `budgets` and `cost`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, action, arg

BUDGETS_COMMANDS: tuple[Command, ...] = (
    Command(
        "budgets",
        "List the budgets that runs share, and grant more.",
        "harness.cli.budgets.budgets:run_budgets",
        (
            action("list", "show", "grant"),
            arg("budget", metavar="BUDGET", nargs="?", help="The budget, such as session:ID."),
            arg("--tokens", metavar="N", type=int, help="grant: so many more tokens."),
            arg("--cost", metavar="USD", type=float, help="grant: so many more US dollars."),
            arg("--seconds", metavar="S", type=float, help="grant: so much longer, from now."),
            JSON,
        ),
        "  list           all shared budgets, those used last first\n"
        "  show BUDGET    one budget; a daily one has a line for each day\n"
        "  grant BUDGET   grant more; without amounts, as much again as at first\n\n"
        "Runs that wait for a budget go on when more is granted.",
        (
            ("harness budgets", ""),
            ("harness budgets grant agent:buyer --cost 5.00", ""),
        ),
        group="Inspect",
        works="anywhere",
    ),
    Command(
        "cost",
        "Show what model calls cost, and forecast what a run costs.",
        "harness.cli.budgets.cost:run_cost",
        (
            action("show", "forecast", default="show"),
            arg("name", metavar="AGENT", nargs="?", help="forecast: the agent's name."),
            arg(
                "--by",
                metavar="WHAT",
                default="agent",
                help="agent, model, session, owner, day; several with commas (default: agent).",
            ),
            arg("--since", metavar="TIME", help="Of this time, such as 7d."),
            arg("--agent", metavar="NAME", help="Only this agent."),
            arg("--model", metavar="PROVIDER/MODEL", help="Only this model."),
            arg("--session", metavar="ID", help="Only this session."),
            arg("--user", metavar="NAME", help="Only the runs of this user."),
            JSON,
        ),
        "  show             tokens and cost, summed by what --by names\n"
        "  forecast AGENT   tokens, cost and turns of the agent's past runs: half of them used no\n"
        "                   more than P50, nine of ten no more than P90\n\n"
        "Days are those of UTC. Runs that have been deleted since are included.",
        (
            ("harness cost --since 7d --by agent,day", ""),
            ("harness cost forecast buyer", ""),
        ),
        group="Inspect",
        works="anywhere",
    ),
)
