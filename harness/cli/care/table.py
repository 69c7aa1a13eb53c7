"""The table of the commands `care …`."""

from __future__ import annotations

from typing import get_args

from harness.care.audit.views import Action
from harness.care.contracts import TRANSITIONS, Priority
from harness.cli.spec import JSON, MODEL, Command, arg, flag

GROUP = "Care"
PRIORITIES: tuple[str, ...] = get_args(Priority)
ACTIONS: tuple[str, ...] = get_args(Action)
SINCE = arg("--since", metavar="TIME", help="Only the last 30m, 6h or 2d.")

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
                help="With --since: compare before and after this long ago.",
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
        group=GROUP,
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
        group=GROUP,
        works="anywhere",
    ),
    Command(
        "care status",
        "Show all subjects, and the invariants that do not hold.",
        "harness.cli.care.invariant:show_status",
        (JSON,),
        "Exits with 1 if an invariant does not hold, or cannot be evaluated.",
        (("harness care status", ""),),
        group=GROUP,
        works="anywhere",
    ),
    Command(
        "care subject",
        "Add services, and check that they can be cared for.",
        "harness.cli.care.subject:run_subject",
        (
            arg(
                "action",
                metavar="ACTION",
                nargs="?",
                choices=("list", "add", "show", "check", "remove"),
                default="list",
                help="One of the actions above (default: list).",
            ),
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
        group=GROUP,
    ),
    Command(
        "care invariant",
        "List, add, import and remove invariants.",
        "harness.cli.care.invariant:run_invariant",
        (
            arg(
                "action",
                metavar="ACTION",
                nargs="?",
                choices=("list", "add", "import", "remove"),
                default="list",
                help="One of the actions above (default: list).",
            ),
            arg("words", metavar="WORD", nargs="*", help="What the action needs, see above."),
            arg("--source", choices=("metrics", "logs"), help="add: PromQL (default) or LogQL."),
            arg("--severity", choices=("info", "warning", "critical"), help="add."),
            arg(
                "--for",
                dest="for_seconds",
                metavar="SECONDS",
                type=float,
                help="add: how long it must be violated before it counts as broken (0).",
            ),
            arg(
                "--keep",
                dest="keep_seconds",
                metavar="SECONDS",
                type=float,
                help="add: how long a broken one must be fulfilled before it holds again (0).",
            ),
            arg(
                "--window",
                dest="window_seconds",
                metavar="SECONDS",
                type=float,
                help="add: how long it must hold after a change (60).",
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
        "  add NAME SUBJECT QUERY THRESHOLD OPERATOR    every value must be OPERATOR THRESHOLD\n"
        "  import FILE --subject SUBJECT                alert rules of Prometheus (YAML)\n"
        "  remove SUBJECT NAME                          one that was added with this command\n\n"
        "Those in a subject.toml are added with the subject. The query is asked once when an\n"
        "invariant is added, so that a mistake in it is found at once.",
        (
            ("harness care invariant list api", ""),
            ("harness care invariant add errors api 'rate(http_errors_total[5m])' 0.01 '<'", ""),
            ("harness care invariant import rules.yml --subject api --dry-run", ""),
        ),
        group=GROUP,
        works="anywhere",
    ),
    Command(
        "care slo",
        "List SLOs, with what is left of their error budgets.",
        "harness.cli.care.slo:run_slo",
        (
            arg(
                "action",
                metavar="ACTION",
                nargs="?",
                choices=("list", "show"),
                default="list",
                help="One of the actions above (default: list).",
            ),
            arg("words", metavar="WORD", nargs="*", help="What the action needs, see above."),
            JSON,
        ),
        "  list [SUBJECT]         with what is left of their error budgets\n"
        "  show SUBJECT NAME      with the rates at which the budget is used up\n\n"
        "SLOs are defined in subject.toml. A budget is unknown if there is no data.",
        (("harness care slo list api", ""), ("harness care slo show api answered", "")),
        group=GROUP,
        works="anywhere",
    ),
    Command(
        "care silence",
        "Let invariants open no tickets for a time.",
        "harness.cli.care.silence:run_silence",
        (
            arg("subject", metavar="SUBJECT", nargs="?", help="Without it, silences are listed."),
            arg("invariant", metavar="INVARIANT", nargs="?", help="Without it, all of it."),
            arg("--for", dest="duration", metavar="TIME", default="1h", help="Such as 30m (1h)."),
            arg("--reason", metavar="TEXT", help="Why; shown to others."),
            arg("--end", metavar="ID", help="End this silence now."),
            JSON,
        ),
        "They are still evaluated, and `harness care status` shows them.",
        (
            ("harness care silence api --for 2h --reason 'the database moves'", ""),
            ("harness care silence --end 1f2e3d4c5b6a", ""),
        ),
        group=GROUP,
        works="anywhere",
    ),
    Command(
        "care ticket",
        "List and show tickets, open one, and let an agent work on it.",
        "harness.cli.care.ticket:run_ticket",
        (
            arg(
                "action",
                metavar="ACTION",
                nargs="?",
                choices=(
                    "list",
                    "show",
                    "open",
                    "work",
                    "resolve",
                    "close",
                    "comment",
                    "pin",
                    "priority",
                    "assign",
                    "link",
                    "unlink",
                    "undo",
                ),
                default="list",
                help="One of the actions above (default: list).",
            ),
            arg("words", metavar="WORD", nargs="*", help="What the action needs, see above."),
            flag("--all", help="list: those that are resolved or closed too."),
            arg("--state", choices=tuple(TRANSITIONS), help="list: only those in this state."),
            arg("--assignee", metavar="WHO", help="list: only those of this person, or of nobody."),
            arg("--priority", choices=PRIORITIES, help="list: only those with this priority."),
            arg("--limit", metavar="N", type=int, help="list: most tickets (50)."),
            flag("--work", help="open: an agent starts to work on it at once."),
            arg("--why", metavar="TEXT", help="resolve, close: the reason; pin: what it shows."),
            flag("--logs", help="pin: a LogQL query, answered by Loki."),
            arg("--since", metavar="TIME", help="pin: how far back, such as 30m or 6h."),
            JSON,
        ),
        "  list [SUBJECT]         open tickets, the last changed first\n"
        "  show ID                what happened, hypotheses, changes, and how to go on\n"
        "  open SUBJECT TITLE     open one by hand\n"
        "  work ID                let an agent look for the cause and propose a repair\n"
        "  resolve ID             it is solved\n"
        "  close ID               nothing more is to be done; an agent at work is stopped\n"
        "  undo ID                undo what the last run has changed\n"
        "  comment ID TEXT        agents read comments too\n"
        "  pin ID QUERY           ask a query now, and keep it with its result\n"
        "  priority ID PRIORITY   low, normal, high or urgent\n"
        "  assign ID WHO          who takes care of it, or nobody\n"
        "  link ID TICKET         name a related ticket; unlink: it is not related\n\n"
        "A broken invariant opens one ticket, however often it is reported.",
        (
            ("harness care ticket", ""),
            ("harness care ticket work 4f1c09ab52e0d371", ""),
        ),
        group=GROUP,
        works="anywhere",
    ),
    Command(
        "care audit",
        "Show what people and agents did, and verify it against sealed histories.",
        "harness.cli.care.audit:show_audit",
        (
            arg("--subject", metavar="SUBJECT", help="Only of this subject."),
            arg("--ticket", metavar="ID", help="Only of this ticket."),
            arg("--by", metavar="WHO", help="Only what they did or approved."),
            arg("--action", choices=ACTIONS, help="Only such actions."),
            SINCE,
            arg("--limit", metavar="N", type=int, help="Most entries (50; --export: all)."),
            flag(
                "--verify", help="Compare each entry with its history, and look for removed ones."
            ),
            arg("--export", metavar="FILE", help="Write all to FILE: CSV if it ends so, or JSON."),
            flag("--csv", help="Print CSV."),
            JSON,
        ),
        "Each entry comes from a history: of the ticket, of the agent's run, or of the act of a\n"
        "person. With --verify each is compared with it, and with its seal; exit code 1 if one\n"
        "was changed, added or removed outside of harness. --verify without filters looks for\n"
        "subjects, invariants, silences and notes without a record too. Needs the role admin.",
        (
            ("harness care audit --subject api --since 7d", ""),
            ("harness care audit --verify", "whether anything was changed"),
            ("harness care audit --verify --export audit.csv", ""),
        ),
        group=GROUP,
        works="anywhere",
    ),
    Command(
        "care agent",
        "Serve the agent that works on tickets, or talk with it about a subject.",
        "harness.cli.care.agent:serve_agent",
        (
            arg("--ticket", metavar="ID", help="Work on this ticket, and print what happens."),
            arg("--subject", metavar="NAME", help="Talk about this subject, one line a prompt."),
            arg(
                "--continue",
                action="store_true",
                help="With --subject: go on with the last conversation about it.",
            ),
            MODEL._replace(help="Its model instead of that of the settings."),
            JSON,
        ),
        "Run it where the folders of the subjects are. With --ticket it ends when the ticket is\n"
        "resolved, closed, or needs a person. With --subject it is a chat, whose changes are\n"
        "watched and undone like those of tickets. Otherwise it serves until Ctrl-C.",
        (
            ("harness care agent", ""),
            ("harness care agent --subject ratelimiter", ""),
            ("harness care agent --ticket 4f1c09ab52e0d371", ""),
        ),
        group=GROUP,
    ),
    Command(
        "care demo",
        "Run two services under care on this machine, with traffic, metrics and an agent.",
        "harness.cli.care.demo:run_demo",
        (
            arg(
                "folder",
                metavar="FOLDER",
                nargs="?",
                default="care-demo",
                help="Where it is made (default: care-demo).",
            ),
            arg(
                "--rps",
                metavar="N",
                type=float,
                default=20.0,
                help="Requests, and jobs, a second (20).",
            ),
            arg("--port", metavar="PORT", type=int, help="Of the page; 0 chooses a free one."),
            MODEL._replace(help="Model of the agent (default: care/rules, offline)."),
            JSON,
        ),
        "Makes a project in FOLDER: a rate limiter and a queue worker in git repositories,\n"
        "Prometheus, traffic, the page, and a worker with an agent. Nothing runs in containers.\n"
        "Without a key, the agent follows rules; it reads the metrics and changes of the services.",
        (("harness care demo", ""), ("harness care demo --model openai/gpt-5", "")),
        group=GROUP,
        works="here",
    ),
    Command(
        "care break",
        "Break a service of the demo.",
        "harness.cli.care.demo:break_subject",
        (
            arg("fault", metavar="FAULT", nargs="?", help="Without it, all are listed."),
            flag("--end", help="End a fault that is not of the code, such as a slow store."),
            JSON,
        ),
        "Run it in the demo's folder. Most faults are commits of a colleague that get deployed;\n"
        "others happen to the process or to what it depends on. The list says what each breaks,\n"
        "and who repairs it: the agent without a model, or a person.",
        (
            ("harness care break bad-deploy", ""),
            ("harness care break slow-store --end", ""),
        ),
        group=GROUP,
        works="here",
    ),
    Command(
        "care traffic",
        "Send requests to the rate limiter of the demo.",
        "harness.cli.care.demo:send_traffic",
        (
            arg("--rps", metavar="N", type=float, default=20.0, help="Requests a second (20)."),
            arg("--duration", metavar="SECONDS", type=float, help="Without it, until Ctrl-C."),
            arg(
                "--burst",
                metavar="N",
                type=float,
                default=1.0,
                help="Every 20 s, for 2 s, N times as many (1: no bursts).",
            ),
            arg("--url", metavar="URL", help="Of the service (default: that of the demo here)."),
            JSON,
        ),
        "The demo sends 20 requests a second of its own; these come on top. Counts the answers\n"
        "by status: 200 allowed, 429 rejected.",
        (("harness care traffic --rps 20 --duration 60 --burst 2.0", ""),),
        group=GROUP,
        works="here",
    ),
    Command(
        "care runbook",
        "Show the runbook that an agent proposes after a repair, or accept it.",
        "harness.cli.care.runbook:show_runbook",
        (
            arg("ticket", metavar="TICKET", help="A ticket that is resolved or closed."),
            flag("--save", help="Commit it on a branch of the subject's repository."),
            JSON,
        ),
        "--save leaves the files of the subject as they are: merge the branch to accept it.",
        (
            ("harness care runbook 4f1c09ab52e0d371", ""),
            ("harness care runbook 4f1c09ab52e0d371 --save", ""),
        ),
        group=GROUP,
    ),
)
