"""The table of the command `policy`."""

from __future__ import annotations

from harness.cli.spec import JSON, Command, action, arg, flag

ACTIONS = ("list", "explain", "test", "show", "switch", "remembered", "revoke")

POLICIES_COMMANDS: tuple[Command, ...] = (
    Command(
        "policy",
        "Show, explain, test and switch approval policies.",
        "harness.cli.policies.policy:run_policy",
        (
            action(*ACTIONS),
            arg("words", metavar="WORD", nargs="*", help="What the action is about."),
            arg("--effect", choices=("read", "write", "irreversible"), help="explain: the tool's."),
            arg("--owner", metavar="USER", help="explain: whose run it is."),
            arg("--cost", metavar="USD", type=float, help="explain: what the run has cost."),
            arg("--agent", metavar="NAME", help="test: only runs of this agent."),
            arg("--session", metavar="ID", help="test, explain: only runs of this session."),
            arg("--limit", metavar="N", type=int, default=50, help="test: the newest N runs (50)."),
            flag("--all", help="test: show the calls that would not differ too."),
            flag("--exit-code", help="test: exit with 1 if a call would differ."),
            JSON,
        ),
        "  list                           the rules that new runs get\n"
        "  explain AGENT TOOL [ARGUMENTS] which rule decides about a call, given as JSON\n"
        "  test FILE                      what the policy of a file would have done in past runs\n"
        "  show RUN                       the policy of a run, and those before it\n"
        "  switch RUN FILE                let another policy hold for a run (none: no rule)\n"
        "  remembered [SESSION]           approvals that also allow later calls\n"
        "  revoke ID                      revoke one of them\n",
        (
            ('harness policy explain writer write_file \'{"path": "docs/a.md"}\'', ""),
            ("harness policy test policy.toml --agent writer", "before you use it"),
            ("harness policy switch RUN none", ""),
        ),
        group="Steer",
        works="anywhere",
    ),
)
