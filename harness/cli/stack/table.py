"""The commands for workers, the local stack and the configuration."""

from __future__ import annotations

from harness.cli.privacy.table import SETUP_COMMANDS
from harness.cli.spec import AGENT, JSON, Command, arg, flag

STACK_COMMANDS: tuple[Command, ...] = (
    Command(
        "worker",
        "Serve agents.",
        "harness.cli.run.serve:run_worker",
        (
            arg(
                "agents",
                metavar="FILE[:NAME]",
                nargs="*",
                help="Without NAME, all agents of the file (default: the built-in assistant).",
            ),
            arg(
                "--workspace",
                metavar="DIR",
                action="append",
                help="Let runs use this folder too; may be repeated.",
            ),
            JSON,
        ),
        "Starts or joins the local stack, unless a Temporal server is configured. Ctrl-C stops\n"
        "it: calls in progress finish or are handed back.",
        (
            ("harness worker agent.py", "all agents in that file"),
            ("harness worker sales.py:agent support.py:agent", "several"),
        ),
        group="Serve",
    ),
    Command(
        "up",
        "Start the local Temporal and Postgres.",
        "harness.cli.stack.stack:start_stack",
        (flag("--detach", help="Leave them running until `harness down`."), JSON),
        "",
        (("harness up --detach", ""),),
        group="Serve",
    ),
    Command(
        "down",
        "Stop the local Temporal and Postgres.",
        "harness.cli.stack.stack:stop_local_stack",
        (JSON,),
        group="Serve",
    ),
    Command(
        "doctor",
        "Check this machine, this project and its configuration.",
        "harness.cli.stack.stack:run_doctor",
        (flag("--fix", help="Bring tables up to date and register search attributes."), JSON),
        group="Serve",
    ),
    Command(
        "config",
        "Show the settings and where each value came from.",
        "harness.cli.stack.info:print_config",
        (arg("what", metavar="show", nargs="?", choices=("show",), help="All values."), JSON),
        "",
        (("harness config show", ""), ("harness config show --json", "for programs")),
        group="Set up",
    ),
    Command(
        "capabilities",
        "List what harness can do, and enable or disable parts of it.",
        "harness.cli.stack.capabilities:run_capabilities",
        (
            arg(
                "action",
                metavar="list|show|enable|disable",
                nargs="?",
                choices=("list", "show", "enable", "disable"),
                default="list",
                help="Default: list.",
            ),
            arg("name", metavar="NAME", nargs="?", help="Which capability."),
            JSON,
        ),
        "Installed packages can add capabilities. One that fails to load is listed with the\n"
        "reason and skipped. Disabling affects only you on this machine, and only processes that\n"
        "start afterwards.",
        (
            ("harness capabilities", ""),
            ("harness capabilities show archive", "commands, settings, workflows, errors"),
            ("harness capabilities disable forks", ""),
        ),
        group="Set up",
    ),
    *SETUP_COMMANDS,
    Command(
        "version",
        "Print the version.",
        "harness.cli.stack.info:print_version",
        (JSON,),
        group="Set up",
    ),
)

MODELS_COMMANDS: tuple[Command, ...] = (
    Command(
        "models",
        "List known models.",
        "harness.cli.stack.info:print_models",
        (arg("provider", metavar="PROVIDER", nargs="?", help="Only this provider's."), JSON),
        "Other models work too, as provider/model.",
        group="Set up",
    ),
)

TOOLS_COMMANDS: tuple[Command, ...] = (
    Command(
        "tools",
        "List the built-in tools, or those of an agent.",
        "harness.cli.stack.info:print_tools",
        (AGENT._replace(help="List the tools of this agent, such as agent.py:agent."), JSON),
        group="Set up",
    ),
)
