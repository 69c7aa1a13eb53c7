"""The table of the commands `care …`."""

from __future__ import annotations

from harness.cli.care.demo_table import DEMO_COMMANDS
from harness.cli.care.ticket_table import TICKET_COMMANDS
from harness.cli.spec import JSON, Command, action, arg, flag

CARE_COMMANDS: tuple[Command, ...] = (
    Command(
        "care query",
        "Query metrics (PromQL) or logs (LogQL), with plots and figures.",
        "harness.cli.care.query:run_query",
        (
            arg("query", metavar="QUERY", help="The query."),
            flag("--logs", help="A LogQL query, answered by Loki."),
            arg(
                "--since",
                metavar="TIME",
                help="How far back, such as 30m, 6h or 2d.",
            ),
            arg("--limit", metavar="N", type=int, help="Most curves (5) or lines (100)."),
            arg(
                "--subject",
                metavar="SUBJECT",
                help="With --since: mark what happened to it, such as deploys and tickets.",
            ),
            arg(
                "--compare",
                metavar="TIME",
                help="With --since: compare before and after the moment this long ago.",
            ),
            arg(
                "--related",
                metavar="QUERY",
                help="With --since: which of these curves moved like the first one.",
            ),
            JSON,
        ),
        "Without --since: the values now, or the logs of an hour.\n"
        "Curves that changed most suddenly come first, with the moments at which they changed.\n"
        "[care.metrics] and [care.logs] in harness.toml say where Prometheus and Loki are.",
        (
            ("harness care query up", "the values now"),
            ("harness care query 'rate(http_requests_total[1m])' --since 1h", "curves"),
            ("harness care query 'rate(http_errors_total[1m])' --since 1h --subject api", ""),
            ("""harness care query '{service="api"} |= "error"' --logs""", ""),
        ),
        group="Care",
        works="anywhere",
    ),
    Command(
        "care metrics",
        "Find metrics by words of their names or descriptions.",
        "harness.cli.care.metrics:show_metrics",
        (
            arg("words", metavar="WORD", nargs="*", help="All of these words must occur."),
            arg("--subject", metavar="SUBJECT", help="Only the metrics of this subject."),
            arg("--limit", metavar="N", type=int, default=50, help="Most metrics (50)."),
            JSON,
        ),
        "If three or fewer are found, their labels are shown too.",
        (
            ("harness care metrics request seconds", ""),
            ("harness care metrics --subject api", "all of its metrics"),
        ),
        group="Care",
        works="anywhere",
    ),
    Command(
        "care status",
        "Show all subjects, and the invariants that do not hold.",
        "harness.cli.care.invariant:show_status",
        (JSON,),
        "Exits with 1 if an invariant does not hold or cannot be evaluated, or if evaluations are\n"
        "overdue, since no worker runs for example.",
        (("harness care status", ""),),
        group="Care",
        works="anywhere",
    ),
    Command(
        "care subject",
        "Add services, and check that they can be cared for.",
        "harness.cli.care.subject:run_subject",
        (
            action("list", "add", "show", "check", "remove"),
            arg("subject", metavar="NAME|FOLDER", nargs="?", help="The subject; add: its folder."),
            JSON,
        ),
        "  list            all subjects, with the states of their invariants\n"
        "  add FOLDER      read the folder's subject.toml; again after each change of it\n"
        "  show NAME       its definition as it was added\n"
        "  check NAME      its health, tests, metrics and logs; exit code 1 if something is wrong\n"
        "  remove NAME     with its invariants; the folder stays\n\n"
        "Only the definition that was added counts: an agent that edits the file changes nothing.",
        (
            ("harness care subject add services/api", ""),
            ("harness care subject check api", ""),
        ),
        group="Care",
    ),
    Command(
        "care invariant",
        "List, add, import and remove invariants.",
        "harness.cli.care.invariant:run_invariant",
        (
            action("list", "add", "import", "remove"),
            arg("words", metavar="WORD", nargs="*", help="What the action needs, see above."),
            arg("--source", choices=("metrics", "logs"), help="add: PromQL (default) or LogQL."),
            arg("--severity", choices=("info", "warning", "critical"), help="add."),
            arg(
                "--for",
                dest="for_seconds",
                metavar="TIME",
                help="add: how long it must be violated before it counts as broken (0s).",
            ),
            arg(
                "--keep",
                dest="keep_seconds",
                metavar="TIME",
                help="add: how long a broken one must be fulfilled before it holds again (0s).",
            ),
            arg(
                "--window",
                dest="window_seconds",
                metavar="TIME",
                help="add: how long it must hold after a change, such as 30s or 5m (60s).",
            ),
            arg(
                "--recover",
                metavar="VALUE",
                type=float,
                help="add: the threshold for holding again, so that it does not flap.",
            ),
            arg(
                "--no-data",
                choices=("unknown", "broken", "holds"),
                help="add: what it is if the query returns nothing (unknown).",
            ),
            arg("--summary", metavar="TEXT", help="add: what it means for users of the service."),
            arg("--subject", metavar="SUBJECT", help="import: the subject that gets them."),
            flag("--dry-run", help="import: only say what would be done."),
            JSON,
        ),
        "  list [SUBJECT]                               with states and last values\n"
        "  add SUBJECT NAME QUERY OPERATOR THRESHOLD    every value must be OPERATOR THRESHOLD\n"
        "  import FILE --subject SUBJECT                alert rules of Prometheus (YAML)\n"
        "  remove SUBJECT NAME                          one that was added with this command\n\n"
        "Those in a subject.toml are added with the subject. The query is run once when an\n"
        "invariant is added, so that a mistake in it is found at once.",
        (
            ("harness care invariant list api", ""),
            ("harness care invariant add api errors 'rate(http_errors_total[5m])' '<' 0.01", ""),
            ("harness care invariant import rules.yml --subject api --dry-run", ""),
        ),
        group="Care",
        works="anywhere",
    ),
    Command(
        "care slo",
        "List SLOs, with what is left of their error budgets.",
        "harness.cli.care.slo:run_slo",
        (
            action("list", "show"),
            arg("words", metavar="WORD", nargs="*", help="What the action needs, see above."),
            JSON,
        ),
        "  list [SUBJECT]         with what is left of their error budgets\n"
        "  show SUBJECT NAME      with the rates at which the budget is used up\n\n"
        "SLOs are defined in subject.toml. A budget is unknown if there is no data.",
        (("harness care slo list api", ""), ("harness care slo show api answered", "")),
        group="Care",
        works="anywhere",
    ),
    Command(
        "care silence",
        "Let invariants open no tickets for a time.",
        "harness.cli.care.silence:run_silence",
        (
            arg("subject", metavar="SUBJECT", nargs="?", help="Without it, silences are listed."),
            arg(
                "invariant",
                metavar="INVARIANT",
                nargs="?",
                help="Default: all of the subject's invariants.",
            ),
            arg("--for", dest="duration", metavar="TIME", help="Such as 30m (1h)."),
            arg("--reason", metavar="TEXT", help="Why; shown to others."),
            arg("--end", metavar="ID", help="End this silence now."),
            JSON,
        ),
        "They are still evaluated, and `harness care status` shows them.",
        (
            ("harness care silence api --for 2h --reason 'the database moves'", ""),
            ("harness care silence --end 1f2e3d4c5b6a", ""),
        ),
        group="Care",
        works="anywhere",
    ),
    *TICKET_COMMANDS,
    *DEMO_COMMANDS,
)
