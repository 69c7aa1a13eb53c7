"""The commands for workers, the local stack and the configuration."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg, flag

STACK_COMMANDS: tuple[Command, ...] = (
    Command(
        "worker",
        "Serve agents.",
        "harness.cli.runs.serve:run_worker",
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
        works="here",
    ),
    Command(
        "up",
        "Start the local Temporal and Postgres.",
        "harness.cli.stack.stack:start_stack",
        (flag("--detach", help="Leave them running until `harness down`."), JSON),
        "",
        (("harness up --detach", ""),),
        group="Serve",
        works="here",
    ),
    Command(
        "down",
        "Stop the local Temporal and Postgres.",
        "harness.cli.stack.stack:stop_local_stack",
        (JSON,),
        group="Serve",
        works="here",
    ),
    Command(
        "doctor",
        "Check this machine, this project and its configuration.",
        "harness.cli.stack.stack:run_doctor",
        (flag("--fix", help="Bring tables up to date and register search attributes."), JSON),
        group="Serve",
        works="here",
    ),
    Command(
        "db",
        "Show the tables in Postgres, and run their migrations.",
        "harness.cli.stack.db:run_db",
        (
            arg(
                "action",
                metavar="status|upgrade",
                nargs="?",
                choices=("status", "upgrade"),
                default="status",
                help="Default: status.",
            ),
            flag("--sql", help="status: print what the pending migrations would run."),
            JSON,
        ),
        "harness and each capability have a schema of their own. `status` changes nothing, and\n"
        "exits with 1 if something is pending. `upgrade` runs what is pending: one schema after\n"
        "another, each in one transaction, under a lock. Workers and daemons do the same when\n"
        "they start; run it first to see a failure before they do. Through a\n"
        "daemon: status.",
        (
            ("harness db status --sql", "before an upgrade"),
            ("harness db upgrade", ""),
        ),
        group="Serve",
        works="anywhere",
    ),
    Command(
        "config",
        "Show the settings and where each value came from.",
        "harness.cli.stack.info:print_config",
        (arg("what", metavar="show", nargs="?", choices=("show",), help="All values."), JSON),
        "",
        (("harness config show", ""), ("harness config show --json", "for programs")),
        group="Set up",
        works="here",
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
        works="anywhere",
    ),
    Command(
        "trust",
        "Review and trust this project's harness.toml and state folder.",
        "harness.cli.stack.trust:review_trust",
        (
            flag("--list", help="List what is trusted."),
            flag("--remove", help="Stop trusting this project. Its stack must be stopped."),
            flag("--yes", "-y", help="Do not ask."),
            JSON,
        ),
        "A harness.toml that you have not trusted may set only harmless values, such as the\n"
        "model. Trust covers its exact content: a changed file must be trusted again. What is\n"
        "trusted is recorded in ~/.config/harness/trusted.json.",
        (
            ("harness trust", "shows what they may do, and asks"),
            ("harness trust --yes", "in scripts"),
            ("harness trust --remove", ""),
        ),
        group="Set up",
        works="here",
    ),
    Command(
        "keys",
        "Create, show and rotate the keys that encrypt runs.",
        "harness.cli.stack.keys:run_keys",
        (
            arg(
                "what",
                metavar="new|status|rotate",
                nargs="?",
                choices=("new", "status", "rotate"),
                default="status",
                help="Default: status.",
            ),
            JSON,
        ),
        "encryption.key wraps a key for each family of runs. To change it, move the old one to\n"
        "encryption.old_keys, set a new one, and rotate. Stored data does not change.",
        (
            ("harness keys new", "a key for HARNESS_ENCRYPTION__KEY"),
            ("harness keys rotate", "after that the old key decrypts nothing"),
        ),
        group="Set up",
        works="here",
    ),
    Command(
        "login",
        "Use the daemon of another machine.",
        "harness.cli.stack.login:log_in",
        (
            arg("url", metavar="URL", nargs="?", help="Its address: https://HOST[:PORT]."),
            flag("--token-stdin", help="Read the API token from stdin, even at a terminal."),
            flag("--plain-http", help="Accept http:// to another machine: anyone can listen."),
            flag("--list", help="List where you are logged in."),
            JSON,
        ),
        "Asks for an API token (harness token create), checks it, and stores it in\n"
        "~/.config/harness/servers.json, which only you can read. Commands about runs use the\n"
        "daemon from then on. Scripts set HARNESS_SERVER and HARNESS_TOKEN instead.",
        (
            ("harness login https://harness.example.org", "asks for the token"),
            ("cat token | harness login https://harness.example.org --token-stdin", ""),
            ("harness list --server local", "this project's stack nevertheless"),
        ),
        group="Set up",
        works="here",
    ),
    Command(
        "logout",
        "Delete the stored token of a daemon.",
        "harness.cli.stack.login:log_out",
        (arg("url", metavar="URL", nargs="?", help="Default: the one that commands use."), JSON),
        "Does not revoke the token: harness token revoke ID.",
        (("harness logout", ""),),
        group="Set up",
        works="here",
    ),
    Command(
        "version",
        "Print the version.",
        "harness.cli.stack.info:print_version",
        (JSON,),
        group="Set up",
        works="here",
    ),
)
