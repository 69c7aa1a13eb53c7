"""The commands for users and API tokens."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, arg

ROLES = ("viewer", "operator", "admin")

ACCESS_COMMANDS: tuple[Command, ...] = (
    Command(
        "user",
        "Add, list, change and disable users.",
        "harness.cli.access.user:run_user",
        (
            arg(
                "action",
                metavar="ACTION",
                choices=("add", "list", "set-role", "disable", "enable", "link"),
                help="add, list, set-role, disable, enable or link.",
            ),
            arg("name", metavar="NAME", nargs="?", help="The user's name."),
            arg(
                "--role",
                metavar="ROLE",
                choices=ROLES,
                help="viewer, operator or admin. Default for add: operator.",
            ),
            arg(
                "--url",
                metavar="URL",
                help="With link: the daemon's address, if it is not that of the settings.",
            ),
            JSON,
        ),
        "A viewer reads, an operator also starts and steers runs, an admin also manages users.\n"
        "The user `local` is the person at this machine, always an admin. Disabling a user\n"
        "refuses all tokens and browser sessions of that user at once.",
        (
            ("harness user add ada", "an operator"),
            ("harness user set-role ada --role admin", ""),
            ("harness user disable ada", "until `harness user enable ada`"),
            ("harness user link ada", "a link that opens the page, signed in, once"),
        ),
        group="Serve",
        works="anywhere",
    ),
    Command(
        "token",
        "Create, list and revoke API tokens.",
        "harness.cli.access.token:run_token",
        (
            arg(
                "action",
                metavar="ACTION",
                choices=("create", "list", "revoke"),
                help="create, list or revoke.",
            ),
            arg("id", metavar="ID", nargs="?", help="With revoke: the token's id."),
            arg(
                "--user",
                metavar="NAME",
                help="Whose token. Default: local; with list, all users.",
            ),
            arg(
                "--role",
                metavar="ROLE",
                choices=ROLES,
                help="The most it may do. Default: the user's role.",
            ),
            arg("--name", metavar="TEXT", help="What it is for."),
            arg(
                "--expires",
                metavar="TIME",
                help="Valid for this long, such as 12h or 30d. Default: until it is revoked.",
            ),
            JSON,
        ),
        "The token is printed once, when it is created: only its hash is stored. It can never do\n"
        "more than its user, whose role counts at the time of use.",
        (
            ("harness token create --name ci --role operator --expires 30d", ""),
            ("harness token list --user ada", ""),
            ("harness token revoke 0123456789abcdef", "refused from now on"),
        ),
        group="Serve",
        works="anywhere",
    ),
)
